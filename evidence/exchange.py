"""Datasets of exchange."""
