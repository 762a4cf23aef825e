"""The mails that a scenario expects against those that went out: one missing or one too many is a difference."""

from collections.abc import Callable, Iterator, Sequence

from tests.scenarios.reading import SeenMail
from tests.scenarios.seeing import Mailed, Sight


def mail_differences(sight: Sight, address: Callable[[str], str], wanted: Sequence[SeenMail]) -> Iterator[str]:
    """Each mail answers exactly one expectation, each expectation exactly its number of mails.

    `address` makes a whole address of a login.
    """
    left = list(sight.mails)
    for each in wanted:
        to = address(each.to)
        opening = f"[{sight.number(each.case)}] " if each.case is not None else ""
        alike = [mail for mail in left if mail.to == to and mail.subject.startswith(opening)]
        if each.case is None:
            alike = [mail for mail in alike if not mail.subject.startswith("[")]
        alike = [mail for mail in alike if each.subject in mail.subject.removeprefix(opening)]
        whole = [mail for mail in alike if _says(mail, each)]
        taken = (whole or alike)[: each.times]
        for mail in taken:
            left.remove(mail)
            yield from _differs(mail, each)
        if len(taken) < each.times:
            yield f"mail to {to}, case {each.case}, «{each.subject}»: {len(taken)} sent, not {each.times}"
    for mail in left:
        yield f"mail that was not expected: {mail.line}"


def _says(mail: Mailed, wanted: SeenMail) -> bool:
    return not list(_differs(mail, wanted))


def _differs(mail: Mailed, wanted: SeenMail) -> Iterator[str]:
    for text in wanted.text:
        if text not in mail.text:
            yield f"mail {mail.line}: it does not say «{text}»: {mail.text}"
    for text in wanted.without:
        if text in mail.text:
            yield f"mail {mail.line}: it says «{text}»"
    if wanted.password != (mail.password is not None):
        yield f"mail {mail.line}: it carries {'no' if mail.password is None else 'a'} password"
