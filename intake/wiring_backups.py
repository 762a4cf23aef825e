"""From settings to backups: those of a case, and one that somebody asks for by command."""

from pathlib import Path
from typing import TYPE_CHECKING

from config.errors import CannotRun
from config.settings_accounts import CloudEmbedded
from config.settings_microsoft import BackupByGraph, CloudByGraph
from provision.backup.port import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.wiring import Installation
    from provision.backup.port import Backup

_MINUTES_A_TURN_BY_COMMAND = 24 * 60
"""Whoever asks for it waits for it; the progress is kept all the same."""


def graph_backup_of(installation: "Installation", section: BackupByGraph) -> "Backup":
    """Copies of Microsoft 365 mailboxes, in the folder of the settings."""
    from provision.backup.graph import GraphBackup

    return GraphBackup(
        section.path,
        installation.graph,
        installation.clock,
        writable=installation.writable,
        stop_point=installation.stop_point,
        minutes_a_turn=section.minutes_per_run,
    )


def backup_to(installation: "Installation", folder: Path, watch: "Callable[[Pace], None]") -> "Backup":
    """Copies into any folder, whatever the settings do with the backups of cases. Raises CannotRun without mailboxes."""
    match installation.settings.cloud:
        case CloudByGraph():
            from provision.backup.graph import GraphBackup

            minutes = _MINUTES_A_TURN_BY_COMMAND
            return GraphBackup(folder, installation.graph, installation.clock, minutes_a_turn=minutes, watch=watch)
        case CloudEmbedded():
            from provision.backup.embedded import EmbeddedBackup
            from provision.cloud.embedded import EmbeddedCloud

            if isinstance(installation.cloud, EmbeddedCloud):
                return EmbeddedBackup(folder, installation.cloud, installation.clock)
        case _:
            pass
    raise CannotRun(
        "Esta instalación no tiene nube: no hay buzones que copiar.",
        remedy='Para copiarlos, configure [cloud] kind = "graph" y [microsoft]; vea docs/backups.md.',
    )
