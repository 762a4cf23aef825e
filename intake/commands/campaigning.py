"""`campaign plan`, `approve`, `apply` and `rollback`: what changes a campaign, or begins one."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from config.errors import CannotRun
from intake.campaign_applying import Watched, Worked, apply_campaign, undo_campaign
from intake.campaign_lists import read_accounts, read_list, refuse
from intake.campaign_page import write_plan
from intake.campaign_planning import Asked, Planned, find, plan_campaign, the_title
from intake.commands.approving import deciding
from intake.commands.asking import operating_user
from intake.commands.bars import moving_bar
from intake.commands.campaign_deciding import approve_campaign, say_plan
from intake.commands.campaign_reading import campaign_called, counts_of, standing_document
from intake.commands.confirming import confirmed, note_of, someone_known, the_approver
from intake.commands.installation import installed, journal_to_read
from intake.commands.invocation import Invocation
from intake.commands.running import asked_to_stop, beside_progress
from intake.output import Json, error_document, pairs, table
from intake.typed_dates import read_date
from intake.typed_text import Wrong
from intake.wiring import Installation
from provision.journal.campaign_accounts import CampaignAccounts, Stage
from provision.journal.campaigns import Campaign, Campaigns, Deed, DeedKind
from provision.procedure.campaign import CampaignPlan

MOST_SHOWN = 20
LARGEST_WAVE = 2_000


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What was typed after `campaign plan`."""

    until: str
    exceptions: str
    listed: str
    title: str
    out: str
    by: str


def plan_campaign_command(invocation: Invocation, config: str | None, options: PlanOptions) -> int:
    """Write the plan and keep it under its digest; 0, whether or not it was kept before. Raises GestionError."""
    asked = _asked(options)
    settings, output = invocation.load(config), invocation.output
    log = beside_progress(settings.log, told=True)
    with installed(settings, log, invocation.clock, writable=False) as installation:
        by = someone_known(installation, options.by)
        with moving_bar(output) as bar:
            made = plan_campaign(installation, asked, bar)
        if not made.plan.lines:
            raise CannotRun(
                "Ninguna cuenta queda en el plan: no hay nada que planear." + _why_nobody(made.plan),
                remedy="Revise la fecha, la lista y las excepciones.",
            )
        campaigns = Campaigns(installation.journal)
        deed = Deed(installation.clock(), DeedKind.PLANNED, by, operating_user())
        is_new = campaigns.plan(made.plan, deed)
        campaign = campaigns.named(made.plan.digest)
        if campaign is None:
            raise CannotRun("El plan no quedó en el registro.", remedy="Vuelva a planear.")
        files = write_plan(Path(options.out), made.plan, installation.policy, campaign.planned_by)
    output.document(_plan_document(campaign, made, files, is_new=is_new))
    if not output.as_json:
        _say_planned(invocation, campaign, made, files, installation.policy.zone, is_new=is_new)
    return 0


def _asked(options: PlanOptions) -> Asked:
    until = read_date(options.until) if options.until.strip() else None
    if isinstance(until, Wrong):
        raise CannotRun(f"--contracts-ending-by: {until.message}")
    if until is None and not options.listed:
        raise CannotRun(
            "Falta de qué cuentas se trata.",
            remedy="Use --contracts-ending-by FECHA para los contratos que terminan, o --list ARCHIVO.csv.",
        )
    exceptions, listed = Path(options.exceptions), Path(options.listed)
    return Asked(
        title=the_title(options.title, until),
        until=until,
        exceptions=(exceptions, read_accounts(exceptions)) if options.exceptions else None,
        listed=(listed, read_list(listed)) if options.listed else None,
    )


def _why_nobody(plan: CampaignPlan) -> str:
    found = f" Se miraron {len(plan.left_out) + plan.inactive} cuentas; {plan.inactive} ya están inactivas."
    reasons = "".join(f"\n  - {each.account}: {each.reason}" for each in plan.left_out[:MOST_SHOWN])
    return found + reasons


