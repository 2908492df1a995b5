"""Defender."""
