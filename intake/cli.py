"""`gestion`: the command line. Exit codes: 0 all well; 1 some request failed; 2 could not run; 130 and 143 interrupted."""

import gc
import gettext
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TextIO

from config import locale
from config.clock import Clock, system_clock
from config.errors import GestionError
from intake.commands.invocation import Invocation
from intake.output import Output, error_document

if TYPE_CHECKING:
    from config.log import Logger

COULD_NOT_RUN = 2
INTERRUPTED = 130
TERMINATED = 143
COLLECT_EVERY = 100_000
"""Objects between two collections: the default, 700, makes hundreds of them while libraries are imported, for nothing, and
takes a tenth of the time of a poll that finds nothing to do (benchmarks/)."""
INTERRUPTED_TEXT = "Interrumpido; nada se perdió: la próxima ejecución continúa."


class Terminated(BaseException):
    """SIGTERM or SIGHUP: unwind, so that connections are closed and copies deleted."""


def command() -> int:
    """As main, in a process that ends with it: Python need not look for garbage among what is left, a tenth of an idle poll."""
    try:
        return main()
    finally:
        gc.freeze()


def main(arguments: Sequence[str] | None = None, *, clock: Clock = system_clock) -> int:
    """Run one command and return its exit code; every failure is one message in Spanish, never a traceback."""
    gc.set_threshold(COLLECT_EVERY)
    sys.stdout, sys.stderr = _usable(sys.stdout), _usable(sys.stderr)
    invocation = Invocation(Output(sys.stdout, sys.stderr), clock)
    try:
        with _unwinding():
            return _answered(sys.argv[1:] if arguments is None else list(arguments), invocation)
    except KeyboardInterrupt:
        invocation.output.note(INTERRUPTED_TEXT)
        return INTERRUPTED
    except Terminated:
        invocation.output.note(INTERRUPTED_TEXT)
        return TERMINATED


def _answered(arguments: list[str], invocation: Invocation) -> int:
    try:
        return _run(arguments, invocation)
    except GestionError as error:
        invocation.output.error(error.message, error.remedy)
        invocation.output.document({"exit_code": COULD_NOT_RUN, "error": error_document(error)})
        return COULD_NOT_RUN
    except Exception as error:  # the last boundary: a defect is said in one sentence and written to the log
        log = _log_of(invocation)
        log.exception("command.defect", error=type(error).__name__)
        return _defect(error, invocation)


def _run(arguments: list[str], invocation: Invocation) -> int:
    speak_spanish()
    from typer import TyperException

    from intake.commands.app import command_names, make_app
    from intake.commands.spanish import usage_problem

    app = make_app()
    try:
        code: object = app(args=arguments, prog_name="gestion", standalone_mode=False, obj=invocation)
    except TyperException as error:
        invocation.output.error(*usage_problem(error, command_names(app)))
        return COULD_NOT_RUN
    except SystemExit as ended:  # what rich does when nobody reads the help any more
        return ended.code if isinstance(ended.code, int) else COULD_NOT_RUN
    if code == INTERRUPTED:  # what Typer makes of Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def speak_spanish() -> None:
    """Have Typer's own words in Spanish, whatever the machine's locale; it must come before Typer is imported."""
    os.environ["LANGUAGE"] = "es"
    gettext.bindtextdomain(locale.DOMAIN, str(locale.FOLDER))
    gettext.textdomain(locale.DOMAIN)


def _log_of(invocation: Invocation) -> "Logger":
    """The log of the settings; the standard error until they are known, or when their file cannot be written."""
    from config.log import configure
    from config.settings import Log

    try:
        return configure(invocation.settings.log if invocation.settings else Log())
    except GestionError:
        return configure(Log())


def _defect(error: Exception, invocation: Invocation) -> int:
    where = invocation.settings.log.file if invocation.settings else None
    message = f"Error interno del programa ({type(error).__name__}); nada se perdió."
    remedy = f"Repórtelo a quien mantiene el programa, con {where or 'lo que acaba de escribirse en la salida de errores'}."
    invocation.output.error(message, remedy)
    invocation.output.document({"exit_code": COULD_NOT_RUN, "error": {"message": message, "remedy": remedy}})
    return COULD_NOT_RUN


@contextmanager
def _unwinding() -> Iterator[None]:
    """Within it, SIGTERM and a closed terminal raise Terminated; a signal that is ignored (nohup) stays ignored."""
    if current_thread() is not main_thread():
        yield
        return
    former = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in former.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _unwind)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def _unwind(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated(number)


def _usable(stream: TextIO | None) -> TextIO:
    """A stream that cannot show a letter shows its code; one that was closed before the program began leads nowhere.

    Its descriptor is taken, too: otherwise the next file that is opened would get it, and the log would be written into it.
    """
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        with suppress(OSError, ValueError):
            stream.reconfigure(errors="backslashreplace")
    return stream


if __name__ == "__main__":
    sys.exit(command())
