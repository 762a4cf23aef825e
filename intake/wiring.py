"""From settings to adapters: the only place that names one. Each is made when it is first needed, so a poll that finds
nothing to do loads neither LDAP, SMTP nor templates.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, assert_never

from sqlalchemy.engine import make_url

from config.calendar import BusinessCalendar
from config.clock import Clock
from config.errors import CannotRun
from config.institution import Institution
from config.log import Logger
from config.settings import (
    BackupByHand,
    BackupEmbedded,
    BoardByGoogle,
    BoardByXlsx,
    CloudEmbedded,
    CloudNone,
    DirectoryByActiveDirectory,
    DirectoryEmbedded,
    FormByCsv,
    FormByGoogle,
    MailByMaildir,
    MailBySmtp,
    MatrixByCsv,
    MatrixBySheet,
    Settings,
)
from config.stop_point import StopPoint, let_go
from intake.forms.port import Field, FormSource
from provision.journal.store import Journal
from provision.journal.views import Memory, Views
from provision.procedure.acts import Act
from provision.procedure.model import Request
from provision.procedure.steps import Rules

if TYPE_CHECKING:
    from google.oauth2.service_account import Credentials

    from intake.board.port import Board
    from intake.matrix import Matrix
    from notify.desk.port import Desk
    from notify.mailer.port import Mailer
    from notify.render import Renderer
    from provision.backup.port import Backup
    from provision.cloud.port import Cloud
    from provision.directory.port import Directory
    from provision.executor import Performer


Bound = TypeVar("Bound")


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

    def _google(self, section: FormByGoogle | MatrixBySheet | BoardByGoogle) -> "Credentials":
        from intake.google_access import google_credentials

        identity = (section.key_file, section.subject, section.token_uri)
        if identity not in self._google_identities:
            key_file, subject, token_uri = identity
            self._google_identities[identity] = google_credentials(key_file, subject, token_uri=token_uri)
        return self._google_identities[identity]

    @cached_property
    def _google_identities(self) -> "dict[tuple[Path, str | None, str | None], Credentials]":
        """One set of credentials, and so one token a run, for each account named in the settings."""
        return {}

    @cached_property
    def source(self) -> FormSource:
        """Where responses come from."""
        section = self.settings.form
        match section:
            case FormByGoogle():
                from intake.forms.google import GoogleForm
                from intake.forms.questions import BoundQuestion

                return GoogleForm(
                    section.form_id,
                    {question: BoundQuestion(bound.id, bound.title) for question, bound in by_field(section.questions).items()},
                    self._google(section),
                    attend_since=section.attend_since,
                    endpoint=section.endpoint,
                    overlap=timedelta(minutes=section.overlap_minutes),
                    sweep_every=timedelta(hours=section.sweep_hours),
                    timeout_seconds=section.timeout_seconds,
                )
            case FormByCsv():
                from intake.forms.csv_export import CsvExport
                from intake.forms.questions import DEFAULT_HEADERS

                headers = {**DEFAULT_HEADERS, **by_field(section.headers)}
                return CsvExport(section.path, section.vouched_by, headers, self.policy.zone, form_id=section.form_id)
            case _ as never:
                assert_never(never)

    def matrix(self) -> "Matrix":
        """The authorizer matrix: read once by one installation, however many decisions need it."""
        return self._matrix_read

    @cached_property
    def _matrix_read(self) -> "Matrix":
        from intake.matrix import load_matrix

        section = self.settings.matrix
        match section:
            case MatrixByCsv():
                from intake.matrix_file import CsvMatrix

                return load_matrix(CsvMatrix(section.path), self.policy)
            case MatrixBySheet():
                from intake.matrix_sheet import SheetMatrix

                sheet = SheetMatrix(
                    section.spreadsheet_id,
                    section.tab,
                    self._google(section),
                    endpoint=section.endpoint,
                    timeout_seconds=section.timeout_seconds,
                )
                return load_matrix(sheet, self.policy)
            case _ as never:
                assert_never(never)

    @cached_property
    def board(self) -> "Board":
        """Where requests are shown."""
        section = self.settings.board
        match section:
            case BoardByXlsx():
                from intake.board.xlsx import XlsxBoard

                title = f"Gestión de Usuarios · {self.policy.short_name}"
                return XlsxBoard(section.path, zone=self.policy.zone, title=title, writable=self.writable)
            case BoardByGoogle():
                from intake.board.google_sheet import GoogleSheetBoard

                return GoogleSheetBoard(
                    section.spreadsheet_id,
                    self._google(section),
                    memory=Memory(self.journal),
                    zone=self.policy.zone,
                    endpoint=section.endpoint,
                    responses_gid=section.responses_gid,
                    writable=self.writable,
                    timeout_seconds=section.timeout_seconds,
                )
            case _ as never:
                assert_never(never)

    @cached_property
    def directory(self) -> "Directory":
        """Where accounts are made."""
        section = self.settings.directory
        match section:
            case DirectoryByActiveDirectory():
                from provision.directory.active_directory import ActiveDirectory
                from provision.directory.ad_connection import ActiveDirectorySettings

                reach = ActiveDirectorySettings(
                    url=section.url,
                    base_dn=section.base_dn,
                    user=section.user,
                    password=section.read_password().get_secret_value(),
                    ca_file=section.ca_file,
                    marker_attribute=section.marker_attribute,
                    timeout_seconds=section.timeout_seconds,
                    mail_domains=tuple(dict.fromkeys((self.policy.mail_domain, self.policy.upn_suffix))),
                    ous=policy_ous(self.policy),
                    groups=policy_groups(self.policy),
                )
                return ActiveDirectory(reach, writable=self.writable, stop_point=self.stop_point, clock=self.clock)
            case DirectoryEmbedded():
                from provision.directory.embedded import EmbeddedDirectory

                return EmbeddedDirectory(
                    section.path, section.base_dn, writable=self.writable, clock=self.clock, stop_point=self.stop_point
                )
            case _ as never:
                assert_never(never)

    @cached_property
    def cloud(self) -> "Cloud":
        """Licences, synchronisation and mailboxes."""
        section = self.settings.cloud
        match section:
            case CloudNone():
                from provision.cloud.absent import AbsentCloud

                return AbsentCloud()
            case CloudEmbedded():
                from provision.cloud.embedded import EmbeddedCloud

                return EmbeddedCloud(
                    section.path,
                    section.seats,
                    self.clock,
                    sync_takes=timedelta(minutes=section.sync_minutes),
                    mailbox_takes=timedelta(minutes=section.mailbox_minutes),
                    writable=self.writable,
                    still_there=lambda account: self.directory.find_by_id(account) is not None,
                )
            case _ as never:
                assert_never(never)

    @cached_property
    def mailer(self) -> "Mailer":
        """How mails leave."""
        section = self.settings.mail
        match section:
            case MailByMaildir():
                from notify.mailer.maildir import MaildirMailer

                return MaildirMailer(section.path, clock=self.clock, writable=self.writable, stop_point=self.stop_point)
            case MailBySmtp():
                from notify.mailer.smtp import SmtpMailer
                from notify.mailer.smtp_settings import SmtpSettings

                password = section.read_password()
                reach = SmtpSettings(
                    host=section.host,
                    port=section.port,
                    security=section.security,
                    user=section.user,
                    password=password.get_secret_value() if password else "",
                    ca_file=section.ca_file,
                    timeout_seconds=section.timeout_seconds,
                )
                return SmtpMailer(reach, clock=self.clock, writable=self.writable, stop_point=self.stop_point)
            case _ as never:
                assert_never(never)

    @cached_property
    def desk(self) -> "Desk":
        """The ticket tool."""
        from notify.desk.embedded import EmbeddedDesk

        return EmbeddedDesk(self.settings.desk.path, clock=self.clock, writable=self.writable)

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

        question_ids = {question: bound.id for question, bound in by_field(section.questions).items()}
        answers = {Field(name): texts for name, texts in self.views.answers(request.case).items()}
        return prefilled_url(self.policy.mail.form_url, question_ids, answers, request.case)

    @cached_property
    def backup(self) -> "Backup":
        """Copies of mailboxes before they are given up."""
        section = self.settings.backup
        match section:
            case BackupEmbedded():
                from provision.backup.embedded import EmbeddedBackup
                from provision.cloud.embedded import EmbeddedCloud

                if not isinstance(self.cloud, EmbeddedCloud):
                    raise CannotRun('backup: kind = "embedded" copia solo los buzones de la nube embebida.')
                return EmbeddedBackup(section.path, self.cloud, self.clock, writable=self.writable, stop_point=self.stop_point)
            case BackupByHand():
                from provision.backup.by_hand import ByHandBackup

                return ByHandBackup()
            case _ as never:
                assert_never(never)

    def performers(self) -> "dict[Act, Performer]":
        """One performer for each act that the procedure can ask for."""
        from intake.performers import all_performers

        return all_performers(self)

    def close(self) -> None:
        """Close what was opened."""
        for name in ("source", "board", "backup", "cloud", "directory", "mailer", "desk", "journal"):
            opened = self.__dict__.get(name)
            if opened is not None:
                opened.close()


def policy_ous(policy: Institution) -> tuple[str, ...]:
    """Every OU in which the policy makes accounts, relative to the directory's base."""
    return tuple(sorted({policy.ou_of(account_type, unit) for account_type in policy.accounts for unit in policy.units}))


