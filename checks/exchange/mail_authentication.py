"""Mail authentication."""
