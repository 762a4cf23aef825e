"""The log shows what happened and none of what must not be shown."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from config.errors import CannotRun
from config.log import Logger, configure
from config.redaction import MOST_CHARACTERS, shown, shown_text
from config.settings import Log
from provision.directory.port import Password

CANARY = "Caballo-Puente47"


@pytest.fixture(autouse=True)
def _no_handler_left() -> Iterator[None]:
    """Library warnings go nowhere after a test."""
    before = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers[:] = before


def logger_into(stream: io.StringIO, **settings: object) -> Logger:
    """A logger that writes into memory."""
    return configure(Log.model_validate({"level": "info", **settings}), stream)


def events(stream: io.StringIO) -> list[dict[str, object]]:
    """Each line of a JSON log."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_its_time_level_and_keys() -> None:
    """Bound and given keys stand beside the event; below the level nothing is written."""
    stream = io.StringIO()
    logger = logger_into(stream).bind(case="GU-2026-000123")
    logger.debug("not written")
    logger.info("request advanced", state="DONE", attempt=2)
    (event,) = events(stream)
    assert list(event)[:3] == ["time", "level", "event"]
    assert event["case"] == "GU-2026-000123"
    assert (event["state"], event["attempt"], event["level"]) == ("DONE", 2, "info")
    assert str(event["time"]).endswith("Z")


@pytest.mark.parametrize("format", ["json", "text"])
def test_no_secret_is_written_however_it_comes(format: str) -> None:
    """By key, by type, nested, inside a sentence, in an exception and through a library."""
    stream = io.StringIO()
    logger = logger_into(stream, format=format)
    logger.info("by key", password=CANARY, client_secret=CANARY, Authorization=CANARY, api_key=CANARY, key=CANARY, clave=CANARY)
    logger.info("by type", one=Password(CANARY), other=SecretStr(CANARY), many=[Password(CANARY)], raw=CANARY.encode())
    logger.info("nested", reply={"headers": {"authorization": f"Bearer {CANARY}"}, "access_token": CANARY})
    logger.info("inside", text=f"bind failed: password={CANARY}", url=f"ldaps://svc:{CANARY}@dc1", header=f"Bearer {CANARY}")
    logger.info("object", thing=io.StringIO(CANARY))
    try:
        raise ValueError(f'{{"token": "{CANARY}"}}')
    except ValueError as error:
        logger.exception("failed", cause=error)
    logging.getLogger("urllib3").warning("retrying with token=%s", CANARY)
    logging.getLogger("googleapiclient").debug("body: %s", CANARY)
    assert CANARY not in stream.getvalue()
    assert "a library warns" in stream.getvalue()


def test_paths_and_names_of_secrets_are_shown() -> None:
    """Where a secret lies is no secret: an operator needs it."""
    assert shown("password_file", Path("/etc/gestion/directorio")) == "/etc/gestion/directorio"
    assert shown("token_uri", "https://oauth2.googleapis.com/token") == "https://oauth2.googleapis.com/token"


def test_personal_addresses_are_masked_and_the_requester_is_not() -> None:
    """The address that access data goes to is recognisable and no more; the requester's is whole."""
    stream = io.StringIO()
    logger_into(stream).info("mail sent", requester="jefe@upme.gov.co", to="juan.perez+x@gmail.com", text="a juan@gmail.com no")
    (event,) = events(stream)
    assert event["requester"] == "jefe@upme.gov.co"
    assert event["to"] == "j***@gmail.com"
    assert event["text"] == "a j***@gmail.com no"


@pytest.mark.parametrize("format", ["json", "text"])
def test_hostile_text_stays_in_its_line(format: str) -> None:
    """Line ends, escape sequences and direction marks in a name are shown and do nothing."""
    stream = io.StringIO()
    name = "O'Brien\n2026-01-01 error forged \x1b[2J\u202egnp\u2028\r=HYPERLINK(\x00"
    logger_into(stream, format=format).info("received", user=name, **{"a\nb": 1})
    written = stream.getvalue()
    assert written.count("\n") == 1
    assert written.isprintable() or written.rstrip("\n").isprintable()


def test_an_exceptions_message_cannot_pass_for_an_event() -> None:
    """In text every line of a traceback is indented."""
    stream = io.StringIO()
    logger = logger_into(stream, format="text")
    try:
        raise ValueError("x\n2026-11-22T00:00:00Z error forged")
    except ValueError:
        logger.exception("failed")
    first, *others = stream.getvalue().splitlines()
    assert "failed" in first
    assert others
    assert all(line.startswith("    ") for line in others)


def test_long_values_are_cut_and_say_so() -> None:
    """Ten thousand characters do not fill the log."""
    text = shown_text("ñ" * 10_000)
    assert len(text) < MOST_CHARACTERS + 40
    assert "(10000 caracteres)" in text


def test_unusual_values_do_not_stop_the_log() -> None:
    """Infinite numbers, deep nesting and lone surrogates are written somehow."""
    stream = io.StringIO()
    deep: dict[str, object] = {}
    deep["again"] = deep
    logger_into(stream).info("odd", number=float("nan"), deep=deep, text="\ud800", when=None, yes=True)
    assert len(events(stream)) == 1


@given(key=st.text(max_size=20), value=st.recursive(st.none() | st.text() | st.floats() | st.binary(), st.lists, max_leaves=5))
def test_everything_can_be_written_as_one_line(key: str, value: object) -> None:
    """Whatever the value, its line is valid JSON without a control character."""
    line = json.dumps({shown_text(key): shown(key, value)}, ensure_ascii=False, allow_nan=False)
    assert "\n" not in line
    line.encode("utf-8")


def test_the_file_is_appended_to_readable_by_its_owner_only_and_may_be_rotated(tmp_path: Path) -> None:
    """Two loggers share a file; a file moved away is begun again."""
    file = tmp_path / "gestion.log"
    for _ in range(2):
        configure(Log(file=file)).info("run finished")
    assert len(file.read_text("utf-8").splitlines()) == 2
    assert file.stat().st_mode & 0o777 == 0o600
    logger = configure(Log(file=file))
    file.rename(tmp_path / "gestion.log.1")
    logger.info("after rotation")
    assert "after rotation" in file.read_text("utf-8")


def test_a_file_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    """A missing folder stops the start, not the middle of a run."""
    with pytest.raises(CannotRun, match="bitácora"):
        configure(Log(file=tmp_path / "no" / "gestion.log"))


def test_a_log_that_breaks_later_does_not_stop_the_run(tmp_path: Path) -> None:
    """What cannot go to the file any more goes to the stream; a closed stream is borne too."""
    folder = tmp_path / "log"
    folder.mkdir()
    stream = io.StringIO()
    logger = configure(Log(file=folder / "gestion.log"), stream)
    (folder / "gestion.log").unlink()
    folder.rmdir()
    logger.info("still told")
    assert "still told" in stream.getvalue()
    stream.close()
    logger.info("nowhere left")


def test_configuring_again_writes_a_librarys_warning_once() -> None:
    """The former destination is replaced, not added to."""
    first, second = io.StringIO(), io.StringIO()
    logger_into(first)
    logger_into(second)
    logging.getLogger("ldap3").warning("slow")
    assert first.getvalue() == ""
    assert len(events(second)) == 1
