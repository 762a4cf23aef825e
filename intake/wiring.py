"""From settings to adapters: the only place that names one. Each is made when it is first needed, so a poll that finds
nothing to do loads neither LDAP, SMTP nor templates.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from config.calendar import BusinessCalendar
from config.clock import Clock
from config.errors import CannotRun
from config.institution import Institution
from config.log import Logger
from config.settings import Settings
from config.settings_intake import FormByGoogle
from config.stop_point import StopPoint, let_go
from intake.forms.port import Field, FormSource
from provision.journal.store import Journal
from provision.journal.views import Views
from provision.procedure.acts import Act
from provision.procedure.model import Request
from provision.procedure.steps import Rules

if TYPE_CHECKING:
    from google.oauth2.service_account import Credentials

    from config.graph.connection import GraphConnection
    from intake.board.port import Board
    from intake.matrix import Matrix
    from notify.bounces.port import BounceBox
    from notify.desk.port import Desk
    from notify.mailer.port import Mailer
    from notify.render import Renderer
    from provision.backup.port import Backup
    from provision.cloud.port import Cloud
    from provision.directory.port import Directory
    from provision.executor import Performer


@dataclass
class Installation:
    """One institution's program, put together. `close` it; in a dry run (`writable=False`) no adapter writes anything.

    `journal_at` replaces the journal of the settings (the copy of a dry run).
    """

    settings: Settings
    policy: Institution
    clock: Clock
    log: Logger
    writable: bool = True
    journal_at: Journal | None = None
    stop_point: StopPoint = let_go

    @cached_property
    def calendar(self) -> BusinessCalendar:
        """The institution's business hours."""
        return BusinessCalendar(self.policy.business_hours, self.policy.zone)

    def rules(self, now: datetime) -> Rules:
        """What decides how requests go on at this instant."""
        return Rules(self.policy, self.calendar, now)

    @cached_property
    def journal(self) -> Journal:
        """The journal, created or upgraded if need be."""
        return self.journal_at or Journal.open(store_url(self.settings))

    @cached_property
    def views(self) -> Views:
        """Reads of the journal."""
        return Views(self.journal)

    def run_lock(self) -> AbstractContextManager[object]:
        """One run at a time on one SQLite journal; several pollers share a PostgreSQL one by leases."""
        url = make_url(store_url(self.settings))
        if self.journal_at is not None or url.get_backend_name() != "sqlite" or not url.database:
            return nullcontext()
        return run_lock(Path(f"{url.database}.lock"))

    @property
    def alone(self) -> bool:
        """Whether `run_lock` keeps every other worker away, so that leases left over are a dead worker's."""
        return make_url(store_url(self.settings)).get_backend_name() == "sqlite"

    @cached_property
    def google_identities(self) -> "dict[tuple[Path, str | None, str | None], Credentials]":
        """Credentials by key file, delegated subject and token address."""
        return {}

    @cached_property
    def graph(self) -> "GraphConnection":
        """One connection to Microsoft Graph, and so one token, for the cloud, the backups and the mail."""
        from intake.wiring_microsoft import graph_of

        return graph_of(self)

    @cached_property
    def source(self) -> "FormSource":
        """Where responses come from."""
        from intake.wiring_requests import source_of

        return source_of(self)

    def matrix(self) -> "Matrix":
        """The authorizer matrix: read once by one installation, however many decisions need it."""
        return self._matrix_read

    @cached_property
    def _matrix_read(self) -> "Matrix":
        from intake.wiring_requests import matrix_of

        return matrix_of(self)

    @cached_property
    def board(self) -> "Board":
        """Where requests are shown."""
        from intake.wiring_requests import board_of

        return board_of(self)

    @cached_property
    def directory(self) -> "Directory":
        """Where accounts are made."""
        from intake.wiring_accounts import directory_of

        return directory_of(self)

    @cached_property
    def cloud(self) -> "Cloud":
        """Licences, synchronisation and mailboxes."""
        from intake.wiring_accounts import cloud_of

        return cloud_of(self)

    @cached_property
    def mailer(self) -> "Mailer":
        """How mails leave."""
        from intake.wiring_mail import mailer_of

        return mailer_of(self)

    @cached_property
    def bounces(self) -> "BounceBox":
        """Where delivery-status mails come back."""
        from intake.wiring_mail import bounces_of

        return bounces_of(self)

    @cached_property
    def desk(self) -> "Desk":
        """The ticket tool."""
        from intake.wiring_desk import desk_of

        return desk_of(self)

    @cached_property
    def renderer(self) -> "Renderer":
        """The mails' templates."""
        from notify.render import Renderer

        return Renderer(self.policy, self.settings.mail.templates_dir)

    def form_url(self, request: Request) -> str:
        """The form's address, prefilled with the case number and the former answers where the questions are bound."""
        section = self.settings.form
        if not isinstance(section, FormByGoogle):
            return self.policy.mail.form_url
        from intake.forms.prefill import prefilled_url
        from intake.wiring_fields import by_field

        question_ids = {question: bound.id for question, bound in by_field(section.questions).items()}
        answers = {Field(name): texts for name, texts in self.views.answers(request.case).items()}
        return prefilled_url(self.policy.mail.form_url, question_ids, answers, request.case)

    @cached_property
    def backup(self) -> "Backup":
        """Copies of mailboxes before they are given up."""
        from intake.wiring_accounts import backup_of

        return backup_of(self)

    def performers(self) -> "dict[Act, Performer]":
        """One performer for each act that the procedure can ask for."""
        from intake.performers import all_performers

        return all_performers(self)

    def close(self) -> None:
        """Close what was opened."""
        for name in ("source", "board", "backup", "cloud", "directory", "mailer", "bounces", "desk", "graph", "journal"):
            opened = self.__dict__.get(name)
            if opened is not None:
                opened.close()


def store_url(settings: Settings) -> str:
    """The journal's address with its password."""
    password = settings.store.read_password()
    if password is None:
        return settings.store.url
    return make_url(settings.store.url).set(password=password.get_secret_value()).render_as_string(hide_password=False)


class AlreadyRunning(CannotRun):
    """Another run holds the lock of the journal: there is nothing to mend."""


def run_lock(path: Path) -> AbstractContextManager[object]:
    """An exclusive lock that dies with its process. Raises AlreadyRunning when another run holds it, and CannotRun."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return lock.acquire(timeout=0)
    except Timeout as error:
        raise AlreadyRunning(
            "Otra ejecución está en curso sobre el mismo almacén.",
            remedy="Espere a que termine; la siguiente ejecución programada continúa el trabajo.",
        ) from error
    except OSError as error:
        raise CannotRun(
            f"No se puede crear el candado {path}: {error.strerror}.", remedy="Revise el disco y los permisos."
        ) from error
