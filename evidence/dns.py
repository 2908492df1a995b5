"""Datasets of dns."""
