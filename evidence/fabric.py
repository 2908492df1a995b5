"""Datasets of fabric."""
