"""Whole runs on the embedded adapters: what people see of the program."""
