"""Users, licences and the synchronisation with the directory, as Entra has them, and whether a mailbox answers.

What is refused, and with which words, is what Graph answers: https://learn.microsoft.com/graph/api/user-assignlicense,
https://learn.microsoft.com/entra/identity/users/licensing-groups-resolve-problems.
"""

import base64
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.servers.graph.routing import Answer, Asked, Refusal, Route
from tests.servers.graph.tenant import Tenant

KEPT_FOR = timedelta(days=30)
_WITHOUT_SELECT = ("id", "displayName", "givenName", "mail", "surname", "userPrincipalName")


def instant(moment: datetime) -> str:
    """As Graph writes it: seconds, and a Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Sku:
    """A product bought. `elsewhere`: seats that people outside the tests hold."""

    part_number: str
    enabled: int
    warning: int = 0
    suspended: int = 0
    elsewhere: int = 0
    applies_to: str = "User"
    capability: str = "Enabled"
    plans: tuple[str, ...] = ("EXCHANGE_S_STANDARD", "SHAREPOINTSTANDARD")
    """Names of its services."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class OnPremises:
    """An account of the directory as Entra Connect reads it; `id` is its objectGUID as text with hyphens."""

    id: str
    login: str
    mail: str
    name: str = ""
    groups: tuple[str, ...] = ()
    enabled: bool = True


@dataclass
class Seat:
    """A licence of a user. `group`: it comes from that group; `error`: it could not be given (then there is no seat)."""

    sku: str
    since: datetime
    group: str | None = None
    error: str | None = None


@dataclass
class User:
    """A user that came from the directory."""

    id: str
    source: OnPremises
    last_sync: datetime
    usage_location: str | None = None
    seats: list[Seat] = field(default_factory=list)
    deleted_at: datetime | None = None
    sessions_ended: list[datetime] = field(default_factory=list)
    mailbox_since: datetime | None = None
    """Since when a licence has connected it; None: there is none."""

    @property
    def immutable_id(self) -> str:
        """objectGUID as Entra Connect writes it: base64 of its sixteen bytes, little-endian."""
        return base64.b64encode(uuid.UUID(self.source.id).bytes_le).decode()


@dataclass
class _Cycle:
    ends: datetime
    found: dict[str, OnPremises]


