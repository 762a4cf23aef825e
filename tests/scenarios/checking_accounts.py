"""An account as a scenario expects it against the account that is there."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

from config.dates import local_date
from tests.scenarios.acting import Stage
from tests.scenarios.reading import SeenAccount
from tests.scenarios.seeing import Known, Sight, hold_text

_SEEN: Mapping[str, Callable[[Known], object]] = {
    "enabled": lambda known: known.account.enabled,
    "ou": lambda known: known.ou,
    "unit": lambda known: known.account.department,
    "name": lambda known: known.account.display_name,
    "given_name": lambda known: known.account.given_name,
    "surname": lambda known: known.account.surname,
    "position": lambda known: known.account.title,
    "mobile": lambda known: known.account.mobile,
    "manager": lambda known: known.manager,
    "must_change": lambda known: known.account.must_change_password,
    "locked": lambda known: known.account.locked,
    "licence": lambda known: ", ".join(known.licences),
    "sessions_ended": lambda known: known.sessions_ended,
    "address_on_record": lambda known: (known.record.personal_email or "") if known.record else "",
    "kept_groups": lambda known: len(known.record.kept_groups) if known.record else 0,
}


def account_differences(sight: Sight, stage: Stage, known: Known | None, login: str, wanted: SeenAccount) -> Iterator[str]:
    """Whatever is not as it should be; what the scenario does not say is not compared."""
    if known is None or wanted.gone:
        if (known is None) != wanted.gone:
            yield "it does not exist" if known is None else "it exists"
        return
    given = wanted.model_fields_set
    actual: dict[str, object] = {name: see(known) for name, see in _SEEN.items() if name in given}
    expected: dict[str, object] = {name: getattr(wanted, name) for name in actual}
    if "expires" in given:
        actual["expires"], expected["expires"] = _last_day(stage, known), wanted.expires
    if wanted.groups is not None:
        actual["groups"], expected["groups"] = known.groups, tuple(sorted(wanted.groups))
    if wanted.aliases is not None:
        actual["aliases"], expected["aliases"] = known.account.aliases, wanted.aliases
    if wanted.holds is not None:
        actual["holds"] = tuple(hold_text(hold, sight.cases) for hold in known.holds)
        expected["holds"] = wanted.holds
    if wanted.enters is not None:
        actual["enters"], expected["enters"] = stage.enters(login), wanted.enters
    for name, value in actual.items():
        if value != expected[name]:
            yield f"{name}: {_said(value)}, not {_said(expected[name])}"


def _last_day(stage: Stage, known: Known) -> date | None:
    ends = known.account.expires_at
    return local_date(ends - timedelta(seconds=1), stage.world.policy.zone) if ends else None


def _said(value: object) -> str:
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, tuple) else f"«{value}»"
