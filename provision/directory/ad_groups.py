"""Members of Active Directory's groups."""

from ldap3.utils.conv import escape_filter_chars

from config.stop_point import StopPoint
from provision.directory.ad_accounts import not_found
from provision.directory.ad_connection import DirectoryConnection
from provision.directory.ad_errors import (
    ATTRIBUTE_OR_VALUE_EXISTS,
    ENTRY_ALREADY_EXISTS,
    NO_SUCH_OBJECT,
    error_of,
)
from provision.directory.ad_values import add_value, remove_value


class GroupMembers:
    """One write for each group; what is so already is not an error."""

    def __init__(self, connection: DirectoryConnection, stop_point: StopPoint) -> None:
        self._connection = connection
        self._stop_point = stop_point

    def add(self, dn: str, login: str, group: str) -> None:
        """Have this account in the group. Raises NotFound when the group is gone."""
        doing = f"agregar la cuenta {login} al grupo «{group}»"
        answer = self._connection.modify(group, {"member": add_value(dn)}, doing=doing)
        if not answer.succeeded and answer.code not in (ENTRY_ALREADY_EXISTS, ATTRIBUTE_OR_VALUE_EXISTS):
            raise not_found(answer, f"el grupo «{group}» ya no existe") or error_of(answer, doing)
        self._stop_point("directory.group.added")

    def remove(self, dn: str, login: str, group: str) -> None:
        """Have this account out of the group; a group that is gone has no members.

        Code 53 says "is no member" and much else besides, so who is in the group is looked at before it is an error.
        """
        doing = f"retirar la cuenta {login} del grupo «{group}»"
        answer = self._connection.modify(group, {"member": remove_value(dn)}, doing=doing)
        if not answer.succeeded and answer.code != NO_SUCH_OBJECT and self._has(group, dn):
            raise error_of(answer, doing)
        self._stop_point("directory.group.removed")

    def _has(self, group: str, dn: str) -> bool:
        return self._connection.read(group, ["cn"], where=f"(member={escape_filter_chars(dn)})") is not None
