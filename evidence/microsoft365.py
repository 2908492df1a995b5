"""Datasets of microsoft365."""
