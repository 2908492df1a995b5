"""Conditional access."""
