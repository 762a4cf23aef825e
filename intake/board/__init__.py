"""Where requests are shown: one port, the Google Sheet and an .xlsx."""
