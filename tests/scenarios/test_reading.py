"""A scenario's file means what it says: whatever cannot be meant is refused, and every mail is accounted for."""

from pathlib import Path

import pytest

from config.vocabulary import AccountType, EmailAddress, Operation
from intake.forms.port import Field
from intake.typed_choices import spoken_account_type, spoken_operation
from provision.journal.views import Shown
from tests.cases import opened
from tests.scenarios.checking_mails import mail_differences
from tests.scenarios.forms import FORMS
from tests.scenarios.reading import Scenario, ScenarioError, SeenMail, load_scenario
from tests.scenarios.seeing import Mailed, Sight

FOLDER = Path(__file__).parent
WHOLE = """behaviour: Nothing happens.
steps:
  - wait: 2 days 3 hours
expect: {mails: []}
"""
CONTRACTS = frozenset({Operation.ASSIGN_CONTRACT, Operation.SUSPEND_CONTRACT, Operation.TERMINATE_CONTRACT})
CONTRACTED = frozenset({AccountType.CONTRACTOR, AccountType.OPERATOR})


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    """Answers stay as typed: `No` is no boolean, and a document keeps its zeros."""
    path = tmp_path / "whole.yaml"
    step = "  - submit: {by: jefe.ogi, answers: {on_premises: No, document_number: 0012345678, from_date: 23/11/2026}}\n"
    path.write_text(WHOLE.replace("expect", f"{step}expect"), encoding="utf-8")
    scenario = load_scenario(path)
    assert scenario.steps[1].submit is not None
    assert set(scenario.steps[1].submit.answers.values()) == {"No", "0012345678", "23/11/2026"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("steps:", "stepz:", "stepz: Extra inputs are not permitted"),
        ("wait:", "wiat:", "steps.0.wiat: Extra inputs are not permitted"),
        ("2 days 3 hours", "2 fortnights", "steps.0.wait"),
        ("2 days 3 hours", "2 days sharp", "steps.0.wait"),
        ("mails: []", "mails: [], mails: []", "«mails» is written twice"),
        ("  - wait: 2 days 3 hours", "  - {wait: 1 day, sign_in: ana}", "one thing a step"),
        ("mails: []", "mails: [], cases: {1: {reason: x}}", "at the end every case has its state"),
        ("mails: []", "mails: [], cases: {1: {state: Terminado}}", "«Terminado» is none of: Recibida"),
        ("mails: []", "mails: [], cases: {1: {state: Terminada, board: {Estatus: x}}}", "«Estatus» is none of: Caso"),
        ("expect: {mails: []}", "expect: {}", "expect.mails: Field required"),
        ("wait: 2 days 3 hours", "submit: {by: ana, answers: {conclusion: x}}", "steps.0.submit.answers.conclusion"),
        ("wait: 2 days 3 hours", "desk: {case: 1, action: Aprueba}", "«Aprueba» is none of: Aprobar"),
        ("behaviour: Nothing happens.", "behaviour: ''", "one line that says the behaviour"),
        ("steps:", "steps: [", "while parsing"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    """A key or a word that does not exist fails the file, and the message names file and place."""
    path = tmp_path / "typo.yaml"
    path.write_text(WHOLE.replace(before, after), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load_scenario(path)
    assert str(error.value).startswith("typo.yaml:")
    assert said in str(error.value)


def a_sight(*mails: Mailed) -> Sight:
    """One case, and these mails."""
    request = opened().request
    at, by = request.received_at, EmailAddress("x@upme.gov.co")
    shown = Shown(request, 1, at, action_taken=False, last_submitted_at=at, submitted_by=by, answers={})
    return Sight((shown,), {}, mails, {}, {}, 0, {})


def mailed(to: str = "jefe@upme.gov.co", *, password: str | None = None, text: str = "Atendida.") -> Mailed:
    """A mail of the one case."""
    return Mailed(to, f"[{opened().request.case}] Solicitud atendida", text, password)


REPORT = SeenMail(to="jefe", case=1, subject="Solicitud atendida")


@pytest.mark.parametrize(
    ("mails", "wanted", "said"),
    [
        ((mailed(),), (REPORT,), None),
        ((mailed(), mailed()), (REPORT.model_copy(update={"times": 2}),), None),
        ((), (REPORT,), "0 sent, not 1"),
        ((mailed(), mailed()), (REPORT,), "mail that was not expected"),
        ((mailed(),), (), "mail that was not expected"),
        ((mailed("otro@upme.gov.co"),), (REPORT,), "0 sent, not 1"),
        ((mailed(password="x"),), (REPORT,), "it carries a password"),
        ((mailed(),), (REPORT.model_copy(update={"password": True}),), "it carries no password"),
        ((mailed(),), (REPORT.model_copy(update={"text": ("Negada",)}),), "it does not say «Negada»"),
        ((mailed(),), (REPORT.model_copy(update={"without": ("Atendida",)}),), "it says «Atendida»"),
        ((mailed(),), (REPORT.model_copy(update={"case": None}),), "0 sent, not 1"),
        (
            (mailed(text="b"), mailed(text="a")),
            (REPORT.model_copy(update={"text": ("a",)}), REPORT.model_copy(update={"text": ("b",)})),
            None,
        ),
    ],
)
def test_every_mail_is_accounted_for(mails: tuple[Mailed, ...], wanted: tuple[SeenMail, ...], said: str | None) -> None:
    """One that is missing, one too many, or one that says something else is a difference."""
    found = list(mail_differences(a_sight(*mails), lambda login: f"{login}@upme.gov.co", wanted))
    assert bool(found) == (said is not None)
    assert said is None or any(said in each for each in found)


def asked(scenario: Scenario) -> set[tuple[str, Operation, AccountType]]:
    """What the responses of a scenario ask for, at which institution and of which account type."""
    found: set[tuple[str, Operation, AccountType]] = set()
    for submission in (step.submit for step in scenario.steps if step.submit is not None):
        form = FORMS[scenario.institution][submission.form] if submission.form else {}
        answers = {**form, **submission.answers}
        named = scenario.accounts.get(answers.get(Field.ACCOUNT, "").partition("@")[0])
        operation = spoken_operation(answers[Field.REQUEST_TYPE])
        kind = spoken_account_type(answers.get(Field.ACCOUNT_TYPE, named.type if named else ""))
        if operation is not None and kind is not None:
            found.add((scenario.institution, operation, kind))
    return found


def test_every_operation_is_asked_for_every_account_type() -> None:
    """At both institutions, as far as the type is offered there and the operation is for it; and sixty files at the least."""
    files = sorted(FOLDER.glob("*.yaml"))
    wanted = {
        (institution, operation, kind)
        for institution in ("upme", "unidad-victimas")
        for operation in Operation
        for kind in AccountType
        if (operation not in CONTRACTS or kind in CONTRACTED) and (institution == "upme" or kind is not AccountType.GENERIC)
    }
    assert wanted <= set().union(*(asked(load_scenario(path)) for path in files))
    assert len(files) >= 60
