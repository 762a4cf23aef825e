"""What is wrong with a domain, or with the program's rights in it, before anything is tried (`gestion doctor`)."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from ldap3.utils.conv import escape_filter_chars

from provision.directory.ad_attributes import from_generalized_time
from provision.directory.ad_connection import SHOW_DELETED, ActiveDirectorySettings, DirectoryConnection
from provision.directory.ad_protection import Protection, inside, same_dn

_CLOCK_TOLERANCE = timedelta(minutes=5)
"""Kerberos' own: beyond it the domain has other troubles too."""
_WRITTEN = (
    "userAccountControl", "pwdLastSet", "unicodePwd", "lockoutTime", "accountExpires", "manager", "givenName", "sn",
    "displayName", "title", "department", "mobile", "proxyAddresses",
)  # fmt: skip


def problems_of(
    settings: ActiveDirectorySettings, connection: DirectoryConnection, protection: Protection, now: datetime
) -> tuple[str, ...]:
    """Spanish sentences, each with what to do. Reads only.

    Raises Misconfigured or Unreachable when the directory cannot even be asked. The rights to write accounts can only be
    seen on an account: where the base holds none yet, that part is not checked.
    """
    problems = [*_clock_problems(connection, now)]
    root = protection.root
    if not (same_dn(settings.base_dn, root) or inside(settings.base_dn, root)):
        problems.append(f"La base «{settings.base_dn}» no es del dominio «{root}». Corrija base_dn en la configuración.")
        return tuple(problems)
    if connection.read(settings.base_dn, ["cn"]) is None:
        problems.append(f"La base «{settings.base_dn}» no existe o no se puede leer. Corrija base_dn en la configuración.")
        return tuple(problems)
    problems += _server_problems(settings, root)
    problems += _marker_problems(settings, connection, protection)
    problems += _place_problems(settings, connection)
    problems += _account_problems(settings, connection, protection)
    deleted = connection.read(f"CN=Deleted Objects,{root}", ["cn"], controls=[SHOW_DELETED])
    if deleted is None or deleted.text("cn") is None:  # Samba shows the bare entry to everybody
        problems.append(
            "La cuenta de servicio no puede leer las cuentas eliminadas: un nombre de usuario eliminado podría volver a darse. "
            f'Ejecute en el dominio: dsacls "CN=Deleted Objects,{root}" /G CUENTA:LCRP.'
        )
    return tuple(problems)


def _clock_problems(connection: DirectoryConnection, now: datetime) -> list[str]:
    server = connection.read("", ["currentTime"])
    text = server.text("currentTime") if server else None
    if text is None or abs(from_generalized_time(text) - now) <= _CLOCK_TOLERANCE:
        return []
    minutes = int(abs(from_generalized_time(text) - now).total_seconds() // 60)
    return [f"El reloj de este equipo y el del Directorio Activo difieren en {minutes} minutos. Sincronice el reloj."]


def _server_problems(settings: ActiveDirectorySettings, root: str) -> list[str]:
    """The domain's own name leads to any controller: after a crash another one may not have heard of the new account yet."""
    domain = ".".join(part.partition("=")[2] for part in root.split(",")).casefold()
    if (urlsplit(settings.url).hostname or "").casefold() != domain:
        return []
    problem = (
        f"La dirección {settings.url} es la del dominio y lleva a cualquier controlador. "
        "Escriba el nombre de uno solo: así lo recién creado se encuentra siempre."
    )
    return [problem]


def _marker_problems(settings: ActiveDirectorySettings, connection: DirectoryConnection, protection: Protection) -> list[str]:
    name = settings.marker_attribute
    where = f"(lDAPDisplayName={escape_filter_chars(name)})"
    if protection.schema and connection.search(protection.schema, where, ["cn"], at_most=1):
        return []
    return [f"El atributo «{name}» no existe en el esquema del dominio. Corrija marker_attribute en la configuración."]


def _place_problems(settings: ActiveDirectorySettings, connection: DirectoryConnection) -> list[str]:
    problems = []
    for ou in settings.ous:
        dn = f"{ou},{settings.base_dn}"
        entry = connection.read(dn, ["allowedChildClassesEffective"])
        if entry is None:
            problems.append(f"La unidad organizativa «{dn}» no existe. Créela o corrija la política de la institución.")
        elif "user" not in entry.texts("allowedChildClassesEffective"):
            problems.append(f"La cuenta de servicio no puede crear cuentas en «{dn}». Delegue ese permiso.")
    if not settings.ous:
        found = connection.search(settings.base_dn, "(objectClass=organizationalUnit)", ["allowedChildClassesEffective"])
        if not any("user" in entry.texts("allowedChildClassesEffective") for entry in found):
            problems.append(
                f"La cuenta de servicio no puede crear cuentas en ninguna unidad organizativa de «{settings.base_dn}». "
                "Delegue ese permiso."
            )
    for group in settings.groups:
        dn = f"{group},{settings.base_dn}"
        entry = connection.read(dn, ["allowedAttributesEffective"], where="(objectClass=group)")
        if entry is None:
            problems.append(f"El grupo «{dn}» no existe. Créelo o corrija la política de la institución.")
        elif "member" not in entry.texts("allowedAttributesEffective"):
            problems.append(f"La cuenta de servicio no puede agregar miembros a «{dn}». Delegue ese permiso.")
    return problems


def _account_problems(settings: ActiveDirectorySettings, connection: DirectoryConnection, protection: Protection) -> list[str]:
    problems = []
    name = escape_filter_chars(settings.user.rpartition("\\")[2].partition("@")[0])
    text = escape_filter_chars(settings.user)
    where = f"(|(sAMAccountName={name})(userPrincipalName={text})(distinguishedName={text}))"
    wanted = ("adminCount", "objectSid", "primaryGroupID", "sAMAccountName", "userPrincipalName")
    if any(protection.protects(entry) for entry in connection.search(protection.root, where, wanted)):
        problems.append(
            "La cuenta de servicio pertenece a un grupo de administradores del dominio. Use una de mínimo privilegio: "
            "si alguien la toma, toma el dominio."
        )
    needed = {*_WRITTEN, settings.marker_attribute}
    for ou in settings.ous:
        dn = f"{ou},{settings.base_dn}"
        if connection.read(dn, ["cn"]) is None:
            continue  # said already
        where = "(&(objectCategory=person)(objectClass=user))"
        people = connection.search(dn, where, ["allowedAttributesEffective"], at_most=1)
        missing = needed.difference(*(person.texts("allowedAttributesEffective") for person in people)) if people else set()
        if missing:
            problems.append(
                f"La cuenta de servicio no puede escribir en las cuentas de «{ou}»: {', '.join(sorted(missing))}. "
                "Delegue ese permiso."
            )
    return problems
