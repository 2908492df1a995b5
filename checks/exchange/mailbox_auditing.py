"""Mailbox auditing."""
