"""Whole HTTP conversations of scheduled polls, recorded against the tests' own Google (never Google's): see README.md."""
