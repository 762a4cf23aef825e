"""What a modification changes: the difference between what an account is and what was asked for. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from config.institution import Institution, Unit
from config.vocabulary import AccountType, same_address
from provision.procedure.facts import Attribute, Change
from provision.procedure.submission import Activate, Modify


@dataclass(frozen=True, slots=True)
class Present:
    """An account as it is now. `parent_dn` and `group_dns` are whole DNs; `contract_end` is the last day worked."""

    account_type: AccountType
    unit: str
    given_name: str
    surname: str
    display_name: str
    position: str
    mobile: str
    manager_mail: str | None
    contract_number: str | None
    contract_end: date | None
    parent_dn: str
    group_dns: tuple[str, ...]


_NAME = re.compile(r"(?:\\.|[^\\,])*,", re.DOTALL)
"""The object's own name at the head of its DN: a comma after a backslash belongs to it ("CN=Ríos\\, Ana"; RFC 4514, 2.4)."""


def parent_of(dn: str) -> str:
    """The DN of what holds an object; empty when nothing does."""
    name = _NAME.match(dn)
    return dn[name.end() :] if name else ""


def below(dn: str, relative_dn: str) -> bool:
    """Whether a whole DN is what a DN relative to the directory's base names; capitals and spaces do not matter."""
    return _plain(dn).startswith(_plain(relative_dn) + ",")


@lru_cache(maxsize=4096)  # the same few places are compared with every account of a plan
def _plain(dn: str) -> str:
    return ",".join("=".join(side.strip() for side in part.split("=", 1)) for part in dn.split(",")).casefold()


def planned(present: Present, content: Modify | Activate, policy: Institution) -> tuple[Change, ...]:
    """Everything that changes, in the order in which it is shown; nothing for what is so already."""
    return tuple(change for change in _differences(present, content, policy) if change.before != change.after)


def _differences(present: Present, content: Modify | Activate, policy: Institution) -> Iterator[Change]:
    if isinstance(content, Modify):
        yield from _names(present, content)
        yield from _given(Attribute.POSITION, present.position, content.position)
        yield from _given(Attribute.MOBILE, present.mobile, content.mobile)
    unit = content.unit or present.unit
    if unit != present.unit:
        yield from _transfer(present, unit, policy)
    supervisor = content.supervisor_email
    if supervisor is not None and not (present.manager_mail and same_address(present.manager_mail, supervisor)):
        yield Change(Attribute.SUPERVISOR, present.manager_mail or "", supervisor)
    if content.contract is not None:
        yield from _given(Attribute.CONTRACT_NUMBER, present.contract_number or "", content.contract.number)
        before = present.contract_end.isoformat() if present.contract_end else ""
        end = content.contract.end
        yield from _given(Attribute.CONTRACT_END, before, end.isoformat() if end else None)


def _names(present: Present, content: Modify) -> Iterator[Change]:
    if content.generic_name is not None:
        yield Change(Attribute.DISPLAY_NAME, present.display_name, content.generic_name)
        return
    yield from _given(Attribute.GIVEN_NAMES, present.given_name, content.given_names)
    yield from _given(Attribute.SURNAMES, present.surname, content.surnames)
    if content.given_names is not None or content.surnames is not None:
        full = f"{content.given_names or present.given_name} {content.surnames or present.surname}".strip()
        yield Change(Attribute.DISPLAY_NAME, present.display_name, full)


def _given(attribute: Attribute, before: str, after: str | None) -> Iterator[Change]:
    if after:
        yield Change(attribute, before, after)


def _transfer(present: Present, unit: str, policy: Institution) -> Iterator[Change]:
    """Unit, OU and groups together: the institution's rules say which groups a unit gives, and only those are exchanged."""
    former, new = _unit(policy, present.unit), _unit(policy, unit)
    yield Change(Attribute.UNIT, present.unit, unit)
    if new is None:
        return
    ou = policy.ou_of(present.account_type, new)
    before = policy.ou_of(present.account_type, former) if former is not None else present.parent_dn
    if not below(f"{present.parent_dn},", ou) and not below(present.parent_dn, ou):
        yield Change(Attribute.OU, before, ou)
    for group in former.groups if former is not None else ():
        if group not in new.groups and _member(present, group):
            yield Change(Attribute.GROUP_REMOVED, group, "")
    for group in new.groups:
        if not _member(present, group):
            yield Change(Attribute.GROUP_ADDED, "", group)


def _unit(policy: Institution, name: str) -> Unit | None:
    return next((unit for unit in policy.units if unit.name == name), None)


def _member(present: Present, group: str) -> bool:
    return any(below(dn, group) for dn in present.group_dns)


def whereabouts(dn: str, department: str, policy: Institution) -> tuple[AccountType, str] | None:
    """Account type and unit of an account by where the directory has it; its department tells units of one OU apart.

    None: it is in no place that the policy gives to an account, or cannot be told apart.
    """
    parent = parent_of(dn)
    places = [
        (policy.ou_of(account_type, unit), account_type, unit.name) for account_type in policy.accounts for unit in policy.units
    ]
    holding = [place for place in places if below(parent, place[0])]
    # One OU of the policy may begin like another one ("OU=A" and "OU=A,OU=B"): the longest is the one that it is in.
    nearest = max((len(_plain(ou)) for ou, _, _ in holding), default=0)
    found = [(account_type, unit) for ou, account_type, unit in holding if len(_plain(ou)) == nearest]
    if len(found) > 1:
        named = policy.unit_called(department) if department else None
        found = [(account_type, unit) for account_type, unit in found if named is not None and unit == named.name]
    return found[0] if len(found) == 1 else None
