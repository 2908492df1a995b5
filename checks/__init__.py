"""Imports every check module by name, so that CHECKS is whole."""

from checks.exchange import antispam as antispam
