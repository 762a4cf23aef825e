"""Questions with sensible defaults; every answer can also be given as an option, and then nothing is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from config.errors import CannotRun
from intake.output import Output

Check = Callable[[str], str]
"""The answer as it is used; raises ValueError with what is wrong with it, in Spanish."""


def anything(text: str) -> str:
    """Takes whatever is typed, without the space around it."""
    return text.strip()


def needed(text: str) -> str:
    """Takes anything but nothing."""
    if not text.strip():
        raise ValueError("hace falta una respuesta")
    return text.strip()


@dataclass(slots=True)
class Interview:
    """Asks on the standard error, reads a line, and asks again when the answer is of no use.

    `given`: answers by option, without its dashes; `read` is None where nobody can answer, and then defaults are taken.
    """

    output: Output
    given: Mapping[str, str]
    read: Callable[[], str] | None = None

    def ask(self, option: str, question: str, default: str | None, check: Check = anything) -> str:
        """One answer. Raises CannotRun for a given answer that is of no use, or when there is neither answer nor default."""
        given = self.given.get(option, "")
        if given:
            return self._checked(option, given, check)
        if self.read is None:
            if default is None:
                raise CannotRun(f"Falta la opción --{option}: {question}", remedy="Sin terminal no se puede preguntar.")
            return self._checked(option, default, check)
        while True:
            self.output.note(f"{question}{f' [{default}]' if default else ''}:")
            typed = self.read().strip() or (default or "")
            try:
                return check(typed)
            except ValueError as error:
                self.output.warning(f"{error}.")

    def confirm(self, question: str) -> bool:
        """Yes or no; no where nobody can answer."""
        if self.read is None:
            return False
        self.output.note(f"{question} [s/N]:")
        return self.read().strip().lower() in {"s", "si", "sí"}

    @staticmethod
    def _checked(option: str, text: str, check: Check) -> str:
        try:
            return check(text)
        except ValueError as error:
            raise CannotRun(f"--{option}: {error}.", remedy="Corríjalo y repita.") from error
