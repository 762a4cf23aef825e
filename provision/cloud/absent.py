"""No cloud at all: for institutions whose accounts carry no licence, so that none of the cloud's steps is ever taken."""

from datetime import datetime
from typing import NoReturn

from config.errors import Misconfigured, Target
from provision.cloud.port import CloudUserId
from provision.directory.port import AccountId


class AbsentCloud:
    """Answers every question with what to configure."""

    def free_seats(self, licence: str) -> NoReturn:
        """Raises Misconfigured."""
        raise _absent()

    def recount(self) -> None:
        """Nothing is counted."""

    def request_sync(self) -> NoReturn:
        """Raises Misconfigured."""
        raise _absent()

    def find_user(self, account: AccountId) -> NoReturn:
        """Raises Misconfigured."""
        raise _absent()

    def synchronised_since(self, account: AccountId, moment: datetime) -> NoReturn:
        """Raises Misconfigured."""
        raise _absent()

    def assign_licence(self, user: CloudUserId, licence: str) -> NoReturn:
        """Raises Misconfigured."""
        raise _absent()

    def has_licence(self, user: CloudUserId, licence: str) -> NoReturn:
        """Raises Misconfigured."""
        raise _absent()

    def mailbox_ready(self, user: CloudUserId) -> NoReturn:
        """Raises Misconfigured."""
        raise _absent()

    def end_sessions(self, user: CloudUserId) -> NoReturn:
        """Raises Misconfigured."""
        raise _absent()

    def licences_of(self, user: CloudUserId) -> NoReturn:
        """Raises Misconfigured."""
        raise _absent()

    def remove_licence(self, user: CloudUserId, licence: str) -> NoReturn:
        """Raises Misconfigured."""
        raise _absent()

    def mailbox_fate(self, user: CloudUserId) -> NoReturn:
        """Raises Misconfigured."""
        raise _absent()

    def close(self) -> None:
        """Nothing is open."""


def _absent() -> Misconfigured:
    return Misconfigured(
        Target.CLOUD,
        'Esta instalación no tiene nube ([cloud] kind = "none") y la política de la institución pide una licencia.',
        remedy="Configure [cloud] o quite la licencia de la política.",
    )
