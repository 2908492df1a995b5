"""Datasets of mail_reporting."""
