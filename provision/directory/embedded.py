"""A directory in one SQLite file that refuses what Active Directory refuses: for the demonstration and for tests.

Not for an institution's accounts: nobody logs on with it, except through `authenticate` and `change_password`, which let a
test or the demonstration act as the person who got the access data.
"""

import secrets
import sqlite3
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from config.errors import AlreadyExists, NotFound, Rejected, Target, TargetError, WriteRefused
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber
from provision.directory.account_rules import common_name, folded, refuse_malformed, refuse_weak
from provision.directory.embedded_store import (
    SeededAccount,
    escaped_name,
    hashed,
    local_part,
    matches,
    opened,
    query,
    seed,
    transaction,
)
from provision.directory.port import Account, AccountId, NewAccount, Password
from provision.passwords import random_password

__all__ = ["EmbeddedDirectory", "SeededAccount", "seed"]


def _now() -> datetime:
    return datetime.now(UTC)


class EmbeddedDirectory:
    """`provision.directory.port.Directory` on a file that `seed` made. One instance belongs to one thread.

    Names are unique as in Active Directory: without regard to case and accents. `stop_point` is called with the same names and
    at the same places as by `ActiveDirectory`; `clock` decides when an account has expired.
    """

    def __init__(
        self,
        path: Path,
        base_dn: str,
        writable: bool = True,
        clock: Callable[[], datetime] = _now,
        stop_point: StopPoint = let_go,
        service_login: str = "svc-gestion",
    ) -> None:
        self._path = path
        self._base = base_dn
        self._writable = writable
        self._clock = clock
        self._stop_point = stop_point
        self._service_login = service_login
        self._connection: sqlite3.Connection | None = None

    def find_by_case(self, case: CaseNumber) -> Account | None:
        """See the port; also an account outside the base, which is then refused instead of made a second time."""
        row = self._one("marker = ?", case)
        return self._account(row) if row else None

    def find_by_document(self, employee_id: str) -> tuple[Account, ...]:
        """See the port. Exact text: leading zeros count."""
        return tuple(map(self._account, self._rows("employee_id = ? AND " + _IN_BASE, employee_id, self._suffix)))

    def find_by_mail(self, mail: str) -> Account | None:
        """See the port. Raises Rejected when several accounts share the address."""
        row = self._row_of_mail(mail)
        return self._account(row) if row else None

    def names_in_use(self, names: Iterable[str]) -> frozenset[str]:
        """See the port; deleted accounts count."""
        asked = {name: folded(name) for name in names}
        marks = ", ".join("?" * len(asked))
        text = f"SELECT DISTINCT name_folded FROM account_name WHERE name_folded IN ({marks})"
        taken = {row[0] for row in self._query(text, *asked.values())}
        return frozenset(name for name, plain in asked.items() if plain in taken)

    def create(self, account: NewAccount) -> Account:
        """See the port: one transaction for the account, then one for each group, like the writes to a domain controller."""
        doing = f"crear la cuenta {account.login[:40]}"
        self._refuse_in_dry_run(doing)
        refuse_malformed(account)
        manager_dn = self._manager_dn(account.manager_mail) if account.manager_mail else None
        groups = [self._group_folded(group) for group in account.groups]
        row = self._one("marker = ?", account.case)
        if row is None:
            row = self._add(account, manager_dn)
        self._refuse_another_person(row, account)
        self._refuse_untouchable(row, f"completar la cuenta {row['login']}")
        if manager_dn and not row["manager_dn"]:
            self._execute("UPDATE account SET manager_dn = ? WHERE id = ?", manager_dn, row["id"])
            self._stop_point("directory.manager.set")
        present = {member[0] for member in self._query("SELECT group_folded FROM membership WHERE account_id = ?", row["id"])}
        for group in groups:
            if group not in present:
                self._execute("INSERT OR IGNORE INTO membership VALUES (?, ?)", group, row["id"])
                self._stop_point("directory.group.added")
        return self._account(self._row_of_id(AccountId(row["id"])))

    def issue_password(self, id: AccountId, case: CaseNumber, password: Password) -> None:
        """See the port."""
        self._refuse_in_dry_run("asignar una contraseña")
        row = self._row_of_id(id)
        self._refuse_untouchable(row, f"asignar la contraseña de {row['login']}")
        if row["marker"] != case:
            raise Rejected(
                Target.DIRECTORY,
                f"La cuenta {row['login']} no fue creada por el caso {case}: no se le asigna contraseña.",
                remedy="Revise a qué caso pertenece la cuenta antes de reintentar.",
            )
        refuse_weak(password, row["login"], row["display_name"])
        self._set_password(row["id"], password, "enabled = 1, must_change = 1, password_set_at = NULL", ())
        self._stop_point("directory.password.issued")

    def authenticate(self, login: str, password: str) -> bool:
        """Whether this person could log on now: right password, enabled, not expired, and not obliged to change it first."""
        row = self._row_of_login(login)
        return row is not None and not row["must_change"] and self._may_enter(row, Password(password))

    def change_password(self, login: str, old: str, new: str) -> None:
        """As the user at the logon screen. Raises Rejected for a wrong old password, a weak or repeated new one."""
        row = self._row_of_login(login)
        if row is None or not self._may_enter(row, Password(old)):
            raise Rejected(Target.DIRECTORY, "El usuario o la contraseña no son correctos.", remedy="Escríbalos de nuevo.")
        refuse_weak(Password(new), row["login"], row["display_name"])
        if new == old:
            raise Rejected(Target.DIRECTORY, "La contraseña nueva es igual a la anterior.", remedy="Escoja otra.")
        self._refuse_in_dry_run("cambiar la contraseña")
        now = self._clock().astimezone(UTC).isoformat()
        self._set_password(row["id"], Password(new), "must_change = 0, password_set_at = ?", (now,))

    def check(self) -> tuple[str, ...]:
        """See the port."""
        try:
            found = self._query("SELECT dn FROM container WHERE dn_folded = ?", folded(self._base))
        except TargetError as error:
            return (str(error),)
        if found:
            return ()
        return (f"La base «{self._base}» no existe en el directorio incorporado {self._path}. Corrija la configuración.",)

    def close(self) -> None:
        """See the port."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @property
    def _suffix(self) -> str:
        return "," + folded(self._base)

    def _add(self, account: NewAccount, manager_dn: str | None) -> sqlite3.Row:
        parent = f"{account.ou},{self._base}"
        if not self._query("SELECT 1 FROM container WHERE dn_folded = ?", folded(parent)):
            raise NotFound(
                Target.DIRECTORY,
                f"En el directorio no existe la unidad organizativa «{account.ou}».",
                remedy="Créela o corrija la política de la institución, y reintente.",
            )
        salt = secrets.token_bytes(16)
        fields: dict[str, object] = {
            "id": str(uuid.uuid4()), "marker": account.case,
            "login": account.login, "login_folded": folded(account.login),
            "upn": account.user_principal_name, "upn_folded": folded(account.user_principal_name),
            "mail": account.mail, "mail_folded": folded(account.mail),
            "given_name": account.given_name, "surname": account.surname, "display_name": account.display_name,
            "employee_id": account.employee_id, "manager_dn": manager_dn,
            "expires_at": account.expires_at.astimezone(UTC).isoformat() if account.expires_at else None,
            "title": account.title, "department": account.department, "company": account.company, "mobile": account.mobile,
            "enabled": 0, "protected": 0, "must_change": 1, "salt": salt, "password_hash": hashed(random_password(), salt),
        }  # fmt: skip
        for qualified in (False, True):
            dn = f"CN={escaped_name(common_name(account, qualified=qualified))},{parent}"
            row = self._insert(fields | {"dn": dn, "dn_folded": folded(dn)})
            if row is not None:
                self._stop_point("directory.account.added")
                return row
            twin = self._one("marker = ?", account.case)
            if twin is not None:
                return twin
            if self._one("login_folded = ? OR upn_folded = ?", folded(account.login), folded(account.user_principal_name)):
                break
        raise AlreadyExists(
            Target.DIRECTORY,
            f"El nombre de usuario {account.login} ya está en uso: otra cuenta del directorio lo tiene.",
            remedy="Reintente: se escoge otro nombre.",
        )

    def _insert(self, fields: dict[str, object]) -> sqlite3.Row | None:
        """None when a name or the marker is taken."""
        names, marks = ", ".join(fields), ", ".join(f":{name}" for name in fields)
        database = self._opened()
        try:
            with transaction(database, self._path):
                database.execute(f"INSERT INTO account ({names}) VALUES ({marks})", fields)
                taken = {folded(local_part(str(fields[key]))) for key in ("login", "upn", "mail")}
                database.executemany("INSERT INTO account_name VALUES (?, ?)", [(fields["id"], name) for name in taken])
        except sqlite3.IntegrityError:
            return None
        return self._one("id = ?", str(fields["id"]))

    def _set_password(self, id: str, password: Password, assignments: str, values: tuple[str, ...]) -> None:
        salt = secrets.token_bytes(16)
        text = f"UPDATE account SET salt = ?, password_hash = ?, {assignments} WHERE id = ?"
        self._execute(text, salt, hashed(password, salt), *values, id)

    def _may_enter(self, row: sqlite3.Row, password: Password) -> bool:
        expired = row["expires_at"] is not None and datetime.fromisoformat(row["expires_at"]) <= self._clock()
        return bool(row["enabled"]) and not expired and matches(password, row["salt"], row["password_hash"])

    def _manager_dn(self, mail: str) -> str:
        row = self._row_of_mail(mail)
        if row is None:
            raise NotFound(
                Target.DIRECTORY,
                f"Nadie tiene el correo {mail[:80]} en el directorio: no se puede registrar como jefe o supervisor.",
                remedy="Corrija el correo del supervisor o del responsable en la solicitud.",
            )
        return str(row["dn"])

    def _group_folded(self, relative_dn: str) -> str:
        dn = f"{relative_dn},{self._base}"
        found = self._query("SELECT protected FROM user_group WHERE dn_folded = ?", folded(dn))
        if not found:
            raise NotFound(
                Target.DIRECTORY,
                f"El grupo «{dn}» no existe en el directorio.",
                remedy="Créelo o corrija la política de la institución, y reintente.",
            )
        if found[0]["protected"]:
            raise _refused(f"agregar miembros a «{dn}»", "es un grupo protegido del dominio")
        return folded(dn)

    def _row_of_mail(self, mail: str) -> sqlite3.Row | None:
        address = folded(mail.strip())
        found = self._rows("(mail_folded = ? OR upn_folded = ?)", address, address)
        if len(found) > 1:
            raise Rejected(
                Target.DIRECTORY,
                f"Varias cuentas tienen el correo {mail.strip()[:80]}.",
                remedy="Corrija el dato en el directorio para que sea de una sola cuenta y reintente.",
            )
        return found[0] if found else None

    def _row_of_login(self, login: str) -> sqlite3.Row | None:
        return self._one("(login_folded = ? OR upn_folded = ?)", folded(login), folded(login))

    def _row_of_id(self, id: AccountId) -> sqlite3.Row:
        row = self._one("id = ? AND " + _IN_BASE, id, self._suffix)
        if row is None:
            raise NotFound(
                Target.DIRECTORY,
                f"La cuenta {id} no está en la base «{self._base}»: no existe o está fuera de lo que el programa puede tocar.",
                remedy="Revise la cuenta en el directorio.",
            )
        return row

    def _refuse_another_person(self, row: sqlite3.Row, account: NewAccount) -> None:
        """As in `ActiveDirectory`: a marker alone is not enough."""
        if row["login_folded"] == folded(account.login) and (row["employee_id"] or None) == (account.employee_id or None):
            return
        raise Rejected(
            Target.DIRECTORY,
            f"El caso {account.case} ya tiene la cuenta {row['login']}, que no es la que se pide crear ({account.login[:40]}).",
            remedy="Revise a quién pertenece esa cuenta; no se creó ni se cambió ninguna.",
        )

    def _refuse_untouchable(self, row: sqlite3.Row, doing: str) -> None:
        if not row["dn_folded"].endswith(self._suffix):
            raise _refused(doing, "está fuera de la base configurada")
        if row["login_folded"] == folded(self._service_login):
            raise _refused(doing, "es la cuenta de servicio del propio programa")
        if self._protected(row):
            raise _refused(doing, "es una cuenta protegida del dominio")

    def _protected(self, row: sqlite3.Row) -> bool:
        text = "SELECT 1 FROM membership JOIN user_group ON dn_folded = group_folded WHERE account_id = ? AND protected"
        return bool(row["protected"]) or bool(self._query(text, row["id"]))

    def _refuse_in_dry_run(self, doing: str) -> None:
        if not self._writable:
            raise WriteRefused(f"Simulación: no se hizo lo siguiente en el directorio: {doing}.")

    def _rows(self, where: str, *values: object) -> list[sqlite3.Row]:
        return self._query(f"SELECT * FROM account WHERE deleted = 0 AND ({where}) ORDER BY login_folded", *values)

    def _one(self, where: str, *values: object) -> sqlite3.Row | None:
        return next(iter(self._rows(where, *values)), None)

    def _query(self, text: str, *values: object) -> list[sqlite3.Row]:
        return query(self._opened(), self._path, text, values)

    def _execute(self, text: str, *values: object) -> None:
        database = self._opened()
        with transaction(database, self._path):
            database.execute(text, values)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = opened(self._path, writable=self._writable)
        return self._connection

    def _account(self, row: sqlite3.Row) -> Account:
        groups = "SELECT dn FROM membership JOIN user_group ON dn_folded = group_folded WHERE account_id = ? ORDER BY dn"
        return Account(
            id=AccountId(row["id"]),
            login=row["login"],
            user_principal_name=row["upn"],
            mail=row["mail"],
            display_name=row["display_name"],
            dn=row["dn"],
            enabled=bool(row["enabled"]),
            case=CaseNumber(row["marker"]) if row["marker"] else None,
            employee_id=row["employee_id"],
            manager_dn=row["manager_dn"],
            expires_at=datetime.fromisoformat(row["expires_at"]) if row["expires_at"] else None,
            group_dns=tuple(group["dn"] for group in self._query(groups, row["id"])),
            must_change_password=bool(row["must_change"]),
            password_set_at=datetime.fromisoformat(row["password_set_at"]) if row["password_set_at"] else None,
            protected=self._protected(row),
        )


_IN_BASE = "substr(dn_folded, -length(?2)) = ?2"


def _refused(doing: str, why: str) -> Rejected:
    return Rejected(
        Target.DIRECTORY,
        f"El programa se niega a {doing}: {why}.",
        remedy="Si el cambio es correcto, lo debe hacer el administrador del dominio.",
    )
