"""The tests: contract suites over embedded and real adapters, properties, crashes, whole runs."""
