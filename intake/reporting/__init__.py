"""The month's report: figures counted from the journal, a page and tables of them, and the lists that heads review."""
