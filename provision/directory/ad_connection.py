"""One verified, encrypted connection to a domain controller: the only place that sends anything to the directory."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn
from urllib.parse import SplitResult, urlsplit

import ldap3
from ldap3.core.exceptions import LDAPException, LDAPInvalidDnError
from ldap3.utils.dn import parse_dn

from config.errors import Misconfigured, Target, Transient, Unreachable, WriteRefused
from provision.directory.ad_attributes import Entry
from provision.directory.ad_errors import NO_SUCH_OBJECT, NOT_ALLOWED_ON_NON_LEAF, Answer, bind_error, read_error

SHOW_DELETED = ("1.2.840.113556.1.4.417", True, None)
"""LDAP_SERVER_SHOW_DELETED_OID."""
_TREE_DELETE = ("1.2.840.113556.1.4.805", True, None)
"""LDAP_SERVER_TREE_DELETE_OID."""
PROTECTED_GROUPS = (
    "512", "516", "517", "518", "519", "520", "521", "526", "527",
    "S-1-5-32-544", "S-1-5-32-548", "S-1-5-32-549", "S-1-5-32-550", "S-1-5-32-551", "S-1-5-32-552",
)  # fmt: skip
"""Domain, schema and enterprise admins, controllers, certificate publishers, policy owners, key admins; administrators and
the account, server, print, backup and replication operators (Microsoft, "Protected accounts and groups", appendix C)."""
_PORTS = {"ldaps": 636, "ldap+starttls": 389}
_PAGE = 500

Control = tuple[str, bool, bytes | None]
Changes = Mapping[str, list[tuple[str, list[str | bytes]]]]


@dataclass(frozen=True, slots=True)
class ActiveDirectorySettings:
    """Where the domain is and as whom to act in it."""

    url: str
    """`ldaps://host:636`, or `ldap+starttls://host:389`. The certificate is always verified, its name too."""
    base_dn: str
    """Nothing outside this subtree is ever written."""
    user: str
    """The least-privilege service account, best as user@domain."""
    password: str = field(repr=False)
    ca_file: Path | None = None
    """The authority that signed the controller's certificate; None: those of the operating system."""
    marker_attribute: str = "msDS-cloudExtensionAttribute1"
    """Where the case number is kept: indexed, and in the schema of every Active Directory."""
    timeout_seconds: int = 15
    protected_groups: tuple[str, ...] = PROTECTED_GROUPS
    """SIDs (`S-1-5-32-544`), RIDs in the domain (`512`), or whole DNs; their members, nested too, are never touched."""
    mail_domains: tuple[str, ...] = ()
    """The institution's domains, those of its aliases too: where a login must not be anybody's address yet. Empty: any domain
    at all, which needs a search by prefix (slow on a big Samba domain, indexed on Microsoft's)."""
    ous: tuple[str, ...] = ()
    """The OUs and groups of the institution's policy, relative to the base: `check` looks at the rights on each."""
    groups: tuple[str, ...] = ()


class _VerifiedTls(ldap3.Tls):
    """TLS whose certificate and host name Python's own `ssl` verifies: ldap3's check knows no IP address after Python 3.11."""

    def __init__(self, ca_file: Path | None) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self.context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.refusal: ssl.SSLError | None = None

    def wrap_socket(self, connection: ldap3.Connection, do_handshake: bool = True) -> None:
        """Encrypt the connection's socket, verify the server, and remember why that failed (ldap3 keeps only the text)."""
        plain: socket.socket = connection.socket
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection.socket = self.context.wrap_socket(plain, server_hostname=connection.server.host)
        except ssl.SSLEOFError:
            raise  # cut, not refused
        except ssl.SSLError as error:
            self.refusal = error
            raise


