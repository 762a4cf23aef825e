"""The plan of a campaign as a value: what its digest names, who is in it, who leaves it, and how it is written down."""

import csv
import io
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.vocabulary import AccountType, CaseNumber, EmailAddress, HoldReason
from intake.campaign_page import COLUMNS, plan_csv, plan_page, times_the_cap
from provision.procedure.campaign import (
    CampaignPlan,
    Candidate,
    LeftOut,
    PlannedAccount,
    in_order,
    planned,
    renewed,
    totals,
    why_leaves,
    why_not,
)
from provision.procedure.holds import Hold
from tests.cases import policy

LAST_DAY, FROM = date(2026, 12, 31), date(2027, 1, 1)
CASE = CaseNumber("GU-2026-000009")
HOSTILE = '=HYPERLINK("http://malo")\n<script>alert(1)</script> O\'Brien Ñáñez'


def candidate(**changes: Any) -> Candidate:
    """A contractor who is active and whose contract ends with the year."""
    usual = Candidate(
        account_id="6ce13c1f-59c4-5a96-a273-64449a1f06f3",
        login="ana.rios",
        mail="ana.rios@entidad.gov.co",
        name="Ana Ríos",
        document="0012345678",
        place=(AccountType.CONTRACTOR, "Oficina de Gestión de la Información"),
        contract_end=LAST_DAY,
        enabled=True,
        protected=False,
        groups=3,
    )
    return replace(usual, **changes)


def line(number: int = 0, **changes: Any) -> PlannedAccount:
    """One line of a plan."""
    usual = PlannedAccount(
        account_id=f"00000000-0000-4000-8000-{number:012}",
        login=f"persona.{number}",
        mail=f"persona.{number}@entidad.gov.co",
        name="Ana Ríos",
        document=f"00{number}",
        account_type=AccountType.CONTRACTOR,
        unit="Minería" if number % 2 else "Energía",
        supervisor="Carlos Peña (jefe.ogi@entidad.gov.co)",
        why="Contrato CPS-1: termina el 31/12/2026.",
        from_date=FROM,
        contract_end=LAST_DAY,
        licence="SPE_F1",
        groups=2,
        reports=1,
    )
    return replace(usual, **changes)


PLAN = CampaignPlan("Cierre", LAST_DAY, in_order(line(number) for number in range(5)), allowed=2)
CHANGES: dict[str, Any] = {
    "account_id": "x",
    "login": "otra",
    "mail": "otra@entidad.gov.co",
    "name": "Otra",
    "document": "9",
    "account_type": AccountType.OPERATOR,
    "unit": "Hidrocarburos",
    "supervisor": "",
    "why": "Lista.",
    "from_date": date(2027, 1, 2),
    "contract_end": None,
    "licence": "",
    "groups": 9,
    "reports": 9,
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_digest_names_every_word_of_every_line(name: str) -> None:
    """Another value in any field of any line is another plan."""
    assert set(CHANGES) == {field.name for field in PLAN.lines[0].__dataclass_fields__.values()}
    for number, one in enumerate(PLAN.lines):
        changed = replace(one, **{name: CHANGES[name]})
        other = replace(PLAN, lines=(*PLAN.lines[:number], changed, *PLAN.lines[number + 1 :]))
        assert other.digest != PLAN.digest


def test_the_digest_names_title_date_and_accounts() -> None:
    """Another title, date, or one account more or less is another plan; what was left out is not part of it."""
    others = [
        replace(PLAN, title="Otro"),
        replace(PLAN, until=date(2026, 12, 30)),
        replace(PLAN, until=None),
        replace(PLAN, lines=PLAN.lines[1:]),
        replace(PLAN, lines=(*PLAN.lines, line(9))),
    ]
    assert len({PLAN.digest, *(other.digest for other in others)}) == len(others) + 1
    assert replace(PLAN, left_out=(LeftOut("a", "b", "c"),), inactive=4, allowed=9).digest == PLAN.digest


@given(st.text(), st.text())
def test_no_text_imitates_another_line(one: str, other: str) -> None:
    """Whatever stands in two names, moving text from one line to the next makes another plan."""
    plan = CampaignPlan("t", None, (line(1, name=one + other), line(2, name="")))
    moved = CampaignPlan("t", None, (line(1, name=one), line(2, name=other)))
    assert (plan.digest == moved.digest) is (other == "")
    assert plan.text.count("\n") == 2


def hold(reason: HoldReason, from_date: date, until: date | None = None, ended_on: date | None = None) -> Hold:
    """A hold of another case."""
    return Hold(CASE, reason, from_date, until, ended_on)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"protected": True}, "protegida"),
        ({"place": None}, "unidad organizativa"),
        ({"enabled": False}, "ya está inactiva"),
        ({"campaign": "ab" * 32}, "otra campaña aprobada (abababababab)"),
        ({"holds": (hold(HoldReason.RETIREMENT, date(2026, 12, 1)),)}, "Ya tiene una inactivación: Retiro"),
        ({"holds": (hold(HoldReason.CONTRACT_ENDED, FROM),)}, "Ya tiene una inactivación"),
        ({"holds": (hold(HoldReason.RETIREMENT, date(2027, 2, 1)),)}, None),
        ({"holds": (hold(HoldReason.RETIREMENT, date(2026, 12, 1), None, date(2026, 12, 2)),)}, None),
        ({"holds": (hold(HoldReason.VACATION, date(2026, 12, 28), date(2027, 1, 15)),)}, None),
    ],
)
def test_who_can_be_in_a_campaign(changes: dict[str, Any], why: str | None) -> None:
    """Only who works, may be touched, and does not leave for good already from that day or before."""
    reason = why_not(candidate(**changes), FROM)
    assert reason is None if why is None else why.casefold() in (reason or "").casefold()