class People:
    """The tenant's users. `directory` says what Entra Connect finds when a cycle begins."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.skus: list[Sku] = []
        self.users: list[User] = []
        self.directory: Callable[[], Iterable[OnPremises]] = tuple
        self.licence_groups: dict[str, str] = {}
        """Group (as `OnPremises.groups` names it) → part number of the licence that its members get."""
        self.sync_takes = timedelta(minutes=30)
        self.mailbox_takes = timedelta(minutes=10)
        self._cycle: _Cycle | None = None

    def begin_cycle(self) -> bool:
        """Entra Connect starts; False: it is at work already, and says that it is busy."""
        found = {account.id: account for account in self.directory()}
        with self._tenant.lock:
            self.settle()
            if self._cycle is not None:
                return False
            self._cycle = _Cycle(self._tenant.clock() + self.sync_takes, found)
            return True

    def settle(self) -> None:
        """What the time that passed brings: a cycle's end, groups' licences, and deleted users that are kept no longer."""
        now = self._tenant.clock()
        if self._cycle is not None and self._cycle.ends <= now:
            cycle, self._cycle = self._cycle, None
            self._bring(cycle)
        self.users = [user for user in self.users if user.deleted_at is None or now < user.deleted_at + KEPT_FOR]

    def sku(self, part_number: str) -> Sku:
        """The product of this name."""
        return next(sku for sku in self.skus if sku.part_number == part_number)

    def consumed(self, sku: Sku) -> int:
        """Seats that are taken."""
        return sku.elsewhere + sum(1 for user in self._alive() for seat in user.seats if seat.sku == sku.id and not seat.error)

    def alive(self, key: str) -> User:
        """The user of this id, principal name or address. Raises Refusal (404) for none."""
        for user in self._alive():
            if key.casefold() in {user.id, user.source.mail.casefold()}:
                return user
        raise Refusal(404, "Request_ResourceNotFound", f"Resource '{key}' does not exist or one of its queried references.")

    def mailbox_of(self, key: str) -> User:
        """The user whose mailbox answers. Raises Refusal (404), with Exchange's code for a mailbox that is not there."""
        user = self.alive(key)
        if user.mailbox_since is None or self._tenant.clock() < user.mailbox_since + self.mailbox_takes:
            said = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
            raise Refusal(404, "MailboxNotEnabledForRESTAPI", said)
        return user

    def give(self, user: User, sku: Sku, group: str | None = None) -> None:
        """A seat, if there is one. Raises Refusal."""
        if any(seat.sku == sku.id and seat.group == group and not seat.error for seat in user.seats):
            return
        if user.usage_location is None:
            raise Refusal(400, "Request_BadRequest", "License assignment cannot be done for user with invalid usage location.")
        held = any(seat.sku == sku.id and not seat.error for seat in user.seats)
        if not held and self.consumed(sku) >= sku.enabled + sku.warning:
            raise Refusal(400, "Request_BadRequest", f"Subscription with SKU {sku.id} does not have any available licenses.")
        now = self._tenant.clock()
        user.seats = [seat for seat in user.seats if (seat.sku, seat.group) != (sku.id, group)]
        user.seats.append(Seat(sku.id, now, group))
        user.mailbox_since = user.mailbox_since or now

    def take(self, user: User, sku: str) -> None:
        """A seat given back; without any the mailbox is disconnected at once. Raises Refusal."""
        mine = [seat for seat in user.seats if seat.sku == sku]
        if any(seat.group for seat in mine):
            said = "User license is inherited from a group membership and it cannot be removed directly from the user."
            raise Refusal(400, "Request_BadRequest", said)
        if not mine:
            raise Refusal(400, "Request_BadRequest", "User does not have a corresponding license.")
        self._drop(user, mine)

    def _alive(self) -> list[User]:
        return [user for user in self.users if user.deleted_at is None]

    @staticmethod
    def _drop(user: User, seats: Sequence[Seat]) -> None:
        user.seats = [seat for seat in user.seats if seat not in seats]
        if not any(not seat.error for seat in user.seats):
            user.mailbox_since = None

    def _bring(self, cycle: _Cycle) -> None:
        for user in self._alive():
            if user.source.id not in cycle.found:
                user.deleted_at, user.seats, user.mailbox_since = cycle.ends, [], None
        for account in cycle.found.values():
            known = next((user for user in self.users if user.source.id == account.id), None)
            if known is None:
                self.users.append(User(str(uuid.uuid4()), account, cycle.ends))
            else:
                known.source, known.last_sync, known.deleted_at = account, cycle.ends, None
        for user in self._alive():
            self.by_groups(user)

    def by_groups(self, user: User) -> None:
        """Give and take the licences of the user's groups; what cannot be given is written down as an error."""
        wanted = {group: self.sku(name) for group, name in self.licence_groups.items() if group in user.source.groups}
        self._drop(user, [seat for seat in user.seats if seat.group is not None and seat.group not in wanted])
        for group, sku in wanted.items():
            try:
                self.give(user, sku, group)
            except Refusal as refusal:
                error = "CountViolation" if "available licenses" in refusal.message else "ProhibitedInUsageLocationViolation"
                user.seats = [seat for seat in user.seats if seat.group != group]
                user.seats.append(Seat(sku.id, self._tenant.clock(), group, error))


