"""Mails that came back: one port, the parser of delivery reports, and where they are read."""
