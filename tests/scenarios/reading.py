"""What a scenario's file says, typed: a key that does not exist, or is written twice, is an error that says where.

Every scalar of the file is text: `No` is an answer and `0012345678` keeps its zeros.
"""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from config.vocabulary import ACCOUNT_TYPE_LABELS
from intake.board.port import HEADERS
from intake.forms.port import Field as Question
from provision.procedure.desk import DeskAction
from provision.procedure.model import SlaMark, State

_UNITS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


class ScenarioError(Exception):
    """A scenario's file cannot be understood; the message names the file and every wrong key."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _one_line(text: str) -> str:
    if not text.strip() or "\n" in text:
        raise ValueError("one line that says the behaviour")
    return text


def _span(text: object) -> object:
    """`2 days 3 hours`."""
    if not isinstance(text, str):
        return text
    parts = re.findall(r"(\d+) (minute|hour|day|week)s?", text)
    if not parts or " ".join(f"{number} {unit}" for number, unit in parts) != re.sub(r"s\b", "", " ".join(text.split())):
        raise ValueError(f"«{text}» is no span of time such as «2 days 3 hours»")
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) and value else value or []


def _nothing(value: object) -> object:
    return None if value in {"", "nunca"} else value


def _known(*labels: str) -> AfterValidator:
    def check(text: str) -> str:
        if text not in labels:
            raise ValueError(f"«{text}» is none of: {', '.join(labels)}")
        return text

    return AfterValidator(check)


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One text or a list of them."""
Span = Annotated[timedelta, BeforeValidator(_span)]
Day = Annotated[date | None, BeforeValidator(_nothing)]
"""A day in the institution's zone; `nunca` or nothing: none."""
Moment = datetime
"""Local time of the institution, without a zone: `2026-11-23 08:00`."""
AccountKind = Annotated[str, _known(*ACCOUNT_TYPE_LABELS.values())]
Answers = dict[Question, str]


class Before(_Strict):
    """An account that the program made earlier, unless `ours` says no; what is not given is like most contractors'."""

    name: str = ""
    type: AccountKind = "Contratista"
    unit: str = ""
    document: str = ""
    manager: str | None = None
    """A login; empty: nobody. None: the head of the unit."""
    supervisor: str | None = None
    """A login, of the register of accounts; None: the same as the manager."""
    contract: str = "CPS-100-2026"
    contract_end: Day = date(2026, 12, 31)
    """The last day worked; it does not hold for employees and generic accounts."""
    enabled: bool = True
    protected: bool = False
    deleted: bool = False
    ours: bool = True
    """The program made it: its register knows the address on record, supervisor and contract."""
    address_on_record: str | None = None
    """None: <login>@gmail.com; empty: none."""
    position: str = "Profesional"
    groups: Texts = ()
    """Further groups, by their names."""
    mailbox: bool = True
    """Where the institution gives one: synchronised, with its licence."""
    items: int = 0
    """How many items lie in the mailbox besides the welcome."""


class Machine(_Strict):
    """A computer of the domain."""

    of: str = ""
    children: int = 0


class Submission(_Strict):
    """A response to the form; `form` is one of `forms.FORMS`, and an empty answer blanks one of it."""

    by: str
    form: str = ""
    named: str = ""
    """By which `edit` refers to it."""
    answers_case: int | None = None
    """Ordinal of the case whose number is written in the form."""
    answers: Answers = {}


class Edit(_Strict):
    """The same response again, with other answers."""

    of: str
    by: str = ""
    answers: Answers


class Choice(_Strict):
    """What an agent chooses on the board, in the row of a case."""

    case: int
    action: Annotated[str, _known(*DeskAction)]
    note: str = ""


class Outside(_Strict):
    """What somebody does in the directory, outside the program, to the account of a login."""

    disable: str = ""
    enable: str = ""
    lock: str = ""
    delete: str = ""
    create: dict[str, Before] = {}


class CameBack(_Strict):
    """A delivery report arrives about the newest mail to an address."""

    to: str
    subject: str = ""
    """Contained in the subject of that mail."""
    status: str = "5.1.1"
    forged: bool = False
    """By somebody who knows the case and the address, and never saw the mail."""


class SeenCase(_Strict):
    """What there is to be seen of a case; what is not given is not compared. Texts are contained."""

    state: Annotated[str, _known(*(state.label for state in State))] | None = None
    waiting_for: str | None = None
    reason: Texts = ()
    board: dict[Annotated[str, _known(*HEADERS)], Texts] = {}
    ticket: Literal["abierto", "cerrado", "ninguno"] | None = None
    """None: closed once the case is attended or closed, else open."""
    solution: Texts = ()
    story: Texts = ()
    """In this order, among other lines."""
    untold: Texts = ()
    """In no line of the story."""
    duplicate_of: int | None = None
    follows: int | None = None
    approved_by: str | None = None
    sla: Annotated[str, _known(*(mark.label for mark in SlaMark))] | None = None
    requester: str | None = None
    """A login or an address; empty: nobody, it is the program's own case."""


