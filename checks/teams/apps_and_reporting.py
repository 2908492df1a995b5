"""Apps and reporting."""
