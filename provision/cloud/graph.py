"""Microsoft 365 as the cloud: users that the synchronisation brings, their licences, mailboxes and sessions.

Never done here: making, changing or deleting users (the directory is the truth, and a synchronised user's attributes cannot be
changed in the cloud), and reading anybody's mail.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from config.errors import Rejected, Target, TargetError, Transient, WriteRefused
from config.graph.connection import GraphConnection
from config.graph.errors import GraphRefusal
from config.graph.odata import quoted, segment
from provision.cloud.graph_licences import Licences
from provision.cloud.graph_replies import DELETED, DETAIL, REVOKED, USER, CloudUser, LicenceDetail, immutable_id, later, read
from provision.cloud.licensing_groups import LicensingGroups, NoGroups
from provision.cloud.port import CloudUserId, MailboxFate, MailboxState
from provision.directory.port import AccountId

KEPT_FOR = timedelta(days=30)
"""How long a deleted user can be restored, and so the mailbox: https://learn.microsoft.com/graph/api/resources/directory"""
_NO_MAILBOX = frozenset({"MailboxNotEnabledForRESTAPI", "ErrorItemNotFound", "ResourceNotFound"})
_NO_USER = frozenset({"Request_ResourceNotFound", "ErrorInvalidUser"})
_EVENTUAL = {"ConsistencyLevel": "eventual"}
_LICENSING = "id,onPremisesImmutableId,usageLocation,assignedLicenses,licenseAssignmentStates"
_CARRIES_DATA = ("EXCHANGE", "SHAREPOINT", "ONEDRIVE")
_CARRIES_NONE = frozenset({"EXCHANGE_S_FOUNDATION"})


class CycleStarter(Protocol):
    """The server with Entra Connect."""

    def start_cycle(self) -> None:
        """Start a delta cycle; one that runs already is no error. Raises TargetError (Target.CLOUD)."""
        ...