def policy_groups(policy: Institution) -> tuple[str, ...]:
    """Every group that the policy gives, relative to the directory's base."""
    of_types = {group for rules in policy.accounts.values() for group in rules.groups}
    return tuple(sorted(of_types | {group for unit in policy.units for group in unit.groups}))


def by_field(named: Mapping[str, Bound]) -> dict[Field, Bound]:
    """A table of the settings by field of the form. Raises CannotRun naming the keys that are no field."""
    fields = {field.value: field for field in Field}
    unknown = sorted(named.keys() - fields.keys())
    if unknown:
        raise CannotRun(
            f"La configuración nombra campos del formulario que no existen: {', '.join(unknown)}.",
            remedy=f"Los campos son: {', '.join(fields)}.",
        )
    return {fields[name]: bound for name, bound in named.items()}


def store_url(settings: Settings) -> str:
    """The journal's address with its password."""
    password = settings.store.read_password()
    if password is None:
        return settings.store.url
    return make_url(settings.store.url).set(password=password.get_secret_value()).render_as_string(hide_password=False)


def run_lock(path: Path) -> AbstractContextManager[object]:
    """An exclusive lock that dies with its process. Raises CannotRun when another run holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return lock.acquire(timeout=0)
    except Timeout as error:
        raise CannotRun(
            "Otra ejecución está en curso sobre el mismo almacén.",
            remedy="Espere a que termine; la siguiente ejecución programada continúa el trabajo.",
        ) from error
    except OSError as error:
        raise CannotRun(
            f"No se puede crear el candado {path}: {error.strerror}.", remedy="Revise el disco y los permisos."
        ) from error
