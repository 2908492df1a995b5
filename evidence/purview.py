"""Datasets of purview."""
