"""Record the cassettes anew, against the tests' own Google: `python -m tests.cassettes.record`."""

import sys
import tempfile
from pathlib import Path

from tests.cassettes.conversation import FOLDER, POLLS, Conversation, recorder
from tests.servers.google.accounts import ServiceAccountKey, generate_key
from tests.servers.google.server import FakeGoogle

HEADER = """\
# Recorded by tests/cassettes/record.py against the tests' own Google (tests/servers/google), not against Google's servers.
# Hosts are rewritten to Google's; assertion, token and personal data are replaced. Do not edit: record it again.
"""


def record(folder: Path, installation: Path, account: ServiceAccountKey) -> tuple[FakeGoogle, Conversation]:
    """Record every poll into this folder. Returns the Google that answered, stopped, and the installation that asked."""
    machine = recorder(folder, recording=True)
    with FakeGoogle(account) as google:
        conversation = Conversation(installation, account, google)
        for name in POLLS:
            with machine.use_cassette(f"{name}.yaml"):
                conversation.poll(name)
            file = folder / f"{name}.yaml"
            file.write_text(HEADER + file.read_text(encoding="utf-8"), encoding="utf-8")
    return google, conversation


def main() -> int:
    """Replace the cassettes beside this file."""
    for name in POLLS:
        (FOLDER / f"{name}.yaml").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        google, _ = record(FOLDER, Path(folder), generate_key())
    for call in google.calls:
        print(call.method, call.path, call.method_id)
    return 1 if google.violations else 0


if __name__ == "__main__":
    sys.exit(main())
