"""Datasets of conditional_access."""
