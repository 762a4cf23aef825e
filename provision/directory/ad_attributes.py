"""Active Directory's attribute values as types: account flags, times, identifiers, and one entry of an answer."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntFlag

from provision.directory.port import AccountId

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
NEVER = 0x7FFFFFFFFFFFFFFF
"""accountExpires of an account that never expires; 0 means the same."""
_TICK = timedelta(microseconds=1)


class UserAccountControl(IntFlag):
    """Bits of userAccountControl (Microsoft, "User-Account-Control attribute").

    PASSWORD_NOT_REQUIRED and PASSWORD_NEVER_EXPIRES are here to be cleared: the program never sets them.
    """

    ACCOUNT_DISABLED = 0x0002
    PASSWORD_NOT_REQUIRED = 0x0020
    NORMAL_ACCOUNT = 0x0200
    INTERDOMAIN_TRUST_ACCOUNT = 0x0800
    WORKSTATION_TRUST_ACCOUNT = 0x1000
    SERVER_TRUST_ACCOUNT = 0x2000
    PASSWORD_NEVER_EXPIRES = 0x10000
    PARTIAL_SECRETS_ACCOUNT = 0x4000000

    @property
    def enabled(self) -> "UserAccountControl":
        """The same account in use with a new password: enabled, the password required and ageing; other bits are kept."""
        return (self | self.NORMAL_ACCOUNT).without(self.ACCOUNT_DISABLED).with_ageing_password

    @property
    def enabled_again(self) -> "UserAccountControl":
        """The same account in use with the password it had, which is required; other bits are kept."""
        return self.without(self.ACCOUNT_DISABLED | self.PASSWORD_NOT_REQUIRED)

    @property
    def with_ageing_password(self) -> "UserAccountControl":
        """A password that never expires need not be changed at the next logon either, whatever pwdLastSet says."""
        return self.without(self.PASSWORD_NOT_REQUIRED | self.PASSWORD_NEVER_EXPIRES)

    def without(self, bits: "UserAccountControl") -> "UserAccountControl":
        """The same flags but for these."""
        # As numbers: the complement of a flag holds only the bits that have a name here.
        return UserAccountControl(int(self) & ~int(bits))

    @property
    def is_controller(self) -> bool:
        """A domain controller, a read-only one too."""
        return bool(self & (self.SERVER_TRUST_ACCOUNT | self.PARTIAL_SECRETS_ACCOUNT))

    @property
    def is_person(self) -> bool:
        """A normal account, not a machine's or a trust's."""
        machines = self.INTERDOMAIN_TRUST_ACCOUNT | self.WORKSTATION_TRUST_ACCOUNT | self.SERVER_TRUST_ACCOUNT
        return bool(self & self.NORMAL_ACCOUNT) and not self & machines


def file_time(instant: datetime) -> int:
    """An aware instant as a FILETIME: units of 100 ns since 1601-01-01 UTC."""
    return (instant - _EPOCH) // _TICK * 10


def from_file_time(ticks: int) -> datetime | None:
    """The aware UTC instant of a FILETIME; None for 0, "never" and what no calendar holds."""
    if ticks <= 0 or ticks >= NEVER:
        return None
    try:
        return _EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


def from_generalized_time(text: str) -> datetime:
    """An LDAP time such as `20261122022628.0Z`, aware UTC. Raises ValueError for anything else."""
    return datetime.strptime(text.partition(".")[0].rstrip("Z"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def sid_text(binary: bytes) -> str:
    """objectSid as `S-1-5-21-…`. Raises ValueError for bytes that are no SID."""
    if len(binary) < 8 or len(binary) != 8 + 4 * binary[1]:
        raise ValueError("not a security identifier")
    parts = [int.from_bytes(binary[start : start + 4], "little") for start in range(8, len(binary), 4)]
    return "-".join(map(str, ("S", binary[0], int.from_bytes(binary[2:8], "big"), *parts)))


def account_id(binary: bytes) -> AccountId:
    """objectGUID (little-endian, 16 bytes) as an AccountId."""
    return AccountId(str(uuid.UUID(bytes_le=binary)))


def guid_filter_value(id: AccountId) -> str:
    """An AccountId as the value of an objectGUID filter, every byte escaped; empty for text that is no GUID."""
    try:
        return "".join(f"\\{byte:02x}" for byte in uuid.UUID(id).bytes_le)
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a search's answer; attribute names are lower-case and their options dropped."""

    dn: str
    attributes: Mapping[str, tuple[bytes, ...]]

    def texts(self, name: str) -> tuple[str, ...]:
        """All values as text; empty when the attribute is absent or may not be read."""
        return tuple(value.decode("utf-8", "replace") for value in self.attributes.get(name.lower(), ()))

    def text(self, name: str) -> str | None:
        """The first value as text."""
        return next(iter(self.texts(name)), None)

    def number(self, name: str) -> int | None:
        """The first value as a number."""
        text = self.text(name)
        return int(text) if text is not None else None

    def binary(self, name: str) -> bytes | None:
        """The first value as it came."""
        return next(iter(self.attributes.get(name.lower(), ())), None)
