"""The connection to Graph: tokens, certificates, throttling, pages, batches, streams and refused writes."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import Misconfigured, Target, Transient, Unreachable, WriteRefused
from config.graph.batch import BatchCall
from config.graph.connection import GraphConnection, GraphReach
from config.graph.errors import GraphForbidden, GraphRefusal, error_of
from config.graph.odata import quoted, segment
from config.graph.throttling import LONGEST_WAIT_SECONDS
from config.http_times import retry_after_seconds
from tests.contract.graph_cloud import LICENCE, GraphCloudWorld
from tests.servers.graph.faults import Cut, ErrorReply, RawReply, throttled
from tests.servers.graph.people import OnPremises, User
from tests.servers.graph.tokens import EVERY_PERMISSION, SECRET, TENANT

CLOUD = Target.CLOUD
SKUS = "/subscribedSkus"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GraphCloudWorld]:
    """A tenant behind a server of its own."""
    made = GraphCloudWorld(tmp_path)
    yield made
    made.close()


def _connection(world: GraphCloudWorld, **changes: object) -> GraphConnection:
    made = GraphConnection(world.graph.reach(world.folder, **changes), sleep=world.waits.append)
    world.connections.append(made)
    return made


def _people(world: GraphCloudWorld, count: int) -> list[User]:
    for number in range(count):
        account = OnPremises(f"00000000-0000-4000-8000-{number:012d}", f"u{number}", f"u{number}@upme.gov.co")
        world.people.users.append(User(f"u-{number}", account, world.clock()))
    return world.people.users


def test_one_token_serves_many_calls_under_the_given_authority_alone(
    world: GraphCloudWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUESTS_CA_BUNDLE and ~/.netrc of the machine change nothing."""
    netrc = world.folder / "netrc"
    netrc.write_text("machine localhost login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    graph = world.connection()
    for _ in range(5):
        assert next(each["skuPartNumber"] for each in graph.pages(SKUS, target=CLOUD)) == LICENCE
    assert (world.graph.tokens.issued, len(world.graph.calls_of("GET", SKUS))) == (1, 5)


def test_a_certificate_of_another_authority_is_refused(world: GraphCloudWorld) -> None:
    """Nothing is sent, and the message says what to configure; so it is for tokens, which msal fetches."""
    with pytest.raises(Misconfigured, match="certificado") as refused:
        _connection(world, ca_file=None).get(SKUS, target=CLOUD)
    assert "ca_file" in refused.value.remedy
    assert world.graph.calls == []


def test_the_application_proves_itself_by_its_certificate(world: GraphCloudWorld) -> None:
    """Signed with PS256; the secret is not needed, and another certificate is refused, naming the remedy."""
    pem, public = _certificate()
    world.graph.tokens.certificate = public
    _connection(world, certificate_pem=pem, secret=None).get(SKUS, target=CLOUD)
    assert world.graph.tokens.algorithms == ["PS256"]
    other, _ = _certificate()
    with pytest.raises(Misconfigured, match="AADSTS700027") as refused:
        _connection(world, certificate_pem=other, secret=None).get(SKUS, target=CLOUD)
    assert "certificado" in refused.value.remedy


@pytest.mark.parametrize("pem", ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "nada", ""])
def test_a_certificate_that_cannot_be_used_is_a_wrong_set_up(world: GraphCloudWorld, pem: str) -> None:
    """Without any of its text in the message."""
    with pytest.raises(Misconfigured, match="certificado") as refused:
        _connection(world, certificate_pem=pem, secret=None).get(SKUS, target=CLOUD)
    assert "MIIB" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"secret": "canary-otro"}, "AADSTS7000215"),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, "AADSTS700016"),
        ({"tenant": "otro.onmicrosoft.com"}, "inquilino"),
    ],
)
def test_what_entra_refuses_is_a_wrong_set_up(world: GraphCloudWorld, changes: dict[str, object], said: str) -> None:
    """It says what to look at, and never the secret."""
    with pytest.raises(Misconfigured, match=said) as refused:
        _connection(world, **changes).get(SKUS, target=Target.MAIL)
    assert refused.value.remedy
    assert refused.value.target is Target.MAIL
    assert "canary" not in str(refused.value) + repr(refused.value.__cause__) + repr(refused.value.__context__)


