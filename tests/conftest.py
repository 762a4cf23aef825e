"""Fixtures of the whole suite, and what it says of the tests that it could not run."""

import os
from collections import Counter

import pytest
from _pytest.terminal import TerminalReporter

pytest_plugins = [
    "tests.servers.samba",
    "tests.servers.mail",
    "tests.servers.imap",
    "tests.servers.google.fixtures",
    "tests.servers.postgres",
    "tests.servers.request_tracker",
]


def pytest_configure() -> None:
    """What the program prints must not depend on who runs the tests: readline, once imported, exports the terminal's size."""
    for variable in ("COLUMNS", "LINES"):
        os.environ.pop(variable, None)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say once for each reason how many tests were not run, and how to enable them."""
    skipped: list[pytest.TestReport] = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]) for report in skipped if isinstance(report.longrepr, tuple))
    for reason, number in reasons.most_common():
        terminalreporter.write_line(f"{number} tests {reason.removeprefix('Skipped: ')}", yellow=True)
