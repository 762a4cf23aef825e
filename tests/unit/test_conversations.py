"""A case is one conversation for each of those who hear of it, and nobody's conversation names anybody else."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from config.vocabulary import CaseNumber, EmailAddress
from intake.performing import Post
from notify.mailer.maildir import MaildirMailer
from notify.mailer.mime import mime_message
from notify.mailer.port import Message
from notify.mails import Cancelled, ClosedUnanswered, Mail, UserNotice
from notify.render import Renderer
from tests.cases import BOSS, NOW, policy, rules
from tests.unit.sample_mails import CASE, DAY, every_mail

ANA = EmailAddress("ana.rios@entidad.gov.co")


@pytest.fixture
def post(tmp_path: Path) -> Post:
    """How an installation writes mails."""
    mailer = MaildirMailer(tmp_path / "correo", clock=lambda: NOW)
    return Post(Renderer(policy()), mailer, rules, lambda request: policy().mail.form_url, lambda name: f"s{len(name)}")


def written(post: Post, mail: Mail, to: EmailAddress = BOSS, *, threaded: bool = True, name: str = "paso") -> Message:
    """A mail as it is handed over."""
    return post.message(mail, post.message_id(mail.case, name, "1"), to, threaded=threaded)


def test_the_mails_to_the_requester_are_one_conversation(post: Post) -> None:
    """Each answers the same name, which is not its own, and carries it as In-Reply-To and References."""
    first, second = written(post, Cancelled(CASE, "No.")), written(post, ClosedUnanswered(CASE, DAY), name="otro")
    assert first.in_reply_to == second.in_reply_to
    assert first.in_reply_to not in {None, first.message_id, second.message_id}
    for message in (first, second):
        mail = message_from_bytes(mime_message(message, NOW).as_bytes(), policy=default)
        assert mail["In-Reply-To"] == mail["References"] == first.in_reply_to
        assert mail["Subject"].startswith(f"[{CASE}]")


def test_others_have_a_conversation_of_their_own(post: Post) -> None:
    """The same person the same one, however the address is written; another person or another case another one."""
    notice, of_another_case = (
        UserNotice(CASE, "Ana", "ana.rios", "Se hizo."),
        UserNotice(CaseNumber("GU-2026-000999"), "", "a", "b"),
    )
    requesters = written(post, Cancelled(CASE, "No.")).in_reply_to
    hers = written(post, notice, ANA, threaded=False).in_reply_to
    assert written(post, notice, EmailAddress(f"{ANA.upper()} "), threaded=False).in_reply_to == hers
    others = {
        requesters,
        hers,
        written(post, notice, BOSS, threaded=False).in_reply_to,
        written(post, of_another_case, ANA, threaded=False).in_reply_to,
    }
    assert len(others) == 4
    assert not any("ana" in str(each) for each in others)


@pytest.mark.parametrize("threaded", [True, False])
def test_every_mail_of_a_case_belongs_to_a_conversation(post: Post, *, threaded: bool) -> None:
    """Access data too; what belongs to no case answers nothing."""
    for mail in every_mail():
        assert (written(post, mail, threaded=threaded).in_reply_to is not None) is bool(mail.case)
