"""What one call of `gestion` carries from the command line to the command: its streams and, once read, its settings."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.clock import Clock, system_clock
from intake.commands.places import settings_path
from intake.output import Output

if TYPE_CHECKING:
    from config.settings import Settings


@dataclass(slots=True)
class Invocation:
    """One call. `settings` is None until a command has read them; `asked` is a --config written before the command."""

    output: Output
    clock: Clock = system_clock
    asked: str | None = None
    settings: "Settings | None" = None

    def load(self, asked: str | None) -> "Settings":
        """Read the settings of this command line. Raises CannotRun with everything wrong in them."""
        from config.settings import load_settings  # 0.2 s that `--help` does without

        self.settings = load_settings(settings_path(asked or self.asked, os.environ), os.environ)
        return self.settings
