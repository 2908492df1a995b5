"""Datasets of intune."""