class DirectoryConnection:
    """Opened at the first use, kept for the run. A read that finds it cut opens it once more; a write never repeats itself."""

    def __init__(self, settings: ActiveDirectorySettings, *, writable: bool) -> None:
        self._settings = settings
        self._writable = writable
        self._connection: ldap3.Connection | None = None

    def read(
        self, dn: str, attributes: Iterable[str], *, where: str = "(objectClass=*)", controls: Iterable[Control] = ()
    ) -> Entry | None:
        """The entry of this DN ("": the server's own), if it exists, may be read, and matches `where`."""
        answer, entries = self._search(dn, where, ldap3.BASE, attributes, controls)
        if answer.code == NO_SUCH_OBJECT:
            return None
        if not answer.succeeded:
            raise read_error(answer)
        return entries[0] if entries else None

    def search(
        self, base: str, where: str, attributes: Iterable[str], *, controls: Iterable[Control] = (), at_most: int = 0
    ) -> tuple[Entry, ...]:
        """Every entry of the subtree that matches, all pages; `at_most` (0: no limit) is for a look at a few.

        An answer that is not whole is an error. Raises Misconfigured when the base does not exist.
        """
        answer, entries = self._search(base, where, ldap3.SUBTREE, attributes, controls, at_most=at_most)
        if answer.code == NO_SUCH_OBJECT:
            raise Misconfigured(
                Target.DIRECTORY,
                f"La base «{base}» no existe en el Directorio Activo.",
                remedy="Revise base_dn en la configuración.",
            )
        if not answer.succeeded:
            raise read_error(answer)
        return entries

    def add(self, dn: str, attributes: Mapping[str, str | bytes | list[str]], *, doing: str) -> Answer:
        """Add an entry. Raises WriteRefused in a dry run, Transient when nobody knows whether it was done."""

        def send(connection: ldap3.Connection) -> None:
            operation: Callable[..., object] = connection.add  # ldap3's stubs leave it untyped
            operation(dn, attributes=dict(attributes))

        return self._write(doing, send)

    def modify(self, dn: str, changes: Changes, *, doing: str) -> Answer:
        """Change an entry, all or nothing. Raises WriteRefused in a dry run, Transient when nobody knows if it was done."""

        def send(connection: ldap3.Connection) -> None:
            operation: Callable[..., object] = connection.modify  # ldap3's stubs leave it untyped
            operation(dn, dict(changes))

        return self._write(doing, send)

    def rename(self, dn: str, name: str, *, parent: str | None, doing: str) -> Answer:
        """Give an entry this RDN and, with `parent`, another place, in one; it keeps its objectGUID. Raises as `add`."""

        def send(connection: ldap3.Connection) -> None:
            operation: Callable[..., object] = connection.modify_dn  # ldap3's stubs leave it untyped
            operation(dn, name, new_superior=parent)

        return self._write(doing, send)

    def delete(self, dn: str, *, doing: str) -> Answer:
        """Delete an entry, with all that is below it where there is something (code 66). Raises as `add`."""

        def deletion(controls: list[Control]) -> Callable[[ldap3.Connection], None]:
            def send(connection: ldap3.Connection) -> None:
                operation: Callable[..., object] = connection.delete  # ldap3's stubs leave it untyped
                operation(dn, controls=controls)

            return send

        answer = self._write(doing, deletion([]))
        return self._write(doing, deletion([_TREE_DELETE])) if answer.code == NOT_ALLOWED_ON_NON_LEAF else answer

    def refuse_in_dry_run(self, doing: str) -> None:
        """Raise WriteRefused when this connection may not write. `doing` is Spanish, in the infinitive."""
        if not self._writable:
            raise WriteRefused(f"Simulación: no se hizo lo siguiente en el Directorio Activo: {doing}.")

    def close(self) -> None:
        """Close the connection, if one was opened. Idempotent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(LDAPException, OSError):  # it may be gone already
                connection.unbind()
            _discard(connection)

    def _write(self, doing: str, send: Callable[[ldap3.Connection], object]) -> Answer:
        self.refuse_in_dry_run(doing)
        connection = self._opened()
        try:
            send(connection)
        except (LDAPException, OSError) as error:
            self.close()
            raise Transient(
                Target.DIRECTORY, f"Se cortó la conexión con el Directorio Activo al {doing}: se comprobará qué quedó hecho."
            ) from error
        answer = _answer(connection)
        if answer.connection_lost:
            self.close()
            raise Transient(Target.DIRECTORY, f"El Directorio Activo cerró la sesión al {doing} ({answer}).")
        return answer

    def _search(
        self,
        base: str,
        where: str,
        scope: Literal["BASE", "SUBTREE"],
        attributes: Iterable[str],
        controls: Iterable[Control],
        *,
        at_most: int = 0,
    ) -> tuple[Answer, tuple[Entry, ...]]:
        wanted, extra = list(attributes), list(controls)

        def one_pass(connection: ldap3.Connection) -> tuple[Answer, tuple[Entry, ...]]:
            entries: list[Entry] = []
            cookie: bytes | None = None
            while True:
                connection.search(
                    base,
                    where,
                    scope,
                    attributes=wanted,
                    controls=extra,
                    paged_size=None if scope == ldap3.BASE else min(at_most, _PAGE) or _PAGE,
                    paged_cookie=cookie,
                    time_limit=self._settings.timeout_seconds,
                )
                answer = _answer(connection)
                if not answer.succeeded:
                    return answer, ()
                entries.extend(_entries(connection))
                cookie = _next_page(connection)
                if not cookie or 0 < at_most <= len(entries):
                    return answer, tuple(entries)

        for last_try in (False, True):
            connection = self._opened()
            try:
                answer, found = one_pass(connection)
            except (LDAPException, OSError) as error:
                self.close()
                if last_try:
                    raise _no_answer(self._settings) from error
                continue
            if answer.connection_lost and not last_try:
                self.close()
                continue
            return answer, found
        raise _no_answer(self._settings)

    def _opened(self) -> ldap3.Connection:
        if self._connection is None:
            self._connection = _open(self._settings)
        return self._connection


def _open(settings: ActiveDirectorySettings) -> ldap3.Connection:
    place = _place(settings)
    try:
        parse_dn(settings.base_dn)
    except LDAPInvalidDnError as error:
        raise Misconfigured(
            Target.DIRECTORY,
            f"La base «{settings.base_dn}» no es un nombre distinguido (DN).",
            remedy="Escriba base_dn como «DC=entidad,DC=gov,DC=co» en la configuración.",
        ) from error
    if not settings.user or not settings.password:
        # A simple bind with an empty password succeeds as nobody (RFC 4513, 5.1.2).
        raise Misconfigured(
            Target.DIRECTORY,
            "Falta el usuario o la contraseña de la cuenta de servicio del Directorio Activo.",
            remedy="Complételos en la configuración.",
        )
    tls = _tls(settings)
    server = ldap3.Server(
        place.hostname or "",
        port=place.port or _PORTS[place.scheme],
        use_ssl=place.scheme == "ldaps",
        tls=tls,
        get_info=ldap3.NONE,
        connect_timeout=settings.timeout_seconds,
    )
    connection = ldap3.Connection(
        server,
        user=settings.user,
        password=settings.password,
        receive_timeout=settings.timeout_seconds,
        auto_referrals=False,
        check_names=False,
        auto_escape=False,
        auto_encode=False,
    )
    try:
        connection.open(read_server_info=False)
        if place.scheme == "ldap+starttls":
            connection.start_tls(read_server_info=False)
        connection.bind(read_server_info=False)
    except (LDAPException, OSError) as error:
        _discard(connection)
        _refuse_server(settings, tls, error)
    answer = _answer(connection)
    if not answer.succeeded:
        _discard(connection)
        raise bind_error(answer)
    return connection


def _place(settings: ActiveDirectorySettings) -> SplitResult:
    try:
        place = urlsplit(settings.url)
        usable = place.scheme in _PORTS and bool(place.hostname) and (place.port or 1) > 0
    except ValueError:
        usable = False
        place = SplitResult("", "", "", "", "")
    if not usable:
        raise Misconfigured(
            Target.DIRECTORY,
            f"La dirección del Directorio Activo «{settings.url}» no sirve: debe ser cifrada.",
            remedy="Escriba ldaps://servidor:636 o ldap+starttls://servidor:389; ldap:// no se admite.",
        )
    return place


def _tls(settings: ActiveDirectorySettings) -> _VerifiedTls:
    try:
        return _VerifiedTls(settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(
            Target.DIRECTORY,
            f"No se puede leer el certificado de la autoridad del dominio {settings.ca_file}: {error.strerror or 'no es PEM'}.",
            remedy="Revise ca_file en la configuración.",
        ) from error


def _refuse_server(settings: ActiveDirectorySettings, tls: _VerifiedTls, error: Exception) -> NoReturn:
    refusal = tls.refusal
    if isinstance(refusal, ssl.SSLCertVerificationError):
        raise Misconfigured(
            Target.DIRECTORY,
            f"El certificado del Directorio Activo en {settings.url} no es de confianza: {refusal.verify_message}.",
            remedy="Revise ca_file, el nombre del servidor en la dirección y la vigencia del certificado.",
        ) from error
    # A server that hangs up in the middle is going down or out of reach; one that speaks something else says so.
    if refusal is not None and not isinstance(refusal, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        raise Misconfigured(
            Target.DIRECTORY,
            f"No se pudo cifrar la conexión con {settings.url}: {refusal.reason or refusal.strerror}.",
            remedy="Revise que el puerto sea el de LDAPS y que el servidor admita TLS 1.2 o posterior.",
        ) from error
    raise _no_answer(settings) from error


def _no_answer(settings: ActiveDirectorySettings) -> Unreachable:
    return Unreachable(
        Target.DIRECTORY,
        f"El Directorio Activo no responde en {settings.url}.",
        remedy="Revise la red y que el controlador de dominio esté en servicio; se intentará de nuevo en la próxima ejecución.",
    )


def _discard(connection: ldap3.Connection) -> None:
    """Give the socket back in any case: ldap3 keeps it when connecting, encrypting or unbinding failed."""
    left: socket.socket | None = connection.socket
    with contextlib.suppress(LDAPException, OSError):
        connection.strategy.close()
    if left is not None:
        left.close()


def _answer(connection: ldap3.Connection) -> Answer:
    return Answer(int(connection.result["result"]), str(connection.result.get("message") or ""))


def _entries(connection: ldap3.Connection) -> Iterable[Entry]:
    for item in connection.response or ():
        if item["type"] == "searchResEntry":  # the others are referrals to other domains
            raw: Mapping[str, list[bytes]] = item["raw_attributes"]
            yield Entry(item["dn"], {name.partition(";")[0].lower(): tuple(values) for name, values in raw.items() if values})


def _next_page(connection: ldap3.Connection) -> bytes | None:
    page = connection.result.get("controls", {}).get("1.2.840.113556.1.4.319")
    return page["value"]["cookie"] if page else None