def described(user: User, chosen: str | None) -> dict[str, object]:
    """A user as a reply: what was selected, or the few properties that come without `$select`."""
    whole: dict[str, object] = {
        "id": user.id,
        "displayName": user.source.name or user.source.login,
        "givenName": None,
        "surname": None,
        "mail": user.source.mail if user.mailbox_since else None,
        "userPrincipalName": user.source.mail,
        "accountEnabled": user.source.enabled,
        "usageLocation": user.usage_location,
        "onPremisesImmutableId": user.immutable_id,
        "onPremisesLastSyncDateTime": instant(user.last_sync),
        "onPremisesSamAccountName": user.source.login,
        "onPremisesSyncEnabled": True,
        "deletedDateTime": instant(user.deleted_at) if user.deleted_at else None,
        "assignedLicenses": [{"skuId": sku, "disabledPlans": []} for sku in sorted({s.sku for s in user.seats if not s.error})],
        "licenseAssignmentStates": [_state(seat) for seat in user.seats],
        "signInSessionsValidFromDateTime": instant(user.sessions_ended[-1]) if user.sessions_ended else None,
    }
    names = chosen.split(",") if chosen else _WITHOUT_SELECT
    # `id` comes with every selection.
    return {name: whole[name] for name in dict.fromkeys(("id", *names)) if name in whole}


def _state(seat: Seat) -> dict[str, object]:
    return {
        "skuId": seat.sku,
        "assignedByGroup": seat.group,
        "disabledPlans": [],
        "state": "Error" if seat.error else "Active",
        "error": seat.error or "None",
        "lastUpdatedDateTime": instant(seat.since),
    }


def _people(tenant: Tenant) -> People:
    people = tenant.people
    people.settle()
    return people


def _skus(tenant: Tenant, asked: Asked) -> Answer:
    people = _people(tenant)
    found = [
        {
            "id": f"tenant_{sku.id}",
            "skuId": sku.id,
            "skuPartNumber": sku.part_number,
            "appliesTo": sku.applies_to,
            "capabilityStatus": sku.capability,
            "consumedUnits": people.consumed(sku),
            "prepaidUnits": {"enabled": sku.enabled, "warning": sku.warning, "suspended": sku.suspended, "lockedOut": 0},
            "servicePlans": [],
        }
        for sku in people.skus
    ]
    return Answer(200, {"value": found})


def _organization(tenant: Tenant, asked: Asked) -> Answer:
    return Answer(200, {"value": [{"id": str(uuid.uuid4()), "displayName": "Entidad", "verifiedDomains": []}]})


def _users(tenant: Tenant, asked: Asked) -> Answer:
    people = _people(tenant)
    return _listed([user for user in people.users if user.deleted_at is None], asked)


def _deleted_users(tenant: Tenant, asked: Asked) -> Answer:
    people = _people(tenant)
    return _listed([user for user in people.users if user.deleted_at is not None], asked)


def _listed(users: Sequence[User], asked: Asked) -> Answer:
    where = asked.query.get("$filter")
    if where is not None:
        name, value = where.split(" eq ")
        wanted = value[1:-1].replace("''", "'")
        users = [user for user in users if described(user, name).get(name) == wanted]
    reply: dict[str, object] = {"value": [described(user, asked.query.get("$select")) for user in users]}
    if asked.query.get("$count") == "true":
        reply["@odata.count"] = len(users)
    return Answer(200, reply)


def _user(tenant: Tenant, asked: Asked) -> Answer:
    return Answer(200, described(_people(tenant).alive(asked.match["user"]), asked.query.get("$select")))


def _deleted_item(tenant: Tenant, asked: Asked) -> Answer:
    for user in _people(tenant).users:
        if user.id == asked.match["user"] and user.deleted_at is not None:
            return Answer(200, {"@odata.type": "#microsoft.graph.user", **described(user, "deletedDateTime,displayName")})
    raise Refusal(404, "Request_ResourceNotFound", f"Resource '{asked.match['user']}' does not exist.")


