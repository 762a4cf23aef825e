"""From settings to the service desk's ticket tool."""

from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from config.located import read_secret
from config.settings_telling import DeskByGlpi, DeskByGlpi11, DeskByMail, DeskByRequestTracker, DeskEmbedded

if TYPE_CHECKING:
    from intake.wiring import Installation
    from notify.desk.port import Desk


def desk_of(installation: "Installation") -> "Desk":
    """The ticket tool."""
    section = installation.settings.desk
    match section:
        case DeskEmbedded():
            from notify.desk.embedded import EmbeddedDesk

            return EmbeddedDesk(section.path, clock=installation.clock, writable=installation.writable)
        case DeskByRequestTracker():
            from notify.desk.request_tracker import RequestTrackerDesk, RequestTrackerReach

            return RequestTrackerDesk(
                RequestTrackerReach(
                    url=section.url,
                    token=section.read_token().get_secret_value(),
                    ca_file=section.ca_file,
                    timeout_seconds=section.timeout_seconds,
                ),
                queue=section.queue,
                key_field=section.key_field,
                zone=installation.policy.zone,
                writable=installation.writable,
                stop_point=installation.stop_point,
            )
        case DeskByGlpi():
            from notify.desk.glpi import GlpiDesk
            from notify.desk.glpi_settings import GlpiSettings

            return GlpiDesk(
                GlpiSettings(
                    url=section.url,
                    user_token=_secret(section.user_token_file),
                    app_token=_secret(section.app_token_file) if section.app_token_file else "",
                    entity=section.entity,
                    category=section.category,
                    ca_file=section.ca_file,
                    timeout_seconds=section.timeout_seconds,
                ),
                clock=installation.clock,
                zone=installation.policy.zone,
                writable=installation.writable,
                stop_point=installation.stop_point,
            )
        case DeskByGlpi11():
            from notify.desk.glpi11 import Glpi11Desk
            from notify.desk.glpi_settings import Glpi11Settings

            return Glpi11Desk(
                Glpi11Settings(
                    url=section.url,
                    client_id=section.client_id,
                    client_secret=_secret(section.client_secret_file),
                    user=section.user,
                    password=_secret(section.password_file),
                    entity=section.entity,
                    category=section.category,
                    ca_file=section.ca_file,
                    timeout_seconds=section.timeout_seconds,
                ),
                clock=installation.clock,
                zone=installation.policy.zone,
                writable=installation.writable,
                stop_point=installation.stop_point,
            )
        case DeskByMail():
            from config.vocabulary import EmailAddress
            from notify.desk.by_mail import MailDesk

            return MailDesk(
                section.path,
                lambda: installation.mailer,
                desk=EmailAddress(section.address),
                sender_name=installation.policy.mail.sender_name,
                sender=EmailAddress(installation.policy.mail.sender),
                zone=installation.policy.zone,
                clock=installation.clock,
                writable=installation.writable,
                stop_point=installation.stop_point,
            )
        case _ as never:
            assert_never(never)


def _secret(file: Path) -> str:
    """What a file of one line holds. Raises CannotRun."""
    return read_secret(file).get_secret_value()
