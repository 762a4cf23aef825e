"""Refusals that both directories make in the same words."""

from config.errors import AlreadyExists, NotFound, Rejected, Target
from provision.directory.port import AccountChanges, AccountId

_BY_ADMINISTRATOR = "Si el cambio es correcto, lo debe hacer el administrador del dominio."

OUTSIDE = "está fuera de la base configurada"
NO_PERSON = "no es la cuenta de una persona"
OWN_ACCOUNT = "es la cuenta de servicio del propio programa"
PROTECTED = "es una cuenta protegida del dominio"
CONTROLLER = "es un controlador de dominio"
NO_COMPUTER = "no es un equipo"


def refused(doing: str, why: str) -> Rejected:
    """The program will not do this. `doing` is Spanish, in the infinitive; `why` is a sentence without its subject."""
    return Rejected(Target.DIRECTORY, f"El programa se niega a {doing}: {why}.", remedy=_BY_ADMINISTRATOR)


def no_account(id: AccountId, base_dn: str) -> NotFound:
    """No account of the domain has this id."""
    return NotFound(
        Target.DIRECTORY,
        f"La cuenta {id} no está en la base «{base_dn}»: no existe o el programa no la puede ver.",
        remedy="Revise la cuenta en el directorio.",
    )


def no_identifier(id: str) -> Rejected:
    """Text that never was an id must not be taken for an object that is gone."""
    return Rejected(
        Target.DIRECTORY,
        f"«{id[:60]}» no es un identificador del directorio.",
        remedy="Informe este error a quien mantiene el programa.",
    )


def several(what: str, logins: list[str]) -> Rejected:
    """More than one account where there must be one."""
    return Rejected(
        Target.DIRECTORY,
        f"Varias cuentas {what}: {', '.join(sorted(logins)[:5])}.",
        remedy="Corrija el dato en el directorio para que sea de una sola cuenta y reintente.",
    )


def no_manager(mail: str) -> NotFound:
    """Nobody has the supervisor's mail."""
    return NotFound(
        Target.DIRECTORY,
        f"Nadie tiene el correo {mail[:80]} en el directorio: no se puede registrar como jefe o supervisor.",
        remedy="Corrija el correo del supervisor o del responsable en la solicitud.",
    )


def no_group(dn: str) -> NotFound:
    """The group does not exist."""
    return NotFound(
        Target.DIRECTORY,
        f"El grupo «{dn}» no existe en el directorio.",
        remedy="Créelo o corrija la política de la institución, y reintente.",
    )


def no_ou(ou: str) -> NotFound:
    """The OU does not exist."""
    return NotFound(
        Target.DIRECTORY,
        f"En el directorio no existe la unidad organizativa «{ou}».",
        remedy="Créela o corrija la política de la institución, y reintente.",
    )


def login_taken(login: str, why: str) -> AlreadyExists:
    """Another account has the login or the user principal name."""
    return AlreadyExists(
        Target.DIRECTORY,
        f"El nombre de usuario {login} ya está en uso: {why}.",
        remedy="Reintente: se escoge otro nombre.",
    )


def alias_taken(changes: AccountChanges) -> AlreadyExists:
    """The alias is somebody else's login or address."""
    return AlreadyExists(
        Target.DIRECTORY,
        f"El alias {(changes.add_alias or '')[:80]} ya está en uso: otra cuenta del directorio tiene ese nombre.",
        remedy="Escoja otro alias.",
    )


def name_taken(login: str, ou: str) -> AlreadyExists:
    """Neither the person's name nor the name with the login is free in the OU."""
    return AlreadyExists(
        Target.DIRECTORY,
        f"La cuenta {login} no se puede dejar en «{ou}»: otros objetos tienen ya su nombre, solo y con el usuario.",
        remedy="Cambie el nombre del otro objeto en el directorio y reintente.",
    )


def disabled(login: str) -> Rejected:
    """A password is not changed for an account that nobody may use."""
    return Rejected(
        Target.DIRECTORY,
        f"La cuenta {login} está inhabilitada: no se le asigna contraseña.",
        remedy="Pida antes la activación de la cuenta.",
    )


def still_enabled(login: str) -> Rejected:
    """Nothing is deleted that somebody can still use."""
    return Rejected(
        Target.DIRECTORY,
        f"La cuenta {login} está habilitada: solo se elimina una cuenta inhabilitada.",
        remedy="Revise por qué volvió a habilitarse; inhabilítela y reintente si debe eliminarse.",
    )


def not_of_case(login: str, case: str) -> Rejected:
    """The account does not carry the case's marker."""
    return Rejected(
        Target.DIRECTORY,
        f"La cuenta {login} no fue creada por el caso {case}: no se le asigna contraseña.",
        remedy="Revise a qué caso pertenece la cuenta antes de reintentar.",
    )


def another_person(case: str, login: str, wanted: str) -> Rejected:
    """A marker alone is not enough: after a restored backup a case number may have been given twice."""
    return Rejected(
        Target.DIRECTORY,
        f"El caso {case} ya tiene la cuenta {login}, que no es la que se pide crear ({wanted[:40]}).",
        remedy="Revise a quién pertenece esa cuenta; no se creó ni se cambió ninguna.",
    )
