"""Who may be the second person: somebody whom the authorizer matrix knows as an approver, on the day."""

from config.vocabulary import EmailAddress
from intake.matrix import approver
from intake.wiring import Installation
from provision.procedure.model import Approver

_MOST_WORDS = 40


def named_approver(installation: Installation, text: str) -> Approver | None:
    """The one approver whom a note names by his whole address; None: nobody, or somebody who is none."""
    today = installation.rules(installation.clock()).today
    addresses = [word.strip(".,;:()<>") for word in text.split()[:_MOST_WORDS] if "@" in word]
    if len(addresses) != 1:
        return None
    address = EmailAddress(addresses[0])
    row = approver(installation.matrix(), address, today)
    return Approver(row.requester, row.row) if row is not None else None
