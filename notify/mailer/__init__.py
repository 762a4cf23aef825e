"""Sending mail: one port and its adapters."""
