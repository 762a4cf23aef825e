"""What was taken from accounts and kept of them: holds, backups, deletions, campaigns and batches beyond the cap. Pure."""

from collections import Counter
from datetime import date, timedelta

from config.dates import local_date
from config.vocabulary import HOLD_LABELS, HoldReason
from intake.reporting.cases import account_said, operation_of, requester_said, unit_said, whose
from intake.reporting.gathering import Gathered
from intake.reporting.tables import Section, Table, counted, day, moment, size
from provision.journal.campaign_accounts import Stage
from provision.journal.reported import DecidedBatch
from provision.procedure.acts import Act
from provision.procedure.facts import BackupTaken
from provision.procedure.holds import Hold
from provision.procedure.model import Request


def holds(of: Gathered) -> Section:
    """Holds that began, ended and are in force, by reason."""
    last = min(of.month.last, of.rules.today)
    known = [hold for mine in of.holds.values() for hold in mine]
    began = Counter(hold.reason for hold in known if _was(hold) and of.month.first <= hold.from_date <= last)
    ended = Counter(hold.reason for hold in known if (end := _ended(hold)) and of.month.first <= end <= last)
    standing = Counter(hold.reason for hold in known if hold.in_force(last))
    accounts = sum(any(hold.in_force(last) for hold in mine) for mine in of.holds.values())
    used = [reason for reason in HoldReason if began[reason] or ended[reason] or standing[reason]]
    table = Table(
        "inactivaciones",
        "Inactivaciones por motivo",
        ("Motivo", "Empezaron", "Terminaron", f"En vigor el {day(last)}"),
        tuple((HOLD_LABELS[each], str(began[each]), str(ended[each]), str(standing[each])) for each in used),
        frozenset({1, 2, 3}),
        bars=3,
        sizes=tuple(float(standing[each]) for each in used),
        total=("Total", *(str(sum(count.values())) for count in (began, ended, standing))) if used else (),
    )
    said = (
        f"El {day(last)} había {counted(accounts, 'cuenta inactiva', 'cuentas inactivas')} por alguna inactivación registrada."
    )
    return Section(
        "inactivaciones",
        "Inactivaciones",
        "Una inactivación empieza en su primer día sin acceso y termina el primer día con él, por su fecha o porque alguien la "
        "levantó; la que se canceló antes de empezar no cuenta. Una cuenta con varias a la vez cuenta en cada motivo, y una "
        "vez en la frase de arriba. Lo que otro inactivó fuera del programa no está aquí.",
        (said,),
        tables=(table,) if used else (),
    )


def _was(hold: Hold) -> bool:
    return hold.ended_on is None or hold.ended_on > hold.from_date


def _ended(hold: Hold) -> date | None:
    """The first day with access after a hold that was in force; None: it has no end, or never was."""
    ends = [hold.until_date + timedelta(days=1)] if hold.until_date is not None else []
    ends += [hold.ended_on] if hold.ended_on is not None else []
    return min(ends, default=None) if _was(hold) else None


def backed_up(of: Gathered) -> tuple[tuple[Request, BackupTaken], ...]:
    """The cases whose backup was taken and verified in the month."""
    cases = of.of_case()
    taken = dict.fromkeys(each.case for each in of.backups if each.case in cases)
    return tuple((cases[case], backup) for case in taken if (backup := cases[case].facts.backup) is not None)


def backups(of: Gathered) -> Section:
    """Backups taken and read again, with their sizes; and those that the desk said it made by hand."""
    taken = backed_up(of)
    at = {each.case: each.at for each in of.backups}
    cases = of.of_case()
    by_hand = [(case, line) for case, line in of.confirmed if line.title == Act.CONFIRM_BACKUP.label and case in cases]
    octets, items = sum(backup.bytes for _, backup in taken), sum(backup.items for _, backup in taken)
    lost = sum(backup.not_converted for _, backup in taken)
    said = (
        f"{counted(len(taken), 'backup verificado', 'backups verificados')}: {counted(items, 'elemento', 'elementos')}, "
        f"{size(octets)}{f'; {lost} sin convertir' if lost else ''}. Confirmados a mano por la mesa: {len(by_hand)}."
    )
    rows = [
        (
            request.case, moment(at[request.case], of.month.zone), whose(request), account_said(request), operation_of(request),
            str(backup.items), str(backup.bytes), str(backup.not_converted), backup.digest, "Verificado por el programa",
        )
        for request, backup in taken
    ]  # fmt: skip
    rows += [
        (case, moment(line.at, of.month.zone), whose(cases[case]), account_said(cases[case]), operation_of(cases[case]),
         "", "", "", "", "Confirmado por la mesa")
        for case, line in by_hand
    ]  # fmt: skip
    columns = (
        "Caso", "Hecho", "Persona", "Cuenta", "Operación", "Elementos", "Bytes", "Sin convertir", "Huella", "Cómo se sabe",
    )  # fmt: skip
    return Section(
        "backups",
        "Backups",
        "Copias que se terminaron en el mes y que el programa volvió a leer enteras contra su manifiesto. Los bytes son los de "
        "los archivos copiados; «sin convertir» es lo que se guardó solo en su forma original. De los que hace la mesa a mano "
        "el programa solo sabe que alguien lo confirmó.",
        (said if rows else "No se hizo ningún backup.",),
        tables=(Table("backups", "Cada backup", columns, tuple(rows), frozenset({5, 6, 7})),) if rows else (),
    )


