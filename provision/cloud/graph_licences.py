"""Seats of licences: how many are free, and giving them directly or by a group ("disponibilidad de buzones", activity 3).

https://learn.microsoft.com/graph/api/resources/subscribedsku, …/graph/api/user-assignlicense,
https://learn.microsoft.com/entra/identity/users/licensing-groups-resolve-problems
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.errors import Misconfigured, NoSeat, Rejected, Target, Transient
from config.graph.connection import GraphConnection
from config.graph.errors import GraphRefusal
from config.graph.odata import segment
from provision.cloud.graph_replies import SKU, CloudUser, LicenceState, SubscribedSku, account_of, read
from provision.cloud.licensing_groups import LicensingGroups
from provision.cloud.port import CloudUserId

COUNT_IS_GOOD_FOR = timedelta(minutes=5)
"""One that is older is made anew, and so is one that a refusal or a lost race for a seat has put in doubt."""
USAGE_LOCATION = "CO"
"""Microsoft offers its services by country, and asks for it before the first licence: Colombia's institutions are there."""
_NO_SEATS = "does not have any available licenses"
_NO_LOCATION = "invalid usage location"
_NOT_HELD = "does not have a corresponding license"
_COUNT_VIOLATION = "CountViolation"
_LOCATION_VIOLATION = "ProhibitedInUsageLocationViolation"
_GROUP_ERRORS = {
    "MutuallyExclusiveViolation": "choca con otra licencia que la cuenta ya tiene",
    "DependencyViolation": "necesita otra licencia, o una que tiene necesita de esta",
    _LOCATION_VIOLATION: "no se ofrece en el país de la cuenta (usageLocation)",
    "UniquenessViolation": "choca con la dirección de otra cuenta de la nube",
}


@dataclass(slots=True)
class _Count:
    sku_id: str
    free: int


class Licences:
    """Counts every few minutes, and keeps the count by what it gives and takes itself; after a refusal it counts anew."""

    def __init__(self, graph: GraphConnection, groups: LicensingGroups, clock: Callable[[], datetime]) -> None:
        self._graph = graph
        self._groups = groups
        self._clock = clock
        self._counts: dict[str, _Count] = {}
        self._counted_at: datetime | None = None

    def free(self, licence: str) -> int:
        """Bought less consumed, never less than none. Raises Misconfigured for a licence that the tenant does not have."""
        return max(0, self._count(licence).free)

    def recount(self) -> None:
        """The next one counts anew."""
        self._counted_at = None

    def assign(self, user: CloudUser, licence: str) -> None:
        """A seat for the user, or a place in the group that gives one at the next cycle. Idempotent."""
        count = self._count(licence)
        if any(each.sku_id == count.sku_id for each in user.assigned):
            return
        located_now = not user.usage_location
        if located_now:
            self._write("PATCH", CloudUserId(user.id), "", {"usageLocation": USAGE_LOCATION})
        if self._groups.gives(licence):
            self._assign_by_group(user, licence, count, located_now=located_now)
            return
        body = {"addLicenses": [{"skuId": count.sku_id, "disabledPlans": []}], "removeLicenses": []}
        try:
            self._write("POST", CloudUserId(user.id), "/assignLicense", body)
        except GraphRefusal as refusal:
            self.recount()
            if _NO_SEATS in refusal.message or self._count(licence).free <= 0:
                raise NoSeat(Target.CLOUD, f"No hay cupos libres de {licence}.") from refusal
            if located_now and _NO_LOCATION in refusal.message:
                # Written a moment ago, and not known yet to the server that answered.
                raise Transient(Target.CLOUD, "Microsoft 365 aún no conoce el país de la cuenta.") from refusal
            raise
        count.free -= 1

    def remove(self, user: CloudUser, licence: str) -> None:
        """The seat given back, and the place in its group. Idempotent; by a group it goes with the next cycle."""
        sku_id = self._count(licence).sku_id
        states = [each for each in user.states if each.sku_id == sku_id]
        direct = [each for each in states if each.group is None]
        if direct or (not states and any(each.sku_id == sku_id for each in user.assigned)):
            self._remove_direct(CloudUserId(user.id), licence, sku_id)
        if any(each.group is not None for each in states):
            self._remove_from_group(user, licence)

    def _remove_direct(self, user: CloudUserId, licence: str, sku_id: str) -> None:
        try:
            self._write("POST", user, "/assignLicense", {"addLicenses": [], "removeLicenses": [sku_id]})
        except GraphRefusal as refusal:
            if refusal.status != 404 and _NOT_HELD not in refusal.message:
                raise
            return
        self._count(licence).free += 1

    def _assign_by_group(self, user: CloudUser, licence: str, count: _Count, *, located_now: bool) -> None:
        account = account_of(user.immutable_id)
        if account is None:
            raise Rejected(Target.CLOUD, f"El usuario {user.id} no viene del directorio: no puede recibir {licence} por grupo.")
        self._groups.add(account, licence)
        failed = next((each for each in user.states if each.sku_id == count.sku_id and each.group and each.failed), None)
        if failed is not None:
            self._answer_failure(user, licence, failed, located_now=located_now)

    def _answer_failure(self, user: CloudUser, licence: str, failed: LicenceState, *, located_now: bool) -> None:
        """What Entra wrote down when it tried; where what was missing is there by now, it is told to try again."""
        error = failed.error or ""
        if error not in {_COUNT_VIOLATION, "Other"} and not (located_now and error == _LOCATION_VIOLATION):
            why = _GROUP_ERRORS.get(error, f"Entra respondió {error or 'un error sin nombre'}")
            raise Rejected(Target.CLOUD, f"El grupo no pudo dar la licencia {licence}: {why}.")
        self.recount()
        if error == _COUNT_VIOLATION and self._count(licence).free <= 0:
            raise NoSeat(Target.CLOUD, f"No hay cupos libres de {licence}.")
        self._write("POST", CloudUserId(user.id), "/reprocessLicenseAssignment", None)

    def _remove_from_group(self, user: CloudUser, licence: str) -> None:
        account = account_of(user.immutable_id)
        if account is None or not self._groups.gives(licence):
            raise Rejected(
                Target.CLOUD,
                f"La licencia {licence} viene de un grupo que el programa no administra.",
                remedy="Retire a la persona de ese grupo, o escriba el grupo en licence_groups de la política.",
            )
        self._groups.remove(account, licence)

    def _write(self, method: str, user: CloudUserId, what: str, body: Mapping[str, object] | None) -> None:
        self._graph.write(method, f"/users/{segment(user)}{what}", target=Target.CLOUD, body=body)

    def _count(self, licence: str) -> _Count:
        now = self._clock()
        if self._counted_at is None or not self._counted_at <= now < self._counted_at + COUNT_IS_GOOD_FOR:
            skus = [read(SKU, each) for each in self._graph.pages("/subscribedSkus", target=Target.CLOUD)]
            self._counts = {
                sku.part_number: _Count(sku.sku_id, sku.prepaid.enabled - sku.consumed if _offered(sku) else 0) for sku in skus
            }
            self._counted_at = now
        count = self._counts.get(licence)
        if count is None:
            known = ", ".join(sorted(self._counts)) or "ninguna"
            raise Misconfigured(
                Target.CLOUD,
                f"El inquilino de Microsoft 365 no tiene la licencia {licence}; tiene: {known}.",
                remedy="Corrija «licence» en la política de la institución (es el skuPartNumber) o compre la licencia.",
            )
        return count


def _offered(sku: SubscribedSku) -> bool:
    return sku.applies_to == "User" and sku.capability_status == "Enabled"
