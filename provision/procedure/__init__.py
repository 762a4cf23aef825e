"""The procedure: pure functions and values; no clock, no network, no database."""
