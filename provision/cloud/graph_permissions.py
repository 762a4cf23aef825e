"""What the application must be permitted to do, call by call, and what it lacks: for `gestion doctor`.

https://learn.microsoft.com/graph/permissions-reference; each call's own page names its permissions, least privileged first.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from config.errors import Target
from config.graph.batch import BatchCall, BatchReply
from config.graph.connection import GraphConnection
from config.graph.errors import GraphForbidden


class GraphUse(StrEnum):
    """What an installation has Microsoft Graph do; the value is Spanish."""

    LICENCES = "licencias"
    LICENCES_BY_GROUP = "licencias por grupo"
    SESSIONS = "cierre de sesiones"
    MAILBOXES = "estado de los buzones"
    BACKUP = "backups"
    MAIL = "correo de salida"
    BOUNCES = "correos devueltos"


@dataclass(frozen=True, slots=True)
class PermissionFinding:
    """One call, and whether the application may make it."""

    use: GraphUse
    call: str
    """As Microsoft's page names it, e.g. `POST /users/{id}/assignLicense`."""
    permission: str
    """The least one that is enough, which is the one to consent to."""
    granted: bool
    scoped: bool = False
    """It may be given by RBAC for Applications in Exchange instead, which no token shows: not granted is then no proof."""

    @property
    def said(self) -> str:
        """One Spanish sentence."""
        if self.granted:
            return f"{self.permission}: permite {self.call} ({self.use.value})."
        if self.scoped:
            return (
                f"{self.permission} no está en Entra: {self.call} ({self.use.value}) funciona solo si se dio en Exchange "
                "con RBAC for Applications."
            )
        return f"Falta el permiso de aplicación {self.permission}, que necesita {self.call} ({self.use.value})."


@dataclass(frozen=True, slots=True)
class _Call:
    call: str
    enough: tuple[str, ...]
    """Least privileged first."""
    probe: str | None = None
    """A read that changes nothing and fails with 403 without the permission."""
    scoped: bool = False


_FIND_USER = _Call("GET /users", ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All"), "/users?$top=1&$select=id")
_SKUS = _Call(
    "GET /subscribedSkus",
    ("LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", "Organization.Read.All", "Directory.Read.All"),
    "/subscribedSkus",
)
_DETAILS = _Call(
    "GET /users/{id}/licenseDetails",
    ("LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", "User.Read.All", "User.ReadWrite.All"),
)
_LOCATION = _Call("PATCH /users/{id} (usageLocation)", ("User.ReadWrite.All", "Directory.ReadWrite.All"))
_DELETED = _Call(
    "GET /directory/deletedItems/{id}",
    ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All"),
    "/directory/deletedItems/microsoft.graph.user?$top=1&$select=id",
)
_INBOX = _Call("GET /users/{id}/mailFolders/inbox", ("Mail.ReadBasic.All", "Mail.Read", "Mail.ReadWrite"), scoped=True)
_ASSIGN = ("LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All")

_CALLS: Mapping[GraphUse, tuple[_Call, ...]] = {
    GraphUse.LICENCES: (
        _FIND_USER,
        _SKUS,
        _DETAILS,
        _LOCATION,
        _Call("POST /users/{id}/assignLicense", _ASSIGN),
    ),
    GraphUse.LICENCES_BY_GROUP: (
        _FIND_USER,
        _SKUS,
        _DETAILS,
        _LOCATION,
        _Call("POST /users/{id}/reprocessLicenseAssignment", _ASSIGN),
    ),
    GraphUse.SESSIONS: (
        _Call(
            "POST /users/{id}/revokeSignInSessions",
            ("User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"),
        ),
    ),
    GraphUse.MAILBOXES: (_DELETED, _INBOX),
    GraphUse.BACKUP: (
        _Call("GET /users/{id}/messages/{id}/$value", ("Mail.Read", "Mail.ReadWrite"), scoped=True),
        _Call("GET /users/{id}/calendars", ("Calendars.Read", "Calendars.ReadWrite"), scoped=True),
        _Call("GET /users/{id}/contacts", ("Contacts.Read", "Contacts.ReadWrite"), scoped=True),
        _Call("GET /users/{id}/drive", ("Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All")),
    ),
    GraphUse.MAIL: (
        _Call("POST /users/{id}/sendMail", ("Mail.Send",), scoped=True),
        _Call("POST /users/{id}/messages", ("Mail.ReadWrite",), scoped=True),
    ),
    GraphUse.BOUNCES: (_Call("GET /users/{id}/messages", ("Mail.Read", "Mail.ReadWrite"), scoped=True),),
}


def permission_findings(connection: GraphConnection, needed: Collection[GraphUse]) -> tuple[PermissionFinding, ...]:
    """Each call that these uses make, once, and whether it is permitted; in a fixed order.

    By the token's own list; what it does not name is tried where that reads only and harms nobody, since Microsoft's list of
    what is enough grows. Raises as the connection does (Target.CLOUD): Misconfigured where the application itself is refused.
    """
    roles = connection.permissions(Target.CLOUD)
    calls = [(use, call) for use in GraphUse if use in needed for call in _CALLS[use]]
    first: dict[str, tuple[GraphUse, _Call]] = {}
    for use, call in calls:
        first.setdefault(call.call, (use, call))
    doubtful = [call for _, call in first.values() if not roles & set(call.enough) and call.probe is not None]
    permitted = _probed(connection, doubtful)
    return tuple(
        PermissionFinding(
            use,
            call.call,
            call.enough[0],
            granted=bool(roles & set(call.enough)) or call.call in permitted,
            scoped=call.scoped,
        )
        for use, call in first.values()
    )


def _probed(connection: GraphConnection, calls: Collection[_Call]) -> frozenset[str]:
    asked = [(call, BatchCall("GET", call.probe)) for call in calls if call.probe is not None]
    if not asked:
        return frozenset()
    replies = connection.batch([probe for _, probe in asked], target=Target.CLOUD)
    return frozenset(call.call for (call, _), reply in zip(asked, replies, strict=True) if _permitted(reply))


def _permitted(reply: BatchReply) -> bool:
    if reply.error is None:
        return True
    if isinstance(reply.error, GraphForbidden):
        return False
    raise reply.error