def test_a_token_that_graph_no_longer_takes_is_fetched_anew(world: GraphCloudWorld) -> None:
    """Once; an application that is refused again is a wrong set-up."""
    graph = world.connection()
    graph.get(SKUS, target=CLOUD)
    world.graph.tokens.revoke_all()
    graph.get(SKUS, target=CLOUD)
    assert world.graph.tokens.issued == 2
    world.graph.faults.add(SKUS, ErrorReply(401, "InvalidAuthenticationToken"), times=2)
    with pytest.raises(Misconfigured, match="identidad"):
        graph.get(SKUS, target=CLOUD)


def test_the_tokens_server_may_be_busy(world: GraphCloudWorld) -> None:
    """What it answers with 503 is for another run."""
    world.graph.faults.add("POST token", throttled(503, "7.5"))
    with pytest.raises(Transient, match="identidad"):
        world.connection().get(SKUS, target=CLOUD)


@pytest.mark.parametrize("status", [429, 503, 504])
def test_what_is_throttled_waits_as_long_as_it_is_asked_to(world: GraphCloudWorld, status: int) -> None:
    """Decimals and all; a few times."""
    world.graph.faults.add(SKUS, throttled(status, "0.25"), times=3)
    assert world.connection().get(SKUS, target=CLOUD)["value"]
    assert world.waits == [0.25] * 3


def test_waiting_has_an_end(world: GraphCloudWorld) -> None:
    """Four tries, and a minute in all: the rest is for another run, which knows how long to wait."""
    graph = world.connection()
    world.graph.faults.add(SKUS, throttled(429, "1"), times=4)
    with pytest.raises(Transient) as tried:
        graph.get(SKUS, target=CLOUD)
    assert (tried.value.retry_after_seconds, world.waits) == (1, [1, 1, 1])
    world.graph.faults.add(SKUS, throttled(429, "300.5"))
    with pytest.raises(Transient) as far:
        graph.get(SKUS, target=CLOUD)
    assert (far.value.retry_after_seconds, len(world.waits)) == (300.5, 3)
    assert sum(world.waits) <= LONGEST_WAIT_SECONDS


def test_a_post_that_may_have_been_done_is_not_sent_again(world: GraphCloudWorld) -> None:
    """A 504 or a cut connection: whoever asked looks first. A 503 was not done, and is repeated."""
    user = _people(world, 1)[0]
    graph, path = world.connection(), f"/users/{user.id}/revokeSignInSessions"
    world.graph.faults.add(path, ErrorReply(504, applied=True))
    world.graph.faults.add(path, Cut(applied=True))
    for _ in range(2):
        with pytest.raises(Transient):
            graph.write("POST", path, target=CLOUD)
    assert len(user.sessions_ended) == 2
    world.graph.faults.add(path, throttled(503, "0"))
    assert graph.write("POST", path, target=CLOUD) == {"value": True}
    assert len(user.sessions_ended) == 3


def test_a_read_that_broke_off_is_read_again(world: GraphCloudWorld) -> None:
    """Before any reply, or in the middle of it."""
    graph = world.connection()
    world.graph.faults.add(SKUS, Cut(0))
    world.graph.faults.add(SKUS, Cut(10))
    assert graph.get(SKUS, target=CLOUD)["value"]
    world.graph.faults.add(SKUS, Cut(0), times=9)
    with pytest.raises(Transient):
        graph.get(SKUS, target=CLOUD)
    world.graph.faults.clear()


@pytest.mark.parametrize("reply", [RawReply(200, b"<html>Portal de la red</html>"), RawReply(200, b"[]"), RawReply(502)])
def test_what_is_not_graphs_is_never_an_empty_answer(world: GraphCloudWorld, reply: RawReply) -> None:
    """A proxy's page, half a reply, a list without its list: an error that may pass."""
    world.graph.faults.add(SKUS, reply, times=4)
    with pytest.raises(Transient):
        list(world.connection().pages(SKUS, target=CLOUD))
    world.graph.faults.clear()
    world.graph.faults.add(SKUS, RawReply(200, b'{"valor": []}'))
    with pytest.raises(Transient):
        list(world.connection().pages(SKUS, target=CLOUD))


