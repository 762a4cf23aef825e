"""GLPI's search engine over the legacy REST: where tickets and users are, each row compared again.

Search options are numbers that differ between versions and plugins, so they are found by table and field in
listSearchOptions (https://github.com/glpi-project/glpi/blob/main/apirest.md#list-searchoptions).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import JsonValue, TypeAdapter

from config.errors import Misconfigured, Target
from config.vocabulary import CaseNumber, EmailAddress, same_address
from notify.desk.glpi_errors import not_understood
from notify.desk.glpi_rows import Searched, SearchOption, parsed
from notify.desk.glpi_session import GlpiSession

_SEARCHED = TypeAdapter(Searched)
_OPTIONS = TypeAdapter(dict[str, JsonValue])
_OPTION = TypeAdapter(SearchOption)
_ROUNDING = timedelta(minutes=1)
_OPTIONS_NAME = "la lista de campos de búsqueda"


class GlpiSearch:
    """Searches of one session. Raises as GlpiSession does, and Misconfigured for a field that cannot be searched."""

    def __init__(self, session: GlpiSession) -> None:
        self._session = session
        self._known: dict[str, dict[int, SearchOption]] = {}

    def tickets_of(self, case: CaseNumber) -> tuple[int, ...]:
        """Numbers of the tickets whose external identifier is the case number, the trash left out; lowest first."""
        key, searchtypes = self._option("Ticket", "glpi_tickets", "externalid")
        # «contains» with both anchors is GLPI's way to say the same where «equals» is not offered.
        criterion = ("equals", str(case)) if "equals" in searchtypes else ("contains", f"^{case}$")
        found = self._rows("Ticket", "glpi_tickets", {key: criterion}, key)
        return tuple(sorted(number for number, keys in found if case in keys))

    def keys_changed_since(self, at: datetime) -> tuple[str, ...]:
        """External identifiers of the tickets that changed at or after an aware instant, or in the minute before it."""
        key, _ = self._option("Ticket", "glpi_tickets", "externalid")
        changed, _ = self._option("Ticket", "glpi_tickets", "date_mod")
        criterion = ("morethan", self._session.server_time(at - _ROUNDING))
        return tuple(keys[0] for _, keys in self._rows("Ticket", "glpi_tickets", {changed: criterion}, key) if keys)

    def user_of(self, address: EmailAddress) -> int:
        """The user with this address; 0 when GLPI knows none, or several, or does not let the program ask."""
        try:
            email, _ = self._option("User", "glpi_useremails", "email")
            found = self._rows("User", "glpi_users", {email: ("contains", address)}, email)
        except Misconfigured:
            # Without the right to read users the address itself stands as the requester, which is as good for an agent.
            return 0
        users = {number for number, addresses in found if any(same_address(each, address) for each in addresses)}
        return users.pop() if len(users) == 1 else 0

    def _rows(
        self, itemtype: str, table: str, criteria: Mapping[int, tuple[str, str]], shown: int
    ) -> list[tuple[int, list[str]]]:
        identifier, _ = self._option(itemtype, table, "id")
        query: dict[str, str | int] = {
            "forcedisplay[0]": identifier,
            "forcedisplay[1]": shown,
            "sort": identifier,
            "order": "ASC",
        }
        for place, (option, (searchtype, value)) in enumerate(criteria.items()):
            query |= {
                f"criteria[{place}][link]": "AND",
                f"criteria[{place}][field]": option,
                f"criteria[{place}][searchtype]": searchtype,
                f"criteria[{place}][value]": value,
            }
        found = []
        for page in self._session.pages(f"search/{itemtype}", _SEARCHED, query=query):
            for row in page.data:
                number = _number(row.get(str(identifier)))
                if not number:
                    raise not_understood("una búsqueda")
                found.append((number, _words(row.get(str(shown)))))
        return found

    def _option(self, itemtype: str, table: str, field: str) -> tuple[int, tuple[str, ...]]:
        """The number of a search option, and the ways in which it can be searched."""
        for number, option in self._options(itemtype).items():
            if option.table == table and option.field == field:
                return number, tuple(option.available_searchtypes)
        raise Misconfigured(
            Target.DESK,
            f"Este GLPI no deja buscar en {itemtype} por «{field}».",
            remedy="Use GLPI 9.5 o posterior; docs/glpi.md dice qué versiones sirven.",
        )

    def _options(self, itemtype: str) -> dict[int, SearchOption]:
        if itemtype not in self._known:
            listed = self._session.get(f"listSearchOptions/{itemtype}", _OPTIONS)
            if listed is None:
                raise not_understood(_OPTIONS_NAME)
            # Headings of groups stand among the options, under names.
            self._known[itemtype] = {
                int(number): parsed(_OPTION, option, _OPTIONS_NAME)
                for number, option in listed.items()
                if number.isdecimal() and isinstance(option, dict)
            }
        return self._known[itemtype]


def _words(value: JsonValue) -> list[str]:
    """The values of a cell: GLPI gives one as it is and several as a list."""
    match value:
        case str() if value:
            return [value]
        case list():
            return [each for each in value if isinstance(each, str)]
        case _:
            return []


def _number(value: JsonValue) -> int:
    match value:
        case bool():
            return 0
        case int():
            return value
        case str() if value.isdecimal():
            return int(value)
        case _:
            return 0
