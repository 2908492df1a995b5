"""Antiphishing."""
