"""What a scenario expects against what is seen: every difference as a line of text, and the stories that explain it."""

from collections.abc import Iterator, Mapping

from config.dates import local_date
from config.vocabulary import CaseNumber
from notify.desk.port import TicketStatus
from provision.backup.embedded import EmbeddedBackup
from provision.journal.views import Shown
from provision.procedure.holds import in_force
from provision.procedure.model import Request, State
from tests.scenarios.acting import Stage
from tests.scenarios.checking_accounts import account_differences
from tests.scenarios.checking_mails import mail_differences
from tests.scenarios.reading import Expected, Seen, SeenCase
from tests.scenarios.seeing import Known, Sight, look
from tests.secrecy import files_with

_TICKETS = {TicketStatus.CLOSED: "cerrado"}


def differences(stage: Stage, seen: Seen) -> tuple[Sight, list[str]]:
    """What a check in the middle finds wrong."""
    sight = look(stage, logins=seen.accounts, with_board=any(case.board for case in seen.cases.values()))
    return sight, _differences(stage, sight, seen)


def _differences(stage: Stage, sight: Sight, seen: Seen) -> list[str]:
    found = [*_cases(sight, stage, seen.cases), *_accounts(sight, stage, seen)]
    for who, count in seen.mailed.items():
        to = stage.address(who)
        actual = sum(mail.to == to for mail in sight.mails)
        if actual != count:
            found.append(f"mails so far to {to}: {actual}, not {count}")
    for name, free in seen.free_seats.items():
        if sight.free_seats[name] != free:
            found.append(f"free seats of {name}: {sight.free_seats[name]}, not {free}")
    if seen.batches is not None and sight.batches != seen.batches:
        found.append(f"batches that wait: {sight.batches}, not {seen.batches}")
    return [*found, *_computers(stage, seen)]


def final_differences(stage: Stage, before: Mapping[str, Known], expected: Expected) -> tuple[Sight, list[str]]:
    """What the end finds wrong: all that a check could, and whatever was not expected."""
    sight = look(stage)
    found = _differences(stage, sight, expected)
    for ordinal in range(1, len(sight.cases) + 1):
        if ordinal not in expected.cases:
            request = sight.cases[ordinal - 1].request
            found.append(f"case {ordinal} was not expected: {request.case}, {request.content.operation}, {request.state.label}")
    found += mail_differences(sight, stage.address, expected.mails)
    found += _unexpected_changes(sight, before, expected)
    found += _held(stage, sight)
    found += _board(sight)
    found += _backups(stage, sight, expected)
    found += _secrets(stage, sight)
    codes = {report.exit_code for report in stage.reports}
    if not codes <= set(stage.scenario.exits):
        problems = "; ".join(str(problem) for report in stage.reports for problem in report.problems)
        found.append(f"runs exited with {sorted(codes)}, not only {sorted(stage.scenario.exits)} {problems}")
    return sight, found


def _cases(sight: Sight, stage: Stage, wanted: Mapping[int, SeenCase]) -> Iterator[str]:
    for ordinal, case in wanted.items():
        number = sight.number(ordinal)
        if number is None:
            yield f"case {ordinal} does not exist"
            continue
        shown = sight.cases[ordinal - 1]
        for difference in (
            *_request(sight, stage, shown, case),
            *_story(stage, number, case),
            *_ticket(sight, shown.request, case),
        ):
            yield f"case {ordinal}: {difference}"


def _request(sight: Sight, stage: Stage, shown: Shown, case: SeenCase) -> Iterator[str]:
    request = shown.request
    waiting_for = request.waiting_for.label if request.waiting_for and not request.state.closed else ""
    yield from _different("state", request.state.label, case.state)
    yield from _different("waiting for", waiting_for, case.waiting_for)
    yield from _missing("reason", request.reason, case.reason)
    yield from _different("sla", request.sla.label, case.sla)
    if case.requester is not None:
        yield from _different("requester", request.requester or "", stage.address(case.requester))
    if case.duplicate_of is not None:
        yield from _different("duplicate of", str(request.duplicate_of), str(sight.number(case.duplicate_of)))
    if case.follows is not None:
        yield from _different("follows", str(request.follows), str(sight.number(case.follows)))
    if case.approved_by is not None:
        by = request.approval.by if request.approval else ""
        yield from _different("approved by", by, stage.address(case.approved_by))
    row = sight.board.get(request.case, {})
    for column, texts in case.board.items():
        yield from _missing(f"board, {column}", row.get(column, ""), texts)


def _story(stage: Stage, number: CaseNumber, case: SeenCase) -> Iterator[str]:
    if not case.story and not case.untold:
        return
    lines = [f"{each.title}: {each.detail}" for each in stage.world.story(number).history]
    place = 0
    for text in case.story:
        found = next((at for at in range(place, len(lines)) if text in lines[at]), None)
        if found is None:
            yield f"its story does not tell «{text}»{' after what comes before it' if place else ''}"
            return
        place = found + 1
    for text in case.untold:
        if any(text in line for line in lines):
            yield f"its story tells «{text}»"


