"""Where settings come from: environment over the TOML file over defaults, and systemd's credentials for secrets.

Plain dictionaries go in and come out; `config.settings` gives them their types. (pydantic-settings would do a part of this,
for 0.25 s of imports in every poll; it reads the process's environment only, and lowers the case of table keys.)
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "GESTION_"
NESTING = "__"
NOT_SETTINGS = frozenset({"GESTION_CONFIG", "GESTION_REQUIRE_SERVERS", "GESTION_TEST_PROCESSES", "GESTION_EVERY_KILL"})
"""Variables of the command line (which settings file) and of the test suite."""

_CASED_TABLES = frozenset({("cloud", "seats")})
"""Tables whose keys are not ours, so their case is kept: licence codes."""

_CREDENTIALS = (
    # section, key, the kind of section that has it (None: any), name of systemd's credential
    ("form", "key_file", "google", "google-key"),
    ("store", "password_file", None, "store-password"),
    ("directory", "password_file", "active_directory", "directory-password"),
    ("mail", "password_file", "smtp", "mail-password"),
    ("microsoft", "certificate_file", None, "microsoft-certificate"),
    ("bounces", "password_file", "imap", "bounces-password"),
    ("desk", "token_file", "rt", "desk-token"),
    ("desk", "app_token_file", "glpi", "desk-app-token"),
    ("desk", "user_token_file", "glpi", "desk-token"),
    ("desk", "client_secret_file", "glpi11", "desk-client-secret"),
    ("desk", "password_file", "glpi11", "desk-password"),
)

_SHARED_GOOGLE_KEYS = ("key_file", "subject", "token_uri")
_SHARES_GOOGLE = (("board", "google"), ("matrix", "sheet"))


@dataclass(slots=True)
class Gathered:
    """Values of all sources in one nested table, and where some of them came from."""

    values: dict[str, object]
    origins: dict[str, str] = field(default_factory=dict)
    """Dotted key → the environment variable that gave it."""
    shared: set[str] = field(default_factory=set)
    """Dotted keys copied from another section: a problem of theirs is said there."""
    problems: list[str] = field(default_factory=list)

    def explain(self, problem: str) -> str | None:
        """A problem with its environment variable, if it came from one; None when another key already says it."""
        key = problem.split(":", 1)[0]
        if key in self.shared:
            return None
        origin = self.origins.get(key)
        return f"{problem} [variable de entorno {origin}]" if origin else problem


def gather(file_values: Mapping[str, object], environ: Mapping[str, str]) -> Gathered:
    """Put the sources together. Nothing is checked here but what only the environment can get wrong."""
    gathered = Gathered(_copied(file_values))
    gathered.problems.extend(f"{key}: no admite true ni false" for key in _flags(file_values))
    for variable in sorted(environ):
        if variable.upper().startswith(PREFIX) and variable.upper() not in NOT_SETTINGS:
            _overlay(gathered, variable, environ[variable])
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if directory:
        _fill_credentials(gathered.values, Path(directory))
    _share_google_access(gathered)
    return gathered


def _overlay(gathered: Gathered, variable: str, value: str) -> None:
    parts = variable[len(PREFIX) :].split(NESTING)
    if not all(parts):
        gathered.problems.append(f"{variable}: no es una variable de la configuración; se escriben como {PREFIX}MAIL__HOST")
        return
    path: list[str] = []
    for part in parts:
        path.append(part if tuple(path) in _CASED_TABLES else part.lower())
    table = gathered.values
    for depth, part in enumerate(path[:-1]):
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            gathered.problems.append(f"{variable}: {'.'.join(path[: depth + 1])} no es una sección")
            return
        table = inner
    table[path[-1]] = value
    gathered.origins[".".join(path)] = variable


def _fill_credentials(values: dict[str, object], directory: Path) -> None:
    for section, key, kind, name in _CREDENTIALS:
        table = values.get(section)
        credential = directory / name
        if isinstance(table, dict) and key not in table and kind in {None, table.get("kind")} and credential.is_file():
            table[key] = str(credential)


def _share_google_access(gathered: Gathered) -> None:
    """The sheet and the matrix are read with the form's service account unless they name their own."""
    form = gathered.values.get("form")
    if not isinstance(form, dict) or form.get("kind") != "google":
        return
    for section, kind in _SHARES_GOOGLE:
        table = gathered.values.get(section)
        if isinstance(table, dict) and table.get("kind") == kind and "key_file" not in table:
            for key in _SHARED_GOOGLE_KEYS:
                if key in form and key not in table:
                    table[key] = form[key]
                    gathered.shared.add(f"{section}.{key}")
            gathered.shared.add(f"{section}.key_file")


def _flags(values: Mapping[str, object], above: str = "") -> Iterator[str]:
    # No setting is a flag, and pydantic would read `port = true` as 1.
    for key, value in values.items():
        if isinstance(value, bool):
            yield above + key
        elif isinstance(value, dict):
            yield from _flags(value, f"{above}{key}.")


def _copied(values: Mapping[str, object]) -> dict[str, object]:
    return {key: deepcopy(value) for key, value in values.items()}
