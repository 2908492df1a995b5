"""Client access."""
