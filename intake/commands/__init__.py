"""The commands of `gestion`, one module for each thing an operator wants: run, read, ask, examine, explain."""