class GraphCloud:
    """The port on one tenant. `sync` None: Entra Connect's own cycle (every 30 minutes) is waited for."""

    def __init__(
        self,
        graph: GraphConnection,
        clock: Callable[[], datetime],
        *,
        groups: LicensingGroups | None = None,
        sync: CycleStarter | None = None,
    ) -> None:
        self._graph = graph
        self._clock = clock
        self._licences = Licences(graph, groups or NoGroups(), clock)
        self._sync = sync

    def free_seats(self, licence: str) -> int:
        """Bought less consumed; suspended seats and those of a subscription's grace are not counted. Kept for a while."""
        return self._licences.free(licence)

    def recount(self) -> None:
        """The next question costs a call again."""
        self._licences.recount()

    def request_sync(self) -> None:
        """Ask the server with Entra Connect, where one is configured."""
        if not self._graph.writable:
            raise WriteRefused("Se pediría un ciclo de sincronización a Entra Connect")
        if self._sync is not None:
            self._sync.start_cycle()

    def find_user(self, account: AccountId) -> CloudUserId | None:
        """By onPremisesImmutableId, which Entra Connect makes of the account's objectGUID."""
        found = self._found(account)
        return CloudUserId(found.id) if found is not None else None

    def synchronised_since(self, account: AccountId, moment: datetime) -> bool:
        """By onPremisesLastSyncDateTime; to an account without a user in the cloud there is nothing to be brought."""
        found = self._found(account)
        return found is None or later(found.last_sync, moment)

    def _found(self, account: AccountId) -> CloudUser | None:
        anchor = immutable_id(account)
        query = {
            "$filter": f"onPremisesImmutableId eq {quoted(anchor)}",
            "$select": "id,onPremisesImmutableId,onPremisesLastSyncDateTime",
            "$count": "true",
        }
        found = self._graph.pages("/users", target=Target.CLOUD, query=query, headers=_EVENTUAL)
        # Graph compares without regard to capitals, and base64 does not.
        users = [user for user in (read(USER, each) for each in found) if user.immutable_id == anchor]
        if len(users) > 1:
            raise Rejected(Target.CLOUD, f"Dos usuarios de la nube dicen ser la cuenta {account}; revíselos en Entra.")
        return users[0] if users else None

    def assign_licence(self, user: CloudUserId, licence: str) -> None:
        """Directly, or by the group that the policy names for it: then `has_licence` is true after a cycle."""
        if not self._graph.writable:
            raise WriteRefused(f"Se asignaría la licencia {licence} al usuario {user}")
        found = self._user(user, _LICENSING)
        if found is None:
            raise Rejected(Target.CLOUD, f"El usuario {user} no existe en la nube.")
        self._licences.assign(found, licence)

    def remove_licence(self, user: CloudUserId, licence: str) -> None:
        """Directly, from its group, or both; a user who is gone holds none."""
        if not self._graph.writable:
            raise WriteRefused(f"Se retiraría la licencia {licence} al usuario {user}")
        found = self._user(user, _LICENSING)
        if found is not None:
            self._licences.remove(found, licence)

    def has_licence(self, user: CloudUserId, licence: str) -> bool:
        """Whether it is among the user's licences, whatever it carries."""
        return any(detail.part_number == licence for detail in self._details(user))

    def licences_of(self, user: CloudUserId) -> tuple[str, ...]:
        """Those that carry mail or files, whoever gave them: trials of other products are not the procedure's."""
        return tuple(sorted(detail.part_number for detail in self._details(user) if _carries_data(detail)))

    def mailbox_ready(self, user: CloudUserId) -> bool:
        """Whether the inbox answers: the list of the user's services (provisionedPlans) is no proof."""
        try:
            self._graph.get(f"/users/{segment(user)}/mailFolders/inbox", target=Target.CLOUD, query={"$select": "id"})
        except GraphRefusal as refusal:
            if refusal.status == 404 and refusal.code in _NO_MAILBOX | _NO_USER:
                return False
            raise
        return True

    def mailbox_fate(self, user: CloudUserId) -> MailboxFate:
        """Present while its user is; then restorable, whether or not it held a mailbox, for 30 days from the deletion."""
        if self._user(user, "id") is not None:
            return MailboxFate(MailboxState.PRESENT)
        try:
            reply = self._graph.get(f"/directory/deletedItems/{segment(user)}", target=Target.CLOUD)
        except GraphRefusal as refusal:
            if refusal.status != 404:
                raise
            return MailboxFate(MailboxState.GONE)
        until = read(DELETED, reply).deleted_at.astimezone(UTC) + KEPT_FOR
        return MailboxFate(MailboxState.SOFT_DELETED, until) if self._clock() < until else MailboxFate(MailboxState.GONE)

    def end_sessions(self, user: CloudUserId) -> str | None:
        """Every refresh token is void from now on, and a cycle is asked for; a user who is gone has no sessions.

        That a cycle could not be asked for is told, and no error: the sessions have ended, and Connect's own cycle follows.
        """
        try:
            reply = self._graph.write("POST", f"/users/{segment(user)}/revokeSignInSessions", target=Target.CLOUD)
        except GraphRefusal as refusal:
            if refusal.status != 404:
                raise
            return None
        if not read(REVOKED, reply or {}).value:
            raise Transient(Target.CLOUD, "Microsoft 365 no confirmó el cierre de las sesiones; se intentará de nuevo.")
        # An account that was disabled in the directory signs in to the cloud again until a cycle brings it.
        try:
            self.request_sync()
        except TargetError as error:
            return f"No se pudo pedir la sincronización, y se espera el ciclo propio de Entra Connect: {error.message}"
        return None

    def close(self) -> None:
        """Nothing of its own: the connection is the installation's."""

    def _user(self, user: CloudUserId, chosen: str) -> CloudUser | None:
        try:
            reply = self._graph.get(f"/users/{segment(user)}", target=Target.CLOUD, query={"$select": chosen})
        except GraphRefusal as refusal:
            if refusal.status == 404 and refusal.code in _NO_USER:
                return None
            raise
        return read(USER, reply)

    def _details(self, user: CloudUserId) -> list[LicenceDetail]:
        try:
            found = list(self._graph.pages(f"/users/{segment(user)}/licenseDetails", target=Target.CLOUD))
        except GraphRefusal as refusal:
            if refusal.status == 404 and refusal.code in _NO_USER:
                return []
            raise
        return [read(DETAIL, each) for each in found]


def _carries_data(detail: LicenceDetail) -> bool:
    """Whether there may be something to copy; a licence whose services are not told is taken for one that does."""
    names = [plan.name.upper() for plan in detail.plans]
    return not names or any(name.startswith(_CARRIES_DATA) and name not in _CARRIES_NONE for name in names)
