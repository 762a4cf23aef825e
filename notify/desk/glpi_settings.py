"""How to reach a GLPI, by either of its interfaces. Secrets are values here: their files are read by the wiring."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GlpiSettings:
    """GLPI's legacy REST. `url` is the API's address (`…/apirest.php` or `…/api.php/v1`), without a slash at its end."""

    url: str
    user_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    entity: int = 0
    """Where tickets are opened."""
    category: int | None = None
    """`itilcategories_id`; None: none."""
    ca_file: Path | None = None
    timeout_seconds: float = 30


@dataclass(frozen=True, slots=True)
class Glpi11Settings:
    """GLPI 11's high-level API. `url` is the address of the API, `…/api.php`, without a slash at its end."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    user: str
    password: str = field(repr=False)
    entity: int | None = None
    """Where tickets are opened; None: the account's own entity."""
    category: int | None = None
    ca_file: Path | None = None
    timeout_seconds: float = 30
