"""What a former `gestion init` made, beside the settings file: so that the next one goes on and makes nothing twice.

Google's API cannot be asked for the forms there are: what is about to be made is written down before the call, and its id
after it. A run that died in between leaves the first without the second, and then a person has to look.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.errors import CannotRun, Misconfigured
from intake.paper import write_whole

NAME = "gestion-init.json"
_WHAT = {"form": "un formulario", "matrix": "una hoja de cálculo para la matriz"}
_ANSWERS = "answers"
_OPTION = {"form": "--form-id", "matrix": "--matrix-spreadsheet"}


@dataclass(slots=True)
class Memory:
    """The notes of one installation. `path` is their file; nothing is there before the first note."""

    path: Path

    def known(self, what: str) -> str | None:
        """The id of what was made; None: nothing was. Raises CannotRun when it may have been and its id is not known."""
        noted = self._notes().get(what)
        if noted is None or noted.get("id"):
            return noted.get("id") if noted else None
        raise CannotRun(
            f"Una ejecución anterior se interrumpió mientras creaba {_WHAT.get(what, what)} («{noted.get('title', '')}»).",
            remedy=f"Búsquelo en Google Drive. Si está, repita con {_OPTION.get(what, '')} y su identificador; si no, "
            f"quite de {self.path} solo la parte «{what}» y repita.",
        )

    @contextmanager
    def making(self, what: str, title: str) -> Iterator[None]:
        """Note it before what is done within makes it. Google's refusal takes the note away: nothing was made.

        What leaves it in doubt (no answer, half an answer, the end of this process) leaves the note.
        """
        self._note(what, {"title": title})
        try:
            yield
        except (Misconfigured, CannotRun):
            notes = self._notes()
            notes.pop(what, None)
            self._keep(notes)
            raise

    def made(self, what: str, identifier: str) -> None:
        """Note its id, as soon as it is known. Idempotent."""
        self._note(what, {"id": identifier})

    def identifiers(self) -> dict[str, str]:
        """The ids of what was made, by the option that would give each."""
        notes = self._notes()
        return {
            option.removeprefix("--"): notes[what]["id"] for what, option in _OPTION.items() if notes.get(what, {}).get("id")
        }

    def answers(self) -> dict[str, str]:
        """What was answered the last time, by option."""
        return self._notes().get(_ANSWERS, {})

    def answered(self, answers: dict[str, str]) -> None:
        """Keep the answers for the next time. Idempotent; no secret is among them."""
        self._note(_ANSWERS, answers)

    def _note(self, what: str, values: dict[str, str]) -> None:
        notes = self._notes()
        notes[what] = {**notes.get(what, {}), **values}
        self._keep(notes)

    def _keep(self, notes: dict[str, dict[str, str]]) -> None:
        write_whole(self.path, json.dumps(notes, ensure_ascii=False, indent=2) + "\n")

    def _notes(self) -> dict[str, dict[str, str]]:
        try:
            notes = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise CannotRun(
                f"No se puede leer {self.path}, donde está anotado lo que ya se creó.",
                remedy="Restáurelo o bórrelo; si lo borra, indique con --form-id el formulario que ya existe.",
            ) from error
        return {str(key): dict(value) for key, value in notes.items()}
