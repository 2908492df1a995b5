"""Datasets of entra."""
