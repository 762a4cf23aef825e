"""Times in the headers of any server's reply: when to come back (RFC 9110, 10.2.3), and what its clock said."""

import email.utils
import re
from collections.abc import Mapping
from datetime import datetime

_DAY_SECONDS = 86_400.0


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """What Retry-After asks for, in seconds (with decimals) or as a date beside the reply's own; None: nothing readable.

    At most a day: whatever a broken gateway asks for, the journal can count with it.
    """
    found = {name.lower(): value for name, value in headers.items() if name.lower() in {"retry-after", "date"}}
    text = found.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return min(float(text), _DAY_SECONDS)
    wanted, sent = http_date(text), http_date(found.get("date", ""))
    return min(max(0.0, (wanted - sent).total_seconds()), _DAY_SECONDS) if wanted and sent else None


def http_date(text: str) -> datetime | None:
    """A header's date (aware); None for one that cannot be read."""
    try:
        found = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
