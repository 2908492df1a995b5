"""Privileged identity."""