def _say_planned(
    invocation: Invocation, campaign: Campaign, made: Planned, files: tuple[Path, Path], zone: ZoneInfo, *, is_new: bool
) -> None:
    output, plan = invocation.output, made.plan
    say_plan(output, campaign, plan, zone)
    if plan.left_out:
        shown = [(each.account, each.name, each.reason) for each in plan.left_out[:MOST_SHOWN]]
        output.line()
        output.draw(table(("Fuera del plan", "Persona", "Por qué"), shown))
        if len(plan.left_out) > MOST_SHOWN:
            output.line(f"… y {len(plan.left_out) - MOST_SHOWN} más, en {files[1]}.")
    if plan.inactive:
        output.line(f"{plan.inactive} cuentas de esas fechas ya están inactivas.")
    for note in made.notes:
        output.warning(note)
    output.line()
    if not is_new:
        output.line(f"Es exactamente el plan que ya estaba registrado; está «{campaign.label.lower()}».")
    output.line(f"Revise {files[1]} (o {files[0]} en una hoja de cálculo). No se ha hecho nada.")
    output.line(f"Para aprobarlo otra persona: gestion campaign approve {plan.digest} --by CORREO")


def _plan_document(campaign: Campaign, made: Planned, files: tuple[Path, Path], *, is_new: bool) -> dict[str, Json]:
    plan = made.plan
    return {
        "exit_code": 0,
        "digest": plan.digest,
        "title": plan.title,
        "state": campaign.label,
        "new": is_new,
        "accounts": len(plan.lines),
        "allowed": plan.allowed,
        "left_out": [{"account": e.account, "name": e.name, "reason": e.reason} for e in plan.left_out],
        "already_inactive": plan.inactive,
        "notes": list(made.notes),
        "files": [str(file) for file in files],
    }


def approve_campaign_command(invocation: Invocation, config: str | None, digest: str, by: str, note: str, *, yes: bool) -> int:
    """0: approved; 1: the person at the terminal said no. Raises CannotRun."""
    with deciding(invocation, config) as (installation, journal):
        campaign = campaign_called(Campaigns(journal), digest)
        approver = the_approver(installation, by)
        return 0 if approve_campaign(invocation, installation, campaign, approver, note_of(note), yes=yes) else 1


def apply_command(invocation: Invocation, config: str | None, digest: str, wave: int, waves: int | None) -> int:
    """0: all of it, or the waves asked for, are done; 1: something needs a person, or it was stopped; 2: could not run."""
    _refuse_wave(wave)
    with _installed(invocation, config, digest) as (installation, campaign):
        deed = Deed(installation.clock(), DeedKind.APPLIED, "", operating_user(), f"Olas de {wave}.")
        with _watched(invocation) as watched:
            worked = apply_campaign(installation, campaign, deed, watched, wave=wave, most_waves=waves)
        return _ended(invocation, installation, campaign, worked, again="gestion campaign apply")


def rollback_command(
    invocation: Invocation, config: str | None, digest: str, only: str, note: str, wave: int, *, yes: bool
) -> int:
    """0: all of it is given back; 1: something needs a person, or it was stopped; 2: could not run."""
    _refuse_wave(wave)
    said = note_of(note)
    with _installed(invocation, config, digest) as (installation, campaign):
        if campaign.approved_at is None:
            raise CannotRun(f"La campaña {campaign.digest[:12]} nunca se aprobó: no hay nada que deshacer.")
        plan = Campaigns(installation.journal).body(campaign.digest).plan
        chosen = _only(installation, plan, Path(only)) if only else None
        many = f"{len(chosen)} de las {len(plan.lines)}" if chosen is not None else f"las {len(plan.lines)}"
        question = f"¿Deshacer «{campaign.title}» en {many} cuentas? Se activan de nuevo las que no tengan otra razón."
        if not confirmed(invocation.output, question, yes=yes):
            return 1
        deed = Deed(installation.clock(), DeedKind.ROLLED_BACK, "", operating_user(), said)
        with _watched(invocation) as watched:
            worked = undo_campaign(installation, campaign, deed, watched, only=chosen, wave=wave)
        return _ended(invocation, installation, campaign, worked, again="gestion campaign rollback")


def _refuse_wave(wave: int) -> None:
    if not 1 <= wave <= LARGEST_WAVE:
        raise CannotRun(f"--wave: una ola tiene de 1 a {LARGEST_WAVE} cuentas.")


