"""Licences that come with a group of the directory: whoever is in it gets one at the next synchronisation.

https://learn.microsoft.com/entra/fundamentals/concept-group-based-licensing
"""

from collections.abc import Mapping
from typing import Protocol

from config.errors import NotFound, Target
from provision.directory.port import AccountChanges, AccountId, Directory


class LicensingGroups(Protocol):
    """By licence; raises what the directory raises. Both are idempotent."""

    def gives(self, licence: str) -> bool:
        """Whether this licence comes with a group; else it is assigned directly."""
        ...

    def add(self, account: AccountId, licence: str) -> None:
        """Have the account in the licence's group."""
        ...

    def remove(self, account: AccountId, licence: str) -> None:
        """Have it out of the licence's group; an account that is gone is in none."""
        ...


class GroupsOfDirectory:
    """The groups that the institution's policy names (`licence_groups`), by the directory's own port."""

    def __init__(self, directory: Directory, groups: Mapping[str, str]) -> None:
        self._directory = directory
        self._groups = dict(groups)

    def gives(self, licence: str) -> bool:
        """Whether the policy names a group for it."""
        return licence in self._groups

    def add(self, account: AccountId, licence: str) -> None:
        """One write of the group, if it has not this member."""
        if self._directory.find_by_id(account) is None:
            raise NotFound(Target.DIRECTORY, f"La cuenta {account} ya no está en el directorio: no recibe {licence}.")
        self._directory.change(account, AccountChanges(add_groups=(self._groups[licence],)))

    def remove(self, account: AccountId, licence: str) -> None:
        """One write of the group, if it has this member."""
        if self._directory.find_by_id(account) is not None:
            self._directory.change(account, AccountChanges(remove_groups=(self._groups[licence],)))


class NoGroups:
    """Every licence is assigned directly."""

    def gives(self, licence: str) -> bool:
        """No."""
        return False

    def add(self, account: AccountId, licence: str) -> None:
        """Nothing: it is never asked for."""

    def remove(self, account: AccountId, licence: str) -> None:
        """Nothing."""
