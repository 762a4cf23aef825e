"""`gestion doctor` on the accounts' side: the directory, Microsoft 365 and its permissions, licences, backups."""

from typing import TYPE_CHECKING, assert_never

from config.errors import Misconfigured
from config.settings_accounts import BackupByHand, CloudEmbedded, CloudNone, DirectoryEmbedded
from config.settings_microsoft import BackupByGraph, BouncesByGraph, CloudByGraph, MailByGraph
from intake.doctor_findings import Finding, bad, doubtful, good, nearest_folder, unwritable
from intake.doctor_machine import room_findings
from intake.wiring import Installation
from intake.wiring_accounts import policy_groups, policy_ous

if TYPE_CHECKING:
    from provision.cloud.graph_permissions import GraphUse


def directory_findings(installation: Installation) -> list[Finding]:
    """The directory answers, and has every OU and group of the policy and the rights that the program needs."""
    problems = installation.directory.check()
    if problems:
        return [bad(problem) for problem in problems]
    section = installation.settings.directory
    if isinstance(section, DirectoryEmbedded):
        message = f"Es un directorio de demostración ({section.path}): no crea cuentas de verdad."
        return [doubtful(message, 'Para producción use [directory] kind = "active_directory".')]
    ous, groups = len(policy_ous(installation.policy)), len(policy_groups(installation.policy))
    found = f"encontró las {ous} OU y los {groups} grupos de la política"
    return [good(f"{section.url} responde, {found}, y la cuenta {section.user} tiene lo que necesita.")]


def microsoft_findings(installation: Installation) -> list[Finding]:
    """What the application may do in the tenant, beside what the settings have it do; nothing without [microsoft]."""
    settings = installation.settings
    if settings.microsoft is None:
        return []
    if not any(section.kind == "graph" for section in (settings.cloud, settings.mail, settings.bounces, settings.backup)):
        return [doubtful("La sección [microsoft] está escrita y ninguna otra la usa.", 'Bórrela, o use kind = "graph".')]
    from provision.cloud.graph_permissions import permission_findings  # with Microsoft's libraries

    findings = permission_findings(installation.graph, _uses_of(installation))
    remedy = "Dé el permiso en Entra: Registros de aplicaciones → Permisos de API → Permisos de aplicación, con consentimiento."
    lacking = [bad(each.said, remedy) for each in findings if not each.granted and not each.scoped]
    unseen = [doubtful(each.said, "Compruébelo en Exchange.") for each in findings if not each.granted and each.scoped]
    granted = sum(each.granted for each in findings)
    message = f"El inquilino {settings.microsoft.tenant} responde; {granted} de {len(findings)} permisos comprobados."
    return [good(message), *lacking, *unseen]


def _uses_of(installation: Installation) -> "frozenset[GraphUse]":
    from provision.cloud.graph_permissions import GraphUse

    settings, policy = installation.settings, installation.policy
    uses: set[GraphUse] = set()
    if isinstance(settings.cloud, CloudByGraph):
        licences = {rules.licence for rules in policy.accounts.values() if rules.licence}
        uses |= {GraphUse.SESSIONS, GraphUse.MAILBOXES}
        uses |= {GraphUse.LICENCES} if licences - policy.licence_groups.keys() else set()
        uses |= {GraphUse.LICENCES_BY_GROUP} if licences & policy.licence_groups.keys() else set()
    if isinstance(settings.backup, BackupByGraph):
        uses.add(GraphUse.BACKUP)
    if isinstance(settings.mail, MailByGraph):
        uses.add(GraphUse.MAIL)
    if isinstance(settings.bounces, BouncesByGraph):
        uses.add(GraphUse.BOUNCES)
    return frozenset(uses)


def cloud_findings(installation: Installation) -> list[Finding]:
    """Each licence of the policy exists in the cloud, and how many seats of it are free."""
    section = installation.settings.cloud
    found: list[Finding] = []
    match section:
        case CloudNone():
            return [good("No hay nube: la política no da licencias.")]
        case CloudEmbedded():
            demonstration = (
                f"Es una nube de demostración ({section.path}): las licencias se asignan y los buzones se crean por fuera."
            )
            found.append(doubtful(demonstration, "Compruebe en la nube real que cada cuenta quede con su licencia."))
        case CloudByGraph():
            pass
        case _ as never:
            assert_never(never)
    licences = sorted({rules.licence for rules in installation.policy.accounts.values() if rules.licence})
    for licence in licences:
        try:
            free = installation.cloud.free_seats(licence)
        except Misconfigured as error:
            found.append(bad(error.message, error.remedy))
            continue
        message = f"Licencia {licence}: {free} cupos libres."
        found.append(good(message) if free else doubtful(message, "Las solicitudes que la necesiten esperarán un cupo."))
    return found or [good("La política no da licencias.")]


def backup_findings(installation: Installation) -> list[Finding]:
    """The folder of the backups can be written and has room; mailboxes that nobody copies are said."""
    section = installation.settings.backup
    if isinstance(section, BackupByHand):
        takes_copies = installation.policy.leaving.back_up_and_remove_licence or installation.policy.deletes_accounts
        message = "Los buzones los copia la mesa de servicio con sus herramientas, y lo confirma en el tablero."
        return [good(message if takes_copies else "La política no pide copias de los buzones.")]
    if section.path.exists():
        problem = unwritable(section.path)
        if problem is None and section.path.stat().st_mode & 0o077:
            advice = f"Protéjala con: chmod 700 {section.path}"
            problem = doubtful(f"Otras personas del equipo pueden entrar a {section.path}, donde hay correos.", advice)
    else:
        problem = unwritable(nearest_folder(section.path.parent))
    where = f"Las copias van a {section.path}{'' if section.path.exists() else ', que se creará'}."
    return [problem if problem is not None else good(where), *room_findings(nearest_folder(section.path))]
