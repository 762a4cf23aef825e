"""The embedded directory's computers."""

import sqlite3

from config.stop_point import StopPoint
from provision.directory.account_rules import folded
from provision.directory.embedded_accounts import IN_BASE, EmbeddedAccounts
from provision.directory.port import AccountId, Computer, ComputerId
from provision.directory.refusals import CONTROLLER, NO_COMPUTER, OUTSIDE, refused


class EmbeddedComputers:
    """Computers, with `ActiveDirectory`'s stop points."""

    def __init__(self, accounts: EmbeddedAccounts, stop_point: StopPoint) -> None:
        self._accounts = accounts
        self._stop_point = stop_point

    def of(self, id: AccountId) -> tuple[Computer, ...]:
        """See the port; also those outside the base, which a person has to see to."""
        return tuple(map(self._computer, self._rows("managed_by = ?", id)))

    def find(self, name: str) -> Computer | None:
        """See the port."""
        found = self._rows(f"name_folded = ? AND {IN_BASE}", folded(name.strip().removesuffix("$")), self._accounts.suffix)
        return self._computer(found[0]) if found else None

    def remove(self, id: ComputerId) -> None:
        """See the port."""
        accounts = self._accounts
        accounts.refuse_in_dry_run(f"retirar del dominio el equipo {id}")
        accounts.refuse_no_identifier(id)
        row = next(iter(self._rows("id = ?", id)), None)
        if row is None:
            if accounts.one("id = ?", id):
                raise refused("retirar del dominio una cuenta como si fuera un equipo", NO_COMPUTER)
            return
        doing = f"retirar del dominio el equipo {row['name']}"
        if not row["dn_folded"].endswith(accounts.suffix):
            raise refused(doing, OUTSIDE)
        if row["controller"]:
            raise refused(doing, CONTROLLER)
        if row["enabled"]:
            accounts.execute(("UPDATE computer SET enabled = 0 WHERE id = ?", (id,)))
            self._stop_point("directory.computer.disabled")
        accounts.execute(("UPDATE computer SET deleted = 1 WHERE id = ?", (id,)))
        self._stop_point("directory.computer.removed")

    def _rows(self, where: str, *values: object) -> list[sqlite3.Row]:
        return self._accounts.query(f"SELECT * FROM computer WHERE deleted = 0 AND ({where}) ORDER BY name_folded", *values)

    def _computer(self, row: sqlite3.Row) -> Computer:
        manager = self._accounts.one("id = ?", row["managed_by"])
        return Computer(
            id=ComputerId(row["id"]),
            name=row["name"],
            dn=row["dn"],
            managed_by_dn=manager["dn"] if manager else None,
            enabled=bool(row["enabled"]),
            children=row["children"],
        )