def _ticket(sight: Sight, request: Request, case: SeenCase) -> Iterator[str]:
    ticket = sight.tickets.get(request.case)
    actual = "ninguno" if ticket is None else _TICKETS.get(ticket.status, "abierto")
    attended = request.attended_at is not None and request.state is not State.NEEDS_ATTENTION
    ended = request.state.closed or attended
    yield from _different("ticket", actual, case.ticket or ("cerrado" if ended else "abierto"))
    yield from _missing("solution", (ticket.solution or "") if ticket else "", case.solution)


def _accounts(sight: Sight, stage: Stage, seen: Seen) -> Iterator[str]:
    for login, wanted in seen.accounts.items():
        known = sight.accounts.get(login)
        for difference in account_differences(sight, stage, known, login, wanted):
            yield f"account {login}: {difference}"


def _unexpected_changes(sight: Sight, before: Mapping[str, Known], expected: Expected) -> Iterator[str]:
    for login in sorted({*sight.accounts, *before} - expected.accounts.keys()):
        was, known = before.get(login), sight.accounts.get(login)
        if was is None:
            yield f"account {login} was not expected"
        elif known is None:
            yield f"account {login} is gone"
        elif known != was:
            yield f"account {login} changed and the scenario says nothing of it:\n      {was}\n      {known}"


def _held(stage: Stage, sight: Sight) -> Iterator[str]:
    """Whatever a scenario says: nobody works while a hold is in force."""
    today = local_date(stage.world.clock(), stage.world.policy.zone)
    for login, known in sight.accounts.items():
        if known.account.enabled and (holds := in_force(known.holds, today)):
            yield f"account {login} is enabled, and held: {'; '.join(hold.said for hold in holds)}"


def _board(sight: Sight) -> Iterator[str]:
    """The board shows every case as it stands, and nothing else."""
    if set(sight.board) != {shown.request.case for shown in sight.cases}:
        yield f"rows of the board: {sorted(sight.board)}"
        return
    for shown in sight.cases:
        request, row = shown.request, sight.board[shown.request.case]
        waits = request.waiting_for.label if request.waiting_for and not request.state.closed else ""
        yield from _different(f"board of {request.case}, Estado", row["Estado"], request.state.label)
        yield from _different(f"board of {request.case}, En espera de", row["En espera de"], waits)
        yield from _different(f"board of {request.case}, Acción", row["Acción"], "")


def _computers(stage: Stage, seen: Seen) -> Iterator[str]:
    directory = stage.world.directory()
    for name, where in seen.computers.items():
        actual = "fuera" if directory.find_computer(name) is None else "en el dominio"
        yield from _different(f"computer {name}", actual, where)
    directory.close()


def _backups(stage: Stage, sight: Sight, expected: Expected) -> Iterator[str]:
    installation = stage.world.installation()
    try:
        folder = stage.world.path("backups")
        made = sorted(each.name for each in folder.iterdir()) if folder.exists() else []
        wanted = sorted(str(sight.number(ordinal)) for ordinal in expected.backups)
        if made != wanted:
            yield f"backups: {made}, not {wanted}"
            return
        for ordinal, items in expected.backups.items():
            backup, case = installation.backup, sight.number(ordinal)
            if isinstance(backup, EmbeddedBackup) and case is not None:
                yield from _different(f"items in the backup of case {ordinal}", backup.verify(case).items, items)
    finally:
        installation.close()


def _secrets(stage: Stage, sight: Sight) -> Iterator[str]:
    """No password lies in any file, and what must not be kept lies nowhere."""
    for password in {mail.password for mail in sight.mails if mail.password}:
        if found := files_with(stage.folder, password):
            yield f"a temporary password lies in {', '.join(found)}"
    for text in stage.scenario.nowhere:
        kept = [name for name in files_with(stage.folder, text) if name != "respuestas.csv"]
        kept += [mail.line for mail in sight.mails if text in mail.text or text in mail.subject]
        if kept:
            yield f"«{text}» lies in {'; '.join(kept)}"


def _different(what: str, actual: object, wanted: object) -> Iterator[str]:
    if wanted is not None and actual != wanted:
        yield f"{what}: «{actual}», not «{wanted}»"


def _missing(what: str, actual: str, texts: tuple[str, ...]) -> Iterator[str]:
    for text in texts:
        if text not in actual:
            yield f"{what}: «{text}» is not in «{actual}»"


def explained(stage: Stage, sight: Sight, found: list[str], where: str) -> str:
    """A failure as somebody reads it: what differs, then the stories of the cases and all mails."""
    zone = stage.world.policy.zone
    lines = [f"{stage.scenario.behaviour}", f"{where}:", *(f"  - {each}" for each in found), ""]
    for shown in sight.cases:
        request = shown.request
        lines.append(f"{request.case} · {request.content.operation} · {request.state.label} · {request.reason}")
        history = stage.world.story(request.case).history
        lines += [f"    {told.at.astimezone(zone):%a %d/%m %H:%M} {told.title}: {told.detail}" for told in history]
    lines += ["", "Mails:", *(f"    {mail.line}" for mail in sight.mails)]
    lines.append(f"Now: {stage.world.clock().astimezone(zone):%a %d/%m/%Y %H:%M}")
    return "\n".join(lines)
