"""From settings to the adapters that tell people: mail, what comes back, the desk's ticket."""

from typing import TYPE_CHECKING, assert_never

from config.settings_microsoft import BouncesByGraph, MailByGraph
from config.settings_telling import BouncesByImap, BouncesByMaildir, BouncesNone, MailByMaildir, MailBySmtp
from provision.journal.views import Memory

if TYPE_CHECKING:
    from intake.wiring import Installation
    from notify.bounces.port import BounceBox
    from notify.mailer.port import Mailer


def mailer_of(installation: "Installation") -> "Mailer":
    """How mails leave."""
    section = installation.settings.mail
    match section:
        case MailByMaildir():
            from notify.mailer.maildir import MaildirMailer

            return MaildirMailer(
                section.path, clock=installation.clock, writable=installation.writable, stop_point=installation.stop_point
            )
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
            return SmtpMailer(
                reach, clock=installation.clock, writable=installation.writable, stop_point=installation.stop_point
            )
        case MailByGraph():
            from notify.mailer.graph import GraphMailer

            return GraphMailer(
                installation.graph,
                installation.policy.mail.sender,
                clock=installation.clock,
                writable=installation.writable,
                stop_point=installation.stop_point,
            )
        case _ as never:
            assert_never(never)


def bounces_of(installation: "Installation") -> "BounceBox":
    """Where delivery reports come back."""
    section = installation.settings.bounces
    memory = Memory(installation.journal)
    match section:
        case BouncesNone():
            from notify.bounces.none import NoBounces

            return NoBounces()
        case BouncesByMaildir():
            from notify.bounces.maildir import MaildirBounces

            return MaildirBounces(section.path, memory)
        case BouncesByImap():
            from notify.bounces.imap import ImapBounces, ImapReach

            reach = ImapReach(
                host=section.host,
                port=section.port,
                user=section.user,
                password=section.read_password().get_secret_value(),
                folder=section.folder,
                ca_file=section.ca_file,
                timeout_seconds=section.timeout_seconds,
            )
            return ImapBounces(reach, memory, clock=installation.clock)
        case BouncesByGraph():
            from notify.bounces.graph import GraphBounces

            return GraphBounces(installation.graph, section.mailbox, memory, clock=installation.clock)
        case _ as never:
            assert_never(never)
