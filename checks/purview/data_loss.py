"""Data loss."""
