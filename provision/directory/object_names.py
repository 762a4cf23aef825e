"""Under which names an account may stand in its OU when it is renamed or moved."""

from dataclasses import dataclass

from provision.directory.account_rules import common_name


@dataclass(frozen=True, slots=True)
class _Shown:
    login: str
    display_name: str


def names_to_try(login: str, current: str, display_name: str | None, *, moving: bool) -> tuple[str, ...]:
    """The names to give the object, best first; empty when it stays where it is under the name it has.

    `current` is its name now; a `display_name` of None keeps it. The login after the name tells namesakes in one OU apart, as
    in a creation; a name that carries it already is kept, so that a repeated change changes nothing.
    """
    shown = _Shown(login, current if display_name is None else display_name)
    plain, qualified = common_name(shown), common_name(shown, qualified=True)
    if current.endswith(f" ({login})") and (display_name is None or current == qualified):
        return (current,) if moving else ()
    if current == plain or display_name is None:
        return (current, qualified) if moving else ()
    return (plain, qualified)
