"""A campaign's plan on paper: a CSV for a spreadsheet, and one self-contained HTML page that can be read and printed.

The page needs no network and runs nothing; its Content-Security-Policy names the hash of its own style. Both hold personal
data, and are readable by their owner alone.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from config.institution import Institution
from config.vocabulary import ACCOUNT_TYPE_LABELS, EmailAddress
from intake.paper import clean_text, csp_source, make_folder, spreadsheet, templates, write_whole
from intake.typed_dates import spoken_date
from notify.colours import Palette
from provision.procedure.campaign import CampaignPlan, PlannedAccount, UnitTotal, totals

CSV_NAME, PAGE_NAME = "plan.csv", "plan.html"
COLUMNS = (
    "cuenta", "documento", "nombre", "tipo", "dependencia", "supervisor", "motivo", "desde", "hasta", "licencia", "grupos",
    "a su cargo",
)  # fmt: skip
"""Of the CSV; `--list`, `--except` and `--only` read it back."""
_MOST_CHARACTERS = 300
_BAR = 240
"""Width of the longest bar, in the units of its picture."""


def write_plan(folder: Path, plan: CampaignPlan, policy: Institution, by: EmailAddress) -> tuple[Path, Path]:
    """Write both files, each whole or not at all. Raises CannotRun when the folder cannot be written."""
    make_folder(folder)
    table, page = folder / CSV_NAME, folder / PAGE_NAME
    write_whole(table, plan_csv(plan))
    write_whole(page, plan_page(plan, policy, by))
    return table, page


def plan_csv(plan: CampaignPlan) -> str:
    """The lines for a spreadsheet: a byte order mark and semicolons, as Excel in Spanish reads it; no cell is a formula."""
    return spreadsheet(COLUMNS, map(_texts, plan.lines))


def _texts(line: PlannedAccount) -> tuple[str, ...]:
    return (
        line.login,
        line.document,
        line.name,
        ACCOUNT_TYPE_LABELS[line.account_type],
        line.unit,
        line.supervisor,
        line.why,
        spoken_date(line.from_date),
        "",
        line.licence,
        str(line.groups),
        str(line.reports),
    )


def plan_page(plan: CampaignPlan, policy: Institution, by: EmailAddress) -> str:
    """The page: what is asked, the totals with a bar for each unit, every account, and who was left out and why."""
    environment = templates()
    environment.filters["limpio"] = _clean
    palette = Palette.of(policy.mail.colour)
    style = environment.get_template("paper.css.j2").render(palette=palette)
    units = totals(plan.lines)
    return environment.get_template("campaign_page.html.j2").render(
        plan=plan,
        digest=plan.digest,
        institution=policy.short_name,
        by=by,
        type_labels=ACCOUNT_TYPE_LABELS,
        units=_bars(units),
        total=_sum(units),
        groups=[(unit, list(lines)) for unit, lines in groupby(plan.lines, key=lambda line: line.unit)],
        times=times_the_cap(len(plan.lines), plan.allowed),
        style=style,
        policy=f"default-src 'none'; style-src {csp_source(style)}",
        bar=_BAR,
    )


def _bars(units: Sequence[UnitTotal]) -> list[tuple[UnitTotal, int]]:
    most = max((unit.accounts for unit in units), default=1)
    return [(unit, max(2, round(_BAR * unit.accounts / most))) for unit in units]


def _sum(units: Sequence[UnitTotal]) -> UnitTotal:
    return UnitTotal(
        "",
        sum(unit.accounts for unit in units),
        sum(unit.licences for unit in units),
        sum(unit.groups for unit in units),
        sum(unit.reports for unit in units),
    )


def times_the_cap(accounts: int, allowed: int) -> str:
    """How a plan compares with what a run may do without an approval; Spanish."""
    if accounts <= allowed:
        return f"dentro del tope de una ejecución ({allowed})"
    if allowed == 0:
        return "el tope de una ejecución es 0"
    return f"{accounts / allowed:.1f} veces el tope de una ejecución ({allowed})".replace(".", ",")


def _clean(text: str) -> str:
    return clean_text(text, _MOST_CHARACTERS)
