"""Directory settings."""