def test_nobody_there_is_unreachable(tmp_path: Path) -> None:
    """And says so of the target that was asked for."""
    reach = GraphReach(TENANT, "3a8b1f60-52a7-4a0d-8a0e-6f5d6c1e9b77", "https://127.0.0.1:9", "https://127.0.0.1:9", secret="x")
    graph = GraphConnection(reach)
    with pytest.raises(Unreachable) as refused:
        graph.get(SKUS, target=Target.BACKUP)
    assert refused.value.target is Target.BACKUP
    graph.close()
    graph.close()


def test_refusals_carry_status_and_code(world: GraphCloudWorld) -> None:
    """404 by its code; 403 names the doctor; both say what was asked, never the query."""
    graph = world.connection()
    with pytest.raises(GraphRefusal, match="GET /users/nadie") as refused:
        graph.get("/users/nadie", target=CLOUD, query={"$select": "id"})
    assert (refused.value.status, refused.value.code) == (404, "Request_ResourceNotFound")
    assert "select" not in refused.value.message
    world.graph.tokens.roles = EVERY_PERMISSION - {"LicenseAssignment.Read.All", "Organization.Read.All"}
    with pytest.raises(GraphForbidden, match="Authorization_RequestDenied") as forbidden:
        world.connection().get(SKUS, target=CLOUD)
    assert "gestion doctor" in forbidden.value.remedy


def test_a_broken_item_is_no_passing_failure() -> None:
    """500 ErrorMimeContentConversionFailed is for good; any other 500 may pass; a redirection is a wrong address."""
    broken = b'{"error": {"code": "ErrorMimeContentConversionFailed", "message": "x"}}'
    assert isinstance(error_of(500, {}, broken, target=CLOUD, asked="GET /x"), GraphRefusal)
    assert isinstance(error_of(500, {}, b"", target=CLOUD, asked="GET /x"), Transient)
    assert isinstance(error_of(302, {}, b"", target=CLOUD, asked="GET /x"), Misconfigured)


@pytest.mark.parametrize("onward", ["https://otro.example/v1.0/users", "http://localhost/v1.0/users", "", 7])
def test_a_list_that_goes_on_elsewhere_gets_no_token(world: GraphCloudWorld, onward: object) -> None:
    """The next page is Graph's own, or there is none."""
    import json

    body = json.dumps({"value": [], "@odata.nextLink": onward}).encode()
    world.graph.faults.add(SKUS, RawReply(200, body, "application/json"))
    with pytest.raises(Misconfigured, match="otra dirección"):
        list(world.connection().pages(SKUS, target=CLOUD))


def test_a_dry_run_sends_no_write(world: GraphCloudWorld) -> None:
    """Refused before the process is left, also inside a batch; reads answer."""
    user = _people(world, 1)[0]
    dry = world.connection(writable=False)
    path = f"/users/{user.id}/revokeSignInSessions"
    with pytest.raises(WriteRefused, match="POST"):
        dry.write("POST", path, target=CLOUD)
    with pytest.raises(WriteRefused):
        dry.batch([BatchCall("GET", SKUS), BatchCall("POST", path)], target=CLOUD)
    assert world.graph.calls == []
    assert dry.batch([BatchCall("GET", SKUS)], target=CLOUD)[0].status == 200


def test_each_call_of_a_batch_fails_by_itself(world: GraphCloudWorld) -> None:
    """Twenty a request, in the order of the calls; only what was throttled is sent again, after its own time."""
    users = _people(world, 45)
    calls = [BatchCall("GET", f"/users/{user.id}", {"$select": "id"}) for user in users]
    calls[7] = BatchCall("GET", "/users/nadie")
    calls[9] = BatchCall("PATCH", f"/users/{users[9].id}", body={"usageLocation": "CO"})
    world.graph.faults.add(r"GET /users/u-3$", throttled(429, "2.5"))
    replies = world.connection().batch(calls, target=CLOUD)
    assert [reply.status for reply in replies] == [404 if n == 7 else 204 if n == 9 else 200 for n in range(45)]
    assert [reply.body.get("id") for reply in replies][:4] == ["u-0", "u-1", "u-2", "u-3"]
    assert isinstance(replies[7].error, GraphRefusal)
    assert (users[9].usage_location, world.waits) == ("CO", [2.5])
    assert len(world.graph.calls_of("GET", "/users/u-3")) == 2
    assert len(world.graph.calls_of("GET", "/users/u-4")) == 1


