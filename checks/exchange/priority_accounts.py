"""Priority accounts."""
