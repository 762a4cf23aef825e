"""What the cloud's side reads of Graph's replies, and the identifiers on both sides of the synchronisation."""

import base64
import binascii
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from config.errors import Rejected, Target, Transient
from provision.directory.port import AccountId


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Units(_Reply):
    """Seats bought: `warning` (the grace of a subscription that ended) and `suspended` are not offered to anybody."""

    enabled: int


class SubscribedSku(_Reply):
    """https://learn.microsoft.com/graph/api/resources/subscribedsku"""

    sku_id: str = Field(alias="skuId")
    part_number: str = Field(alias="skuPartNumber")
    applies_to: str = Field(alias="appliesTo", default="User")
    capability_status: str = Field(alias="capabilityStatus", default="Enabled")
    consumed: int = Field(alias="consumedUnits")
    prepaid: Units = Field(alias="prepaidUnits")


class AssignedLicence(_Reply):
    """https://learn.microsoft.com/graph/api/resources/assignedlicense"""

    sku_id: str = Field(alias="skuId")


class LicenceState(_Reply):
    """https://learn.microsoft.com/graph/api/resources/licenseassignmentstate"""

    sku_id: str = Field(alias="skuId")
    group: str | None = Field(alias="assignedByGroup", default=None)
    state: str = ""
    error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the seat could not be given."""
        return self.state == "Error" or (self.error or "None") != "None"


class CloudUser(_Reply):
    """A user, with the properties that were selected."""

    id: str
    immutable_id: str | None = Field(alias="onPremisesImmutableId", default=None)
    last_sync: AwareDatetime | None = Field(alias="onPremisesLastSyncDateTime", default=None)
    usage_location: str | None = Field(alias="usageLocation", default=None)
    assigned: tuple[AssignedLicence, ...] = Field(alias="assignedLicenses", default=())
    states: tuple[LicenceState, ...] = Field(alias="licenseAssignmentStates", default=())


class ServicePlan(_Reply):
    """One service of a licence."""

    name: str = Field(alias="servicePlanName")


class LicenceDetail(_Reply):
    """https://learn.microsoft.com/graph/api/resources/licensedetails"""

    part_number: str = Field(alias="skuPartNumber")
    plans: tuple[ServicePlan, ...] = Field(alias="servicePlans", default=())


class DeletedItem(_Reply):
    """https://learn.microsoft.com/graph/api/directory-deleteditems-get"""

    deleted_at: AwareDatetime = Field(alias="deletedDateTime")


class Revoked(_Reply):
    """https://learn.microsoft.com/graph/api/user-revokesigninsessions"""

    value: bool = True


SKU = TypeAdapter(SubscribedSku)
USER = TypeAdapter(CloudUser)
DETAIL = TypeAdapter(LicenceDetail)
DELETED = TypeAdapter(DeletedItem)
REVOKED = TypeAdapter(Revoked)

T = TypeVar("T")


def read(kind: TypeAdapter[T], reply: Mapping[str, object]) -> T:
    """A reply as this kind. Raises Transient for one that Graph cannot have meant."""
    try:
        return kind.validate_python(reply)
    except ValidationError as error:
        raise Transient(Target.CLOUD, "Microsoft 365 respondió algo incompleto; se intentará de nuevo.") from error


def immutable_id(account: AccountId) -> str:
    """How Entra Connect writes an objectGUID by default: base64 of its sixteen bytes. Raises Rejected for what is none.

    https://learn.microsoft.com/entra/identity/hybrid/connect/plan-connect-design-concepts ("sourceAnchor")
    """
    try:
        return base64.b64encode(uuid.UUID(account).bytes_le).decode("ascii")
    except ValueError as error:
        raise Rejected(Target.CLOUD, f"El identificador {account} no es un objectGUID del Directorio Activo.") from error


def account_of(immutable: str | None) -> AccountId | None:
    """The directory account of a synchronised user; None for a user made in the cloud, or with an anchor of another kind."""
    try:
        return AccountId(str(uuid.UUID(bytes_le=base64.b64decode(immutable or "", validate=True))))
    except (ValueError, binascii.Error):
        return None


def later(one: datetime | None, moment: datetime) -> bool:
    """Whether something happened, and after this moment."""
    return one is not None and one > moment