def test_what_would_be_lost_is_what_the_policy_takes() -> None:
    """Groups that are removed and a licence that goes back, only where the policy says so."""
    taking = policy().model_copy(
        update={"leaving": policy().leaving.model_copy(update={"back_up_and_remove_licence": True, "remove_groups": False})}
    )
    lost = planned(candidate(), FROM, "x", "", 2, taking)
    assert (lost.licence, lost.groups, lost.reports) == (policy().accounts[AccountType.CONTRACTOR].licence or "", 0, 2)
    kept = planned(candidate(), FROM, "x", "", 0, policy())
    assert (kept.licence, kept.groups) == ("", 3)


@pytest.mark.parametrize(
    ("planned_end", "end", "leaves"),
    [
        (LAST_DAY, LAST_DAY, False),
        (LAST_DAY, date(2026, 11, 1), False),
        (LAST_DAY, FROM, True),
        (LAST_DAY, None, True),
        (None, None, False),
        (None, date(2030, 1, 1), False),
    ],
)
def test_a_renewed_contract_leaves(planned_end: date | None, end: date | None, leaves: bool) -> None:
    """A last day later than the planned one, or none any more, takes the account out; an earlier one does not."""
    reason = renewed(line(contract_end=planned_end), end)
    assert (reason is not None) is leaves
    assert not leaves or "31/12/2026" in (reason or "")


def test_why_an_account_leaves_just_before_its_turn() -> None:
    """Gone, renewed, protected, moved, inactive: each is told; nothing of it, and it stays."""
    one = line()
    assert why_leaves(one, candidate()) is None
    assert "ya no está" in (why_leaves(one, None) or "")
    for changes in ({"contract_end": FROM}, {"protected": True}, {"place": None}, {"enabled": False}):
        assert why_leaves(one, candidate(**changes))


def test_totals_are_by_unit() -> None:
    """Accounts, licences, groups and reports of each unit, and all of them together."""
    found = totals(PLAN.lines)
    assert [(unit.unit, unit.accounts, unit.licences, unit.groups, unit.reports) for unit in found] == [
        ("Energía", 3, 3, 6, 3),
        ("Minería", 2, 2, 4, 2),
    ]


def test_the_csv_runs_nothing_and_keeps_every_line() -> None:
    """A name that a spreadsheet would run is quoted; nothing else changes, and no line is lost."""
    text = plan_csv(replace(PLAN, lines=(line(1, name=HOSTILE), line(2, name="-2+3"), line(3, name="@SUM(A1)"))))
    assert text.startswith("\ufeff")
    header, *rows = list(csv.reader(io.StringIO(text[1:]), delimiter=";"))
    assert tuple(header) == COLUMNS
    assert [row[2] for row in rows] == [f"'{HOSTILE}", "'-2+3", "'@SUM(A1)"]
    assert rows[0][0:2] == ["persona.1", "001"]
    assert rows[0][7] == "01/01/2027"


def test_the_page_is_whole_and_runs_nothing() -> None:
    """Every account, unit and reason is on it, escaped; it asks nothing of the network and its policy allows no script."""
    left = (LeftOut("luis", HOSTILE, "Excepción: siguen.txt, fila 3."),)
    plan = replace(PLAN, lines=(line(1, name=HOSTILE), *PLAN.lines), left_out=left, inactive=7)
    page = plan_page(plan, policy(), EmailAddress("jefe.ogi@entidad.gov.co"))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert all(word in page for word in (plan.digest, "persona.4", "Energía", "Excepción: siguen.txt, fila 3.", "y 7 que ya"))
    assert page.count("<svg") == 2
    assert 'http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src' in page
    assert " src=" not in page
    assert 'href="' not in page


@pytest.mark.parametrize(
    ("accounts", "allowed", "said"),
    [(5, 10, "dentro del tope"), (10, 10, "dentro del tope"), (25, 10, "2,5 veces"), (3, 0, "es 0")],
)
def test_a_plan_says_how_far_beyond_the_cap_it_is(accounts: int, allowed: int, said: str) -> None:
    """How many times the cap of a run, in words."""
    assert said in times_the_cap(accounts, allowed)
