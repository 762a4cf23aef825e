"""Cases that the program opens itself: each once, whatever crashes, because it enters the journal like a response."""

from collections.abc import Callable
from datetime import datetime

from config.dates import local_date
from config.vocabulary import CaseNumber
from provision.journal.receiving import Receiving, ResponseVersion
from provision.procedure.lifecycle import Received, open_request
from provision.procedure.steps import Rules


def open_own_case(
    receiving: Receiving,
    source: str,
    key: str,
    since: datetime,
    made: Callable[[CaseNumber], Received],
    rules: Rules,
) -> CaseNumber:
    """The case that `source` opens for `key`: the one opened before, or a new one. Inside the caller's transaction.

    `since` (aware UTC) belongs to the key: the same event always gives the same instant.
    """
    known = receiving.case_of_response(source, key)
    if known is not None:
        return known.case
    received = made(receiving.next_case_number(local_date(rules.now, rules.policy.zone).year))
    version = ResponseVersion(source, key, since, received.requester, {})
    receiving.enter(version, open_request(received, rules))
    return received.case
