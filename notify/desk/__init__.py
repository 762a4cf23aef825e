"""The service desk's ticket: one port and its adapters."""
