"""Datasets of sharepoint."""
