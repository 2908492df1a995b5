"""External access."""
