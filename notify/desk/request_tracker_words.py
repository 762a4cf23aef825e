"""The words that this program and a Request Tracker share: states, custom fields, keys, and the marks of what we wrote."""

import hashlib
import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from config.errors import Rejected, Target
from config.redaction import visible_text
from config.vocabulary import CaseNumber
from notify.desk.port import TicketFields, TicketId, TicketStatus

_KEY = re.compile(r"[A-Z]{2,8}-[0-9]{4}-[0-9]{6,12}")
_DUPLICATE = re.compile(r"(?P<case>[A-Z]{2,8}-[0-9]{4}-[0-9]{6,12}) duplicado de (?P<of>[0-9]{1,12})")
_ID = re.compile(r"[0-9]{1,12}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}")

_STATUSES: Mapping[TicketStatus, str] = {
    TicketStatus.NEW: "new",
    TicketStatus.IN_PROGRESS: "open",
    TicketStatus.PENDING: "stalled",
    TicketStatus.CLOSED: "resolved",
}
RESOLVED = _STATUSES[TicketStatus.CLOSED]
DELETED = "deleted"
INACTIVE = frozenset({RESOLVED, "rejected", DELETED})
"""Of RT's own lifecycle: what a person calls finished."""

SOLUTION = "gestion:solucion"
"""The subject of the comment that holds a solution."""
REQUEST = "gestion:solicitud"
"""The subject of the comment that says what was asked."""
NOTE = "gestion:nota:"
"""How the subject of a note begins."""

_LONGEST_SUBJECT = 180
"""RT cuts what is longer than its column of 200 and says nothing."""
_LONGEST_VALUE = 250


def checked_key(case: CaseNumber) -> str:
    """The case number, if nothing in it can mean anything in TicketSQL. Raises Rejected."""
    if _KEY.fullmatch(case):
        return case
    raise Rejected(Target.DESK, "El número de caso no tiene la forma GU-2026-000123.", remedy="Repórtelo: es del programa.")


def checked_id(id: TicketId) -> str:
    """The ticket's number as a path segment. Raises Rejected."""
    if _ID.fullmatch(id) and int(id):
        return str(int(id))
    raise unknown_ticket(id)


def unknown_ticket(id: str) -> Rejected:
    """There is no such ticket for us."""
    problem = f"El ticket {visible_text(id[:40])} no existe en Request Tracker, o se eliminó."
    return Rejected(Target.DESK, problem, remedy="Búsquelo en RT; si se eliminó por error, restáurelo.")


def is_key(text: str) -> bool:
    """Whether a custom field holds a case number and nothing else."""
    return _KEY.fullmatch(text) is not None


def duplicate_key(case: str, of: int) -> str:
    """What the key field of a duplicate says: no search for the case finds it any more, and people read why."""
    return f"{case} duplicado de {of}"


def original_of(key: str) -> str | None:
    """The id of the ticket whose duplicate this one is; None: it is none."""
    found = _DUPLICATE.fullmatch(key)
    return found["of"] if found else None


def status_named(status: TicketStatus) -> str:
    """RT's name of a state."""
    return _STATUSES[status]


def status_of(name: str) -> TicketStatus:
    """The state that RT's name stands for; one of an institution's own lifecycle is work that goes on."""
    if name in INACTIVE:
        return TicketStatus.CLOSED
    return next((status for status, known in _STATUSES.items() if known == name), TicketStatus.IN_PROGRESS)


def note_mark(key: str) -> str:
    """The subject by which a note is found again, whatever its key holds."""
    return f"{NOTE}{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:32]}"


def subject_of(case: str, subject: str) -> str:
    """One line that begins with the case, as long as RT keeps."""
    line = " ".join(storable(subject).split())
    whole = line if line.startswith(case) else f"{case} · {line}"
    return whole if len(whole) <= _LONGEST_SUBJECT else f"{whole[: _LONGEST_SUBJECT - 1]}…"


def storable(text: str) -> str:
    """The text as RT gives it back: no half surrogate pairs, control characters spelled out, \\n at each line's end."""
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return visible_text(whole.replace("\t", "    "), lines=True).strip()


def same_text(one: str, other: str) -> bool:
    """Whether two texts say the same: RT's database may change spaces at the ends and line ends."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def sole_address(address: str) -> str | None:
    """The address if it is one and only one: RT takes a list for several requesters."""
    return address if _ADDRESS.fullmatch(address) else None


def custom_fields(fields: TicketFields, zone: ZoneInfo) -> dict[str, str]:
    """The custom fields of docs/administrador.md, and what they say."""
    due = fields.due.astimezone(zone).strftime("%d/%m/%Y %H:%M") if fields.due else ""
    return {
        "EstadoSolicitud": _value(fields.state),
        "CuentaSolicitud": _value(fields.account),
        "DependenciaSolicitud": _value(fields.unit),
        "EnEsperaDe": _value(fields.waiting_for),
        "VenceSolicitud": due,
    }


FIELD_NAMES = frozenset({"EstadoSolicitud", "CuentaSolicitud", "DependenciaSolicitud", "EnEsperaDe", "VenceSolicitud"})
"""The custom fields that every ticket shows."""


def _value(text: str) -> str:
    line = " ".join(storable(text).split())
    return line if len(line) <= _LONGEST_VALUE else f"{line[: _LONGEST_VALUE - 1]}…"
