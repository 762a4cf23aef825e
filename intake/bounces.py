"""Mails that came back: each delivery report is compared with what was really sent, and its case hears of it (activity 4)."""

import re
from typing import TYPE_CHECKING

from config.errors import TargetError
from config.settings_telling import BouncesNone
from config.vocabulary import CaseNumber, EmailAddress, same_address
from intake.mail_names import mail_name, told_by
from notify.bounces.port import Bounce
from provision.journal.mails import MailSeal, SentMail, leave_signal, mails_of
from provision.procedure.acts import Act
from provision.procedure.model import MailBounced, Request
from provision.procedure.returned_mail import ACCESS, TO_REQUESTER
from provision.procedure.steps import creation_of

if TYPE_CHECKING:
    from intake.run import RunReport
    from intake.wiring import Installation

_OURS = re.compile(r"<((gu-[0-9]{4}-[0-9]{6,9})\.[a-z0-9.-]{1,120})\.([0-9a-f]{24})@[a-z0-9.-]+>")


def hear_of_bounces(installation: "Installation", report: "RunReport") -> None:
    """Leave each report that holds true with its case. A mailbox that cannot be read is a problem of the run, and no more.

    Nothing is lost or done twice if the run ends here: what was not marked as taken is read and compared again.
    """
    if isinstance(installation.settings.bounces, BouncesNone):
        return
    try:
        bounces = installation.bounces.read()
        for bounce in bounces:
            _hear(installation, bounce)
        installation.stop_point("bounces.heard")
        installation.bounces.taken(bounces)
    except TargetError as error:
        report.problems.append(error)


def _hear(installation: "Installation", bounce: Bounce) -> None:
    """Believe it only if the Message-ID bears our seal, the journal knows that mail, and it went to this very address."""
    named = _OURS.fullmatch(bounce.message_id.lower())
    if named is None or not MailSeal(installation.journal).is_of(named[1], named[3]):
        installation.log.warning("bounce.unknown", key=bounce.key, permanent=bounce.permanent)
        return
    case = CaseNumber(named[2].upper())
    known = mails_of(installation.journal, case)
    sent = _mail_of(case, named[1], known[1]) if known is not None else None
    if known is None or sent is None or not _went_to(bounce.recipient, sent, known[0]):
        installation.log.warning("bounce.mismatch", case=case, key=bounce.key)
        return
    if any(later.act is sent.act and later.round > sent.round for later in known[1]):
        installation.log.info("bounce.superseded", case=case, act=sent.act)
        return
    signal = MailBounced(sent.act, sent.step, bounce.recipient, bounce.status, bounce.reason, bounce.permanent)
    leave_signal(installation.journal, case, signal, installation.clock())
    installation.log.info("bounce.heard", case=case, act=sent.act, status=bounce.status, permanent=bounce.permanent)


def _mail_of(case: CaseNumber, name: str, mails: tuple[SentMail, ...]) -> SentMail | None:
    """The mail of that name: case, step and round, then perhaps an attempt, or which one of several addressees."""
    for mail in mails:
        whole = mail_name(case, mail.step, str(mail.round))
        if name == whole or (name.startswith(f"{whole}.") and name.removeprefix(f"{whole}.").isdecimal()):
            return mail
    return None


def _went_to(recipient: EmailAddress, mail: SentMail, request: Request) -> bool:
    return any(same_address(recipient, to) for to in _addressees(mail, request))


def _addressees(mail: SentMail, request: Request) -> tuple[EmailAddress, ...]:
    """To whom the mail went, as it was recorded; of one still under way, to whom it goes."""
    if mail.act in ACCESS:
        recorded = mail.outcome.facts.access_sent_to if mail.outcome is not None else None
        to = recorded or _destination(mail.act, request)
        return (EmailAddress(to),) if to else ()
    if mail.act in TO_REQUESTER:
        return (request.requester,) if request.requester is not None else ()
    return told_by(mail.outcome.detail) if mail.outcome is not None else ()


def _destination(act: Act, request: Request) -> str | None:
    made, subject = creation_of(request), request.facts.subject
    if act is Act.ISSUE_ACCESS:
        return made.personal_email if made is not None else None
    return subject.address_on_record if subject is not None else None
