"""Mail flow."""
