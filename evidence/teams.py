"""Datasets of teams."""
