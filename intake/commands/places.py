"""Where the settings file is looked for."""

from collections.abc import Mapping
from pathlib import Path

from config.errors import CannotRun

VARIABLE = "GESTION_CONFIG"
PLACES = (Path("gestion.toml"), Path("/etc/gestion/gestion.toml"))
EXAMPLE = Path(__file__).parents[2] / "config" / "example.toml"


def settings_path(asked: str | None, environ: Mapping[str, str]) -> Path:
    """The settings file: the one asked for, or of GESTION_CONFIG, or the first of PLACES. Raises CannotRun for none."""
    named = asked or environ.get(VARIABLE)
    if named:
        return Path(named)
    found = next((path for path in PLACES if path.is_file()), None)
    if found is not None:
        return found
    raise CannotRun(
        f"No hay configuración: no existe {PLACES[0]} en esta carpeta ni {PLACES[1]}, y no se indicó otra con --config.",
        remedy=f"Para conocer el programa ejecute «gestion demo». Para instalarlo copie {EXAMPLE} como gestion.toml, "
        "ajústelo y compruébelo con «gestion doctor».",
    )
