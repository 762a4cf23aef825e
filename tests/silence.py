"""A log that keeps nothing, for tests that look elsewhere."""

from io import StringIO

from config.log import Logger, configure
from config.settings import Log


def silent_log() -> Logger:
    """The program's own logger, over a text that nobody reads."""
    return configure(Log(), StringIO())
