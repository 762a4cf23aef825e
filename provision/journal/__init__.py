"""The journal: what was received, decided, tried and done; the program's memory, and its only one."""