def test_a_call_of_a_batch_that_stays_throttled_says_so(world: GraphCloudWorld) -> None:
    """The others are answered; this one knows how long to wait."""
    _people(world, 2)
    world.graph.faults.add(r"/users/u-1$", throttled(429, "100"), times=9)
    fine, late = world.connection().batch([BatchCall("GET", "/users/u-0"), BatchCall("GET", "/users/u-1")], target=CLOUD)
    assert fine.error is None
    assert isinstance(late.error, Transient)
    assert late.error.retry_after_seconds == 100
    world.graph.faults.clear()


def test_a_stream_is_read_in_pieces_and_says_when_it_breaks_off(world: GraphCloudWorld) -> None:
    """A whole one is all there; one cut short of its length is an error, never a short file."""
    graph = world.connection()
    with graph.stream(SKUS, target=Target.BACKUP) as streamed:
        content = b"".join(streamed.chunks())
    assert (streamed.status, int(streamed.headers["content-length"])) == (200, len(content))
    world.graph.faults.add(SKUS, Cut(20))
    with pytest.raises(Transient), graph.stream(SKUS, target=Target.BACKUP) as streamed:
        list(streamed.chunks())
    with pytest.raises(ValueError, match="token"), graph.stream("https://otro.example/x", target=Target.BACKUP):
        pass


def test_one_mailbox_is_asked_four_things_at_once(world: GraphCloudWorld) -> None:
    """Whatever the number of threads: the fake refuses the fifth."""
    user = _people(world, 1)[0]
    user.mailbox_since = world.clock()
    world.mailbox_comes()
    graph = world.connection()
    threads = [
        threading.Thread(target=graph.get, args=(f"/users/{user.id}/mailFolders/inbox",), kwargs={"target": CLOUD})
        for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.graph.most_at_once <= 4
    assert (len(world.graph.calls_of("GET", ".*/inbox")), world.graph.tokens.issued) == (24, 1)


@given(st.text(min_size=1, max_size=40))
@settings(max_examples=50)
def test_text_never_leaves_its_place_in_an_address(text: str) -> None:
    """A literal ends at its own apostrophe, and a segment ends nothing."""
    literal = quoted(text)
    assert literal[1:-1].replace("''", "") == text.replace("'", "")
    assert (literal[0], literal[-1]) == ("'", "'")
    if text in {".", ".."}:
        with pytest.raises(ValueError, match="segment"):
            segment(text)
    elif "\ud800" not in text:
        assert not set(segment(text)) & set("/?#'\" &")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2.75"}, 2.75),
        ({"retry-after": "120"}, 120),
        ({"Retry-After": "Mon, 23 Nov 2026 13:00:30 GMT", "Date": "Mon, 23 Nov 2026 13:00:00 GMT"}, 30),
        ({"Retry-After": "999999999"}, 86_400),
        ({"Retry-After": "pronto"}, None),
        ({"Retry-After": "-1"}, None),
        ({}, None),
    ],
)
def test_retry_after_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds with decimals, a date beside the reply's own, and what cannot be read."""
    assert retry_after_seconds(headers) == seconds


def test_nothing_shows_the_secret(world: GraphCloudWorld) -> None:
    """Neither the reach's repr nor the recorded addresses."""
    reach = world.graph.reach(world.folder, certificate_pem="canary-clave")
    assert SECRET not in repr(reach)
    assert "canary" not in repr(reach)


def _certificate() -> tuple[str, bytes]:
    """A private key with its certificate, as the application's file has them, and the public part."""
    from datetime import UTC, datetime, timedelta

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gestion")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    certificate = made.not_valid_before(now).not_valid_after(now + timedelta(days=9)).sign(key, hashes.SHA256())
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (private + public).decode(), public