def deleted(of: Gathered) -> tuple[Request, ...]:
    """The cases that deleted an account in the month."""
    return tuple(each for each in of.requests if of.month.holds(each.facts.account_deleted_at))


def deletions(of: Gathered) -> Section:
    """Accounts deleted in the month: who asked, who approved, and what is left."""
    cases = deleted(of)
    columns = ("Caso", "Eliminada", "Persona", "Cuenta", "Dependencia", "Solicitante", "Segunda persona", "Backup", "Buzón")
    table = Table(
        "eliminaciones",
        "Cada eliminación",
        columns,
        tuple(
            (
                each.case,
                moment(each.facts.account_deleted_at, of.month.zone),
                whose(each),
                account_said(each),
                unit_said(each),
                requester_said(each),
                each.approval.by if each.approval else "",
                f"verificado, {size(each.facts.backup.bytes)}" if each.facts.backup else _no_backup(each),
                _mailbox(each, of),
            )
            for each in cases
        ),
    )
    never = "" if of.rules.policy.deletes_accounts else f" {of.rules.policy.short_name} no elimina cuentas."
    said = (
        f"{counted(len(cases), 'cuenta eliminada', 'cuentas eliminadas')}."
        if cases
        else f"No se eliminó ninguna cuenta.{never}"
    )
    return Section(
        "eliminaciones",
        "Eliminaciones",
        "Cuentas que el programa eliminó del Directorio Activo en el mes, por el momento en que lo hizo. El backup se lee de "
        "nuevo justo antes de eliminar. El buzón puede recuperarse hasta la fecha que se dice.",
        (said,),
        tables=(table,) if cases else (),
    )


def _no_backup(request: Request) -> str:
    return (
        "sin buzón que copiar" if request.facts.no_mailbox else "confirmado por la mesa" if request.facts.backup_by_hand else ""
    )


def _mailbox(request: Request, of: Gathered) -> str:
    facts = request.facts
    if facts.mailbox_until is not None:
        return f"recuperable hasta el {day(local_date(facts.mailbox_until, of.month.zone))}"
    return "eliminado" if facts.mailbox_gone else "no tenía" if facts.no_mailbox else ""


def _decided(batch: DecidedBatch, of: Gathered) -> str:
    if batch.refused_at is not None:
        return f"rechazado el {moment(batch.refused_at, of.month.zone)}"
    return f"aprobado el {moment(batch.approved_at, of.month.zone)}" if batch.approved_at is not None else "por decidir"


def campaigns(of: Gathered) -> Section:
    """Campaigns with something done in the month, and batches beyond the cap."""
    stages = [stage for stage in Stage if any(each.stage is stage for one in of.campaigns for each in one.standings)]
    rows = []
    for one in of.campaigns:
        count = Counter(each.stage for each in one.standings)
        deeds = "; ".join(f"{deed.kind.value.lower()} el {moment(deed.at, of.month.zone)}" for deed in one.deeds)
        who = (one.campaign.title, one.campaign.digest[:12], one.campaign.planned_by, one.campaign.approved_by or "", deeds)
        rows.append((*who, str(len(one.standings)), *(str(count[stage] or "") for stage in stages)))
    columns = ("Campaña", "Huella", "Planeada por", "Aprobada por", "En el mes", "Cuentas", *(stage.value for stage in stages))
    held = [
        (
            batch.digest[:12],
            moment(batch.made_at, of.month.zone),
            str(batch.cases),
            str(batch.allowed),
            batch.approved_by or "",
            _decided(batch, of),
        )
        for batch in of.batches
    ]
    batch_columns = ("Huella", "Detenido", "Cuentas", "Tope", "Aprobado por", "Decisión")
    said = (
        f"{counted(len(rows), 'campaña', 'campañas')} con movimiento en el mes, y "
        f"{counted(len(held), 'lote detenido', 'lotes detenidos')} por pasar del tope de una ejecución."
    )
    return Section(
        "campañas",
        "Campañas y lotes",
        "Campañas que en el mes se planearon, aprobaron, aplicaron o deshicieron; dónde está cada cuenta es lo de hoy. Un lote "
        "es lo que una ejecución habría inactivado o eliminado por encima del tope: no se hizo nada de él hasta que alguien "
        "aprobó exactamente ese.",
        (said if rows or held else "No hubo campañas ni lotes detenidos.",),
        tables=(
            *([Table("campañas", "Campañas", columns, tuple(rows), frozenset(range(5, len(columns))))] if rows else []),
            *([Table("lotes", "Lotes detenidos", batch_columns, tuple(held), frozenset({2, 3}))] if held else []),
        ),
    )
