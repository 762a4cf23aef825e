"""What Active Directory demands of an account, checked before it is asked: some domain controllers let it pass.

Sources: Microsoft's attribute schema (rangeUpper), "SAM-Account-Name", and "Password must meet complexity requirements".
Pure: shared by the adapter and the embedded directory, so that both refuse the same things in the same words.
"""

import re
import unicodedata
from typing import Protocol

from config.errors import Rejected, Target
from provision.directory.port import AccountChanges, NewAccount, Password

LOGIN_LENGTH = 20
COMMON_NAME_LENGTH = 64
LONGEST_PASSWORD = 127
"""Windows' own logon screen accepts no more."""
_FORBIDDEN_IN_LOGIN = frozenset('"/\\[]:;|=,+*?<>@ ')
_LENGTHS: tuple[tuple[str, str, int], ...] = (
    ("given_name", "los nombres", 64),
    ("surname", "los apellidos", 64),
    ("display_name", "el nombre para mostrar", 256),
    ("mail", "el correo institucional", 256),
    ("user_principal_name", "el nombre principal (UPN)", 256),
    ("employee_id", "el número de documento", 16),
    ("title", "el cargo", 128),
    ("department", "la dependencia", 64),
    ("company", "la entidad", 64),
    ("mobile", "el celular", 64),
    ("case", "el número de caso", 64),
)
_ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+")
_NAME_SEPARATORS = re.compile(r"[,.\-_ #\t\s]+")


def folded(name: str) -> str:
    """The name as Active Directory compares it: without case and without diacritics (`Peña` and `pena` are one name)."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


class Named(Protocol):
    """Whoever has a login and a name that is shown: a new account, or one that is there."""

    @property
    def login(self) -> str:
        """sAMAccountName."""
        ...

    @property
    def display_name(self) -> str:
        """displayName."""
        ...


def common_name(account: Named, *, qualified: bool = False) -> str:
    """The account's name inside its OU, at most 64 characters; `qualified` adds the login, for namesakes in one OU."""
    shown = " ".join(account.display_name.split())
    if not qualified:
        return shown[:COMMON_NAME_LENGTH].rstrip()
    suffix = f" ({account.login})"
    return shown[: COMMON_NAME_LENGTH - len(suffix)].rstrip() + suffix


def refuse_malformed(account: NewAccount) -> None:
    """Raise Rejected, naming everything that is wrong, for an account that Active Directory would not accept or would mangle.

    Raises ValueError when `expires_at` is not an aware instant: that is a mistake of the program, not of a request.
    """
    if account.expires_at is not None and account.expires_at.tzinfo is None:
        raise ValueError("expires_at must be an aware datetime")
    problems = [*_login_problems(account.login), *_text_problems(account)]
    if not account.display_name.strip():
        problems.append("el nombre para mostrar está vacío")
    if not account.case.strip():
        problems.append("falta el número de caso")
    addresses = (("el correo institucional", account.mail), ("el nombre principal (UPN)", account.user_principal_name))
    for label, address in addresses:
        if not _ADDRESS.fullmatch(address):
            problems.append(f"{label} no es una dirección válida")
        elif address.rpartition("@")[0].casefold() != account.login.casefold():
            problems.append(f"{label} no comienza con el nombre de usuario")
    if not account.ou.strip():
        problems.append("la unidad organizativa está vacía")
    if problems:
        raise Rejected(
            Target.DIRECTORY,
            f"La cuenta {account.login[:40]!a} no se puede crear: {'; '.join(problems)}.",
            remedy="Corrija los datos de la solicitud o la política de la institución y reintente.",
        )


def _login_problems(login: str) -> list[str]:
    problems = []
    if not login:
        problems.append("el nombre de usuario está vacío")
    if len(login) > LOGIN_LENGTH:
        problems.append(f"el nombre de usuario tiene {len(login)} caracteres y el máximo es {LOGIN_LENGTH}")
    if not login.isascii() or not login.isprintable():
        problems.append("el nombre de usuario solo puede llevar letras sin tilde, números, punto y guion")
    if any(character in _FORBIDDEN_IN_LOGIN for character in login):
        problems.append("el nombre de usuario lleva un espacio o un signo que el Directorio Activo no admite")
    if login.endswith(".") or login.startswith("."):
        problems.append("el nombre de usuario no puede comenzar ni terminar en punto")
    return problems


def refuse_malformed_changes(changes: AccountChanges, login: str) -> None:
    """Raise Rejected, naming everything that is wrong, for changes that Active Directory would not accept or would mangle.

    Raises ValueError for an expiry that is not aware, or that is given together with `never_expires`: mistakes of the program.
    """
    if changes.expires_at is not None and (changes.expires_at.tzinfo is None or changes.never_expires):
        raise ValueError("expires_at must be an aware datetime, and not be given with never_expires")
    problems = _text_problems(changes)
    if changes.display_name is not None and not changes.display_name.strip():
        problems.append("el nombre para mostrar está vacío")
    if changes.ou is not None and not changes.ou.strip():
        problems.append("la unidad organizativa está vacía")
    if changes.add_alias is not None and (len(changes.add_alias) > 256 or not _ADDRESS.fullmatch(changes.add_alias)):
        problems.append("el alias no es una dirección válida")
    if problems:
        raise Rejected(
            Target.DIRECTORY,
            f"La cuenta {login[:40]!a} no se puede modificar así: {'; '.join(problems)}.",
            remedy="Corrija los datos de la solicitud o la política de la institución y reintente.",
        )


def _text_problems(account: NewAccount | AccountChanges) -> list[str]:
    problems = []
    for attribute, label, longest in _LENGTHS:
        text: str = getattr(account, attribute, None) or ""
        if len(text) > longest:
            problems.append(f"{label} tiene {len(text)} caracteres y el máximo es {longest}")
        if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
            problems.append(f"{label} contiene saltos de línea u otros caracteres que no se ven")
    return problems


def refuse_weak(password: Password, login: str, display_name: str) -> None:
    """Raise Rejected for a password without three kinds of characters, or that contains the login or part of the name.

    Active Directory looks at the login (3 characters or more, whole) and at each part of the display name of 3 or more.
    """
    text = password.reveal
    kinds = (str.isupper, str.islower, str.isdigit, lambda character: not character.isalnum())
    if sum(any(kind(character) for character in text) for kind in kinds) < 3:
        raise _weak("no combina mayúsculas, minúsculas, números y signos")
    if len(text) > LONGEST_PASSWORD:
        raise _weak(f"tiene más de {LONGEST_PASSWORD} caracteres")
    forbidden = [login, *_NAME_SEPARATORS.split(display_name)]
    if any(len(part) >= 3 and part.casefold() in text.casefold() for part in forbidden):
        raise _weak("contiene el nombre de usuario o parte del nombre de la persona")


def _weak(reason: str) -> Rejected:
    return Rejected(
        Target.DIRECTORY,
        f"La contraseña generada {reason}: el Directorio Activo no la aceptaría.",
        remedy="Reintente: se genera otra.",
    )