def _only(installation: Installation, plan: CampaignPlan, path: Path) -> frozenset[str]:
    """The accounts of the campaign that a file names. Raises CannotRun for one that is not in it."""
    named: dict[str, str] = {}
    for line in plan.lines:
        named |= {text.casefold(): line.account_id for text in (line.login, line.mail, line.document) if text}
    inside = {line.account_id for line in plan.lines}
    chosen, problems = set(), []
    for entry in read_accounts(path):
        account_id = named.get(entry.text.casefold())
        if account_id is None:
            found = find(installation.directory, entry.text)
            account_id = found if isinstance(found, str) else found.id
        if account_id in inside:
            chosen.add(account_id)
        else:
            problems.append(f"fila {entry.row}: {entry.text} no está en esta campaña.")
    refuse(path, problems)
    return frozenset(chosen)


@contextmanager
def _installed(invocation: Invocation, config: str | None, digest: str) -> Iterator[tuple[Installation, Campaign]]:
    """The installation, and the campaign in its journal."""
    settings = invocation.load(config)
    journal_to_read(settings).close()
    with installed(settings, beside_progress(settings.log, told=True), invocation.clock) as installation:
        yield installation, campaign_called(Campaigns(installation.journal), digest)


@contextmanager
def _watched(invocation: Invocation) -> Iterator[Watched]:
    """A bar; Ctrl-C or SIGTERM is heard between two requests."""
    with asked_to_stop(signal.SIGINT, signal.SIGTERM) as stopping, moving_bar(invocation.output) as bar:
        yield Watched(_counting(bar), _waves(invocation), lambda: not stopping())


def _counting(bar: Callable[[str, int, int], None]) -> Callable[[int, int], None]:
    return lambda done, total: bar("Cuentas", done, total)


def _waves(invocation: Invocation) -> Callable[[int, int, int], None]:
    def told(number: int, entered: int, left_out: int) -> None:
        if not invocation.output.watched:
            left = f"; {left_out} no" if left_out else ""
            invocation.output.note(f"Ola {number}: entran {entered} cuentas{left}.")

    return told


def _ended(invocation: Invocation, installation: Installation, campaign: Campaign, worked: Worked, *, again: str) -> int:
    output = invocation.output
    standings = CampaignAccounts(installation.journal).standings(campaign.digest)
    counts = counts_of(standings)
    failed = counts.get(Stage.ATTENTION, 0) + counts.get(Stage.NOT_UNDONE, 0)
    code = 2 if worked.problems else 1 if worked.stopped or worked.too_many_failed or failed else 0
    output.document(
        {
            "exit_code": code,
            "digest": campaign.digest,
            "waves": worked.waves,
            "entered": worked.entered,
            "stopped": worked.stopped,
            "counts": {stage.name: counts.get(stage, 0) for stage in Stage},
            "accounts": [standing_document(each) for each in standings if each.reason],
            "problems": [error_document(problem) for problem in worked.problems],
        }
    )
    if not output.as_json:
        output.draw(pairs([(stage.value, str(counts[stage])) for stage in Stage if counts.get(stage)]))
        told = [each for each in standings if each.stage in _WORTH_TELLING]
        lines = {line.account_id: line for line in Campaigns(installation.journal).body(campaign.digest).plan.lines}
        rows = [(lines[each.account_id].login, each.stage.value, each.reason) for each in told[:MOST_SHOWN]]
        if rows:
            output.line()
            output.draw(table(("Cuenta", "Cómo está", "Por qué"), rows))
        if len(told) > MOST_SHOWN:
            output.line(f"… y {len(told) - MOST_SHOWN} más: gestion campaign show {campaign.digest[:12]}")
    for problem in worked.problems:
        output.error(problem.message, problem.remedy)
    if worked.too_many_failed:
        output.warning("La mitad o más de una ola quedó para que la atienda una persona: no se empezó otra. Revise por qué.")
    if worked.held_batch is not None:
        output.warning(
            f"Un lote de otras solicitudes espera aprobación: gestion approve {worked.held_batch.digest[:12]} --by …"
        )
    if worked.stopped or worked.problems or worked.too_many_failed:
        output.note(f"Para continuar donde quedó: {again} {campaign.digest[:12]}")
    return code


_WORTH_TELLING = frozenset({Stage.ATTENTION, Stage.NOT_UNDONE, Stage.LEFT_OUT, Stage.CONFIRMATION})
