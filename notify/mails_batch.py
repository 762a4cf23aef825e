"""What is told of many accounts at once (Unidad, numeral 5: "inactivación masiva de cuentas … al cierre de vigencia").

Values only; `notify.mails` says how they are made. These belong to no case: `case` is `CaseNumber("")` and is not shown then.
"""

from dataclasses import dataclass

from config.vocabulary import CaseNumber


@dataclass(frozen=True, slots=True)
class CampaignReport:
    """How a campaign ended, or stands. Of the rows the first hundred are shown, and how many more there are."""

    case: CaseNumber
    title: str
    applied: int
    left_out: int
    """Accounts that left the campaign after it was planned: renewed contracts."""
    failed: int
    rows: tuple[tuple[str, str, str], ...]
    """(account, person, result), what matters most first."""
    exceptions: str = ""
    """How many accounts the plan excepted, and what that does not do for them; empty: none."""


@dataclass(frozen=True, slots=True)
class BatchHeld:
    """To the desk and the administrator: a run wanted more destructive effects than the cap, and none of them was done.

    Of the lines the first hundred are shown, and how many more changes there are.
    """

    case: CaseNumber
    digest: str
    """Names this exact plan in `gestion approve`."""
    count: int
    """How many destructive effects the run wanted."""
    allowed: int
    """How many need no approval."""
    lines: tuple[str, ...]
    """One per effect: what, to which account, for which case."""
