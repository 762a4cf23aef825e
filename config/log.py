"""The program's log: one event per transition, key and value, as JSON lines or text, after `config.redaction`.

`configure` returns the logger and it is handed on like any other value: there is no global one.
"""

import json
import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Literal, Protocol, Self, TextIO

from config.errors import CannotRun
from config.redaction import Plain, shown, shown_text

_LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_MOST_TRACEBACK_CHARACTERS = 12_000
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str)

_Event = MutableMapping[str, Any]
"""structlog's own type for an event on its way through the processors."""


class Logger(Protocol):
    """Writes events. `event` is a short English phrase; what varies goes into the keys, never into the phrase."""

    def bind(self, **values: object) -> Self:
        """A logger that adds these values to each of its events, e.g. `case`."""
        ...

    def debug(self, event: str, **values: object) -> object:
        """What only a programmer needs."""
        ...

    def info(self, event: str, **values: object) -> object:
        """One transition of a request, one summary of a run."""
        ...

    def warning(self, event: str, **values: object) -> object:
        """Something degraded that the program goes on without."""
        ...

    def error(self, event: str, **values: object) -> object:
        """Something that somebody has to mend."""
        ...

    def exception(self, event: str, **values: object) -> object:
        """As `error`, with the traceback (code lines, never local values) of the exception being handled."""
        ...


class LogSettings(Protocol):
    """The part of the settings that says where events go (`config.settings.Log`)."""

    @property
    def level(self) -> Literal["debug", "info", "warning", "error"]:
        """The least important level that is written."""
        ...

    @property
    def file(self) -> Path | None:
        """Where to append; None: the standard error."""
        ...

    @property
    def format(self) -> Literal["json", "text"]:
        """JSON lines for machines, or text for people."""
        ...


def configure(settings: LogSettings, stream: TextIO | None = None) -> Logger:
    """A logger that writes as the settings say; `stream` replaces the standard error. Raises CannotRun for a closed file.

    The warnings of libraries are written too, redacted; what they log below that, bodies of requests among it, is not.
    Calling it again replaces the former destination of the libraries' warnings.
    """
    import structlog  # 0.25 s to import: only a command that runs something pays for it

    sink = _Sink(settings.file, stream)
    sink.check()
    logger: Logger = structlog.wrap_logger(
        sink,
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%fZ", utc=True, key="time"),
            structlog.processors.format_exc_info,
            redacted,
            _as_json if settings.format == "json" else _as_text,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
        cache_logger_on_first_use=False,
    ).bind()
    _listen_to_libraries(logger)
    return logger


def redacted(_: object, __: str, event: _Event) -> dict[str, Plain]:
    """structlog processor: every value as it may be written; see `config.redaction`."""
    written: dict[str, Plain] = {}
    for key, value in event.items():
        if key == "exception" and isinstance(value, str):
            written[key] = shown_text(value, lines=True, most=_MOST_TRACEBACK_CHARACTERS)
        else:
            written[shown_text(key)] = shown(key, value)
    return written


def _as_json(_: object, __: str, event: _Event) -> str:
    first = {key: event.pop(key) for key in ("time", "level", "event") if key in event}
    return _JSON.encode({**first, **event})


def _as_text(_: object, __: str, event: _Event) -> str:
    moment, level, phrase = event.pop("time", ""), event.pop("level", ""), event.pop("event", "")
    traceback = event.pop("exception", None)
    pairs = " ".join(f"{key}={_pair(value)}" for key, value in event.items())
    line = f"{moment} {level:<7} {phrase}{'  ' if pairs else ''}{pairs}"
    # Indented, so that no line of an exception's message can pass for an event.
    return line if traceback is None else line + "".join(f"\n    {part}" for part in str(traceback).splitlines())


def _pair(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if text and not any(letter in text for letter in ' "=') else json.dumps(text, ensure_ascii=False)


class _Sink:
    """Appends whole lines; the file is opened for each, so that rotating it needs no signal.

    A full disk or a closed terminal never stops the run: what cannot be written to the file goes to the standard error.
    """

    def __init__(self, file: Path | None, stream: TextIO | None) -> None:
        self._file = file
        self._stream = stream

    def check(self) -> None:
        """Raise CannotRun when the file cannot be written."""
        if self._file is None:
            return
        try:
            self._append("")
        except OSError as error:
            raise CannotRun(
                f"No se puede escribir la bitácora en {self._file}.",
                remedy="Revise [log] file: la carpeta debe existir y la cuenta del programa debe poder escribir en ella.",
            ) from error

    def msg(self, line: str) -> None:
        """Write one event."""
        if self._file is not None:
            try:
                self._append(line + "\n")
            except OSError:
                pass
            else:
                return
        stream = self._stream or sys.stderr
        try:
            stream.write(line + "\n")
            stream.flush()
        except (OSError, ValueError):  # closed pipe, closed stream
            return

    debug = info = warning = error = critical = exception = log = msg

    def _append(self, text: str) -> None:
        if self._file is None:
            return
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, text.encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)


class _LibraryWarnings(logging.Handler):
    def __init__(self, logger: Logger) -> None:
        super().__init__(logging.WARNING)
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a library's warning on as an event of ours, without its traceback."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        self._logger.warning("a library warns", library=record.name, text=message[:500])


def _listen_to_libraries(logger: Logger) -> None:
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _LibraryWarnings)]:
        root.removeHandler(handler)
    root.addHandler(_LibraryWarnings(logger))
