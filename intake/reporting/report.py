"""The whole report of a month: its sections, its figures at a glance, its sheets, and what a program reads. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from config.vocabulary import Operation
from intake.output import Json
from intake.reporting.accounts import KnownAccount, idle, in_use, known_accounts
from intake.reporting.attention import attention, attentions
from intake.reporting.cases import unit_said
from intake.reporting.changes import backed_up, backups, campaigns, deleted, deletions, holds
from intake.reporting.decisions import authorised, corrections, refusals, refused
from intake.reporting.gathering import Gathered
from intake.reporting.review import Sheet, recertification, sheets
from intake.reporting.tables import Section, Tile, median, quantile, share
from intake.reporting.volumes import pending, received, resolved, volumes
from provision.procedure.acts import Act


@dataclass(frozen=True, slots=True)
class Report:
    """A month's report, or one unit's part of it. `empty`: nothing was asked for, answered or approved in the month."""

    of: Gathered
    unit: str | None
    sections: tuple[Section, ...]
    tiles: tuple[Tile, ...]
    sheets: tuple[Sheet, ...]
    figures: dict[str, Json]
    empty: bool


def report_of(of: Gathered, *, unit: str | None = None, idle_months: int = 6) -> Report:
    """Count it. `unit`: only what concerns this unit, by its name in the policy; campaigns and batches are of all units."""
    accounts = known_accounts(of)
    if unit is not None:
        accounts = tuple(each for each in accounts if each.unit == unit)
        of = _narrowed(of, unit, accounts)
    made = sheets(of, accounts)
    sections = (
        volumes(of),
        attention(of),
        refusals(of),
        corrections(of),
        authorised(of),
        holds(of),
        backups(of),
        deletions(of),
        *(() if unit is not None else (campaigns(of),)),
        idle(of, accounts, idle_months),
        recertification(of, made),
    )
    quiet = not (
        received(of) or resolved(of) or any(section.tables for section in sections if section.anchor == "autorizaciones")
    )
    return Report(of, unit, sections, _tiles(of), made, _figures(of, unit, accounts), quiet)


def _narrowed(of: Gathered, unit: str, accounts: Sequence[KnownAccount]) -> Gathered:
    mine = {each.account_id for each in accounts}
    return replace(
        of,
        requests=tuple(each for each in of.requests if unit_said(each) == unit),
        accounts=tuple(each for each in of.accounts if each.account_id in mine),
        holds={account: held for account, held in of.holds.items() if account in mine},
        batches=(),
        campaigns=(),
    )


def _tiles(of: Gathered) -> tuple[Tile, ...]:
    cases = attentions(of)
    late = sum(each.late for each in cases)
    return (
        Tile(str(len(received(of))), "Recibidas", "volumenes"),
        Tile(str(len(resolved(of))), "Resueltas", "volumenes"),
        Tile(str(len(pending(of))), "Sin resolver al corte", "volumenes"),
        Tile(share(len(cases) - late, len(cases)), "A tiempo", "plazo", "good" if cases and not late else ""),
        Tile(str(late), "Vencidas", "plazo", "bad" if late else ""),
        Tile(str(len(refused(of))), "Rechazadas", "rechazos"),
        Tile(str(len(backed_up(of))), "Backups verificados", "backups"),
        Tile(str(len(deleted(of))), "Cuentas eliminadas", "eliminaciones"),
    )


def _figures(of: Gathered, unit: str | None, accounts: Sequence[KnownAccount]) -> dict[str, Json]:
    """The figures for other programs; docs/command-line.md promises these keys."""
    asked, cases, known = received(of), attentions(of), of.of_case()
    hours = [each.hours for each in cases]
    kinds = Counter(each.content.operation for each in asked)
    today = of.rules.today
    return {
        "month": of.month.code,
        "unit": unit,
        "received": len(asked),
        "received_by_operation": {kind.value: kinds[kind] for kind in Operation if kinds[kind]},
        "resolved": len(resolved(of)),
        "pending": len(pending(of)),
        "measured": len(cases),
        "late": sum(each.late for each in cases),
        "median_business_hours": round(median(hours), 2) if hours else None,
        "ninetieth_business_hours": round(quantile(hours, 0.9), 2) if hours else None,
        "refused": len(refused(of)),
        "corrections_asked": sum(
            each.act is Act.MAIL_CORRECTION and of.month.holds(each.at) and each.case in known for each in of.corrections
        ),
        "backups": len(backed_up(of)),
        "backup_bytes": sum(backup.bytes for _, backup in backed_up(of)),
        "deleted": len(deleted(of)),
        "accounts_known": len(in_use(accounts)),
        "accounts_inactive": sum(any(hold.in_force(today) for hold in each.holds) for each in in_use(accounts)),
    }