class SeenAccount(_Strict):
    """What there is to be seen of an account; what is not given is not compared."""

    gone: bool = False
    enabled: bool | None = None
    ou: str | None = None
    """The whole OU, relative to the base."""
    unit: str | None = None
    name: str | None = None
    given_name: str | None = None
    surname: str | None = None
    position: str | None = None
    mobile: str | None = None
    groups: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = None
    """All of them, by their names."""
    manager: str | None = None
    """A login; empty: nobody."""
    expires: Day = Field(default=None)
    """The last day worked."""
    aliases: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = None
    licence: str | None = None
    """Empty: none."""
    enters: bool | None = None
    """Whether the person can log on with the password that he knows last."""
    must_change: bool | None = None
    locked: bool | None = None
    holds: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = None
    """All of them, as `seeing.hold_text` writes them."""
    sessions_ended: int | None = None
    address_on_record: str | None = None
    kept_groups: int | None = None
    """How many groups are written down for a return."""


class SeenMail(_Strict):
    """One mail, or `times` alike. `subject` is contained in what follows the case number; texts are contained."""

    to: str
    case: int | None = None
    """None: a mail about no single case."""
    subject: str
    text: Texts = ()
    without: Texts = ()
    password: bool = False
    """Whether it carries a temporary password."""
    times: int = 1


class Seen(_Strict):
    """What is compared in the middle of a scenario: only what is given."""

    cases: dict[int, SeenCase] = {}
    accounts: dict[str, SeenAccount] = {}
    mailed: dict[str, int] = {}
    """How many mails went to an address so far."""
    free_seats: dict[str, int] = {}
    batches: int | None = None
    """How many batches wait for their approval."""
    computers: dict[str, Literal["en el dominio", "fuera"]] = {}


class Expected(Seen):
    """The end: these cases and no other, these mails and no other, and no other account changed."""

    mails: tuple[SeenMail, ...]
    backups: dict[int, int] = {}
    """Of these cases, how many items were copied and verified; no other case has a backup."""

    @model_validator(mode="after")
    def _whole(self) -> "Expected":
        stateless = [number for number, case in self.cases.items() if case.state is None]
        if stateless:
            raise ValueError(f"at the end every case has its state: {stateless}")
        return self


class Step(_Strict):
    """One thing that happens. What somebody did is seen by the next run: when time passes, or something is looked at."""

    submit: Submission | None = None
    edit: Edit | None = None
    desk: Choice | None = None
    sign_in: str | None = None
    """A login: the person signs in with the mailed password and chooses another."""
    cannot_sign_in: str | None = None
    """A login: the password mailed last opens nothing."""
    wait: Span | None = None
    until: Moment | None = None
    buy: dict[str, int] | None = None
    came_back: CameBack | None = None
    mail_refuses: Texts | None = None
    """From now on the mail server refuses these addresses and no other."""
    down: Annotated[str, _known("directorio", "correo", "mesa")] | None = None
    up: Annotated[str, _known("directorio", "correo", "mesa")] | None = None
    outside: Outside | None = None
    matrix: Texts | None = None
    """The rows beyond the usual ones from now on."""
    approve_batch: str | None = None
    """By whom."""
    refuse_batch: str | None = None
    check: Seen | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "Step":
        if len(self.model_fields_set) != 1:
            raise ValueError(f"one thing a step, not {', '.join(sorted(self.model_fields_set)) or 'none'}")
        return self


class Scenario(_Strict):
    """One file."""

    behaviour: Annotated[str, AfterValidator(_one_line)]
    institution: Literal["upme", "unidad-victimas"] = "upme"
    start: Moment = datetime.fromisoformat("2026-11-23 08:00")
    policy: dict[str, str] = {}
    """Changes by section and key, as TOML or JSON writes the value."""
    backup: Literal["embedded", "by-hand"] = "embedded"
    seats: dict[str, int] = {}
    """Of these licences so many are bought in all; of the others there are enough."""
    matrix: Texts = ()
    accounts: dict[str, Before] = {}
    computers: dict[str, Machine] = {}
    steps: tuple[Step, ...]
    exits: tuple[int, ...] = (0,)
    """What the runs may exit with."""
    nowhere: Texts = ()
    """Texts that lie in no file and no mail at the end, but for the form's own export."""
    expect: Expected


def _value(node: yaml.Node) -> object:
    """What a node says, all text: a key that is written twice is refused, because the second one would silently win."""
    if isinstance(node, yaml.SequenceNode):
        return [_value(each) for each in node.value]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    found: dict[object, object] = {}
    for key, value in node.value:
        name = _value(key)
        if name in found:
            raise ScenarioError(f"«{name}» is written twice: line {key.start_mark.line + 1}")
        found[name] = _value(value)
    return found


def load_scenario(path: Path) -> Scenario:
    """Read a file. Raises ScenarioError with all that is wrong in it."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        return Scenario.model_validate(_value(node) if node is not None else {})
    except (yaml.YAMLError, ScenarioError) as error:
        raise ScenarioError(f"{path.name}: {error}") from error
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_url=False)]
        raise ScenarioError("\n".join([f"{path.name}:", *lines])) from error