def _change(tenant: Tenant, asked: Asked) -> Answer:
    user, wanted = _people(tenant).alive(asked.match["user"]), asked.json()
    if wanted.keys() != {"usageLocation"}:
        said = "Unable to update the specified properties for on-premises mastered Directory Sync objects."
        raise Refusal(400, "Request_BadRequest", said)
    user.usage_location = str(wanted["usageLocation"])
    return Answer(204)


def _assign(tenant: Tenant, asked: Asked) -> Answer:
    people = _people(tenant)
    user, wanted = people.alive(asked.match["user"]), asked.json()
    added, removed = wanted["addLicenses"], wanted["removeLicenses"]
    if not isinstance(added, list) or not isinstance(removed, list):
        raise Refusal(400, "BadRequest", "Lists are expected.")
    for each in added:
        sku = next((sku for sku in people.skus if sku.id == each["skuId"]), None)
        if sku is None:
            said = f"License {each['skuId']} does not correspond to a valid company License."
            raise Refusal(400, "Request_BadRequest", said)
        people.give(user, sku)
    for sku_id in removed:
        people.take(user, sku_id)
    return Answer(200, described(user, "assignedLicenses"))


def _reprocess(tenant: Tenant, asked: Asked) -> Answer:
    people = _people(tenant)
    user = people.alive(asked.match["user"])
    people.by_groups(user)
    return Answer(200, described(user, "assignedLicenses,licenseAssignmentStates"))


def _licences(tenant: Tenant, asked: Asked) -> Answer:
    people = _people(tenant)
    user = people.alive(asked.match["user"])
    held = {seat.sku for seat in user.seats if not seat.error}
    found = [
        {
            "id": f"detail_{sku.id}",
            "skuId": sku.id,
            "skuPartNumber": sku.part_number,
            "servicePlans": [{"servicePlanName": plan, "provisioningStatus": "Success"} for plan in sku.plans],
        }
        for sku in people.skus
        if sku.id in held
    ]
    return Answer(200, {"value": found})


def _revoke(tenant: Tenant, asked: Asked) -> Answer:
    _people(tenant).alive(asked.match["user"]).sessions_ended.append(tenant.clock())
    return Answer(200, {"value": True})


def _inbox(tenant: Tenant, asked: Asked) -> Answer:
    people = _people(tenant)
    user = people.mailbox_of(asked.match["user"])
    counts: dict[str, object] = {"childFolderCount": 0, "unreadItemCount": 0, "totalItemCount": 0}
    return Answer(200, {"id": f"inbox-{user.id}", "displayName": "Bandeja de entrada", **counts})


_READ = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
_MAILBOX = ("Mail.ReadBasic.All", "Mail.Read", "Mail.ReadWrite")
_USER = r"/users/(?P<user>[^/]+)"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/subscribedSkus", _skus, ("LicenseAssignment.Read.All", "Organization.Read.All")),
    Route("GET", "/organization", _organization, ("Organization.Read.All",)),
    Route("GET", "/users", _users, _READ),
    Route("GET", r"/directory/deletedItems/microsoft\.graph\.user", _deleted_users, _READ),
    Route("GET", r"/directory/deletedItems/(?P<user>[^/]+)", _deleted_item, _READ),
    Route("GET", _USER, _user, _READ),
    Route("PATCH", _USER, _change, ("User.ReadWrite.All",)),
    Route("POST", f"{_USER}/assignLicense", _assign, ("LicenseAssignment.ReadWrite.All", "User.ReadWrite.All")),
    Route("POST", f"{_USER}/reprocessLicenseAssignment", _reprocess, ("LicenseAssignment.ReadWrite.All", "User.ReadWrite.All")),
    Route("GET", f"{_USER}/licenseDetails", _licences, ("LicenseAssignment.Read.All", *_READ)),
    Route("POST", f"{_USER}/revokeSignInSessions", _revoke, ("User.RevokeSessions.All", "User.ReadWrite.All")),
    Route("GET", f"{_USER}/mailFolders/inbox", _inbox, _MAILBOX),
)
