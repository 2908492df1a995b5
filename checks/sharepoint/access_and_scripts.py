"""Access and scripts."""
