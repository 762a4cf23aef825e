"""The cloud on Graph beyond the contract: arithmetic of seats, groups, races, faults, and what each call must carry."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import Misconfigured, NoSeat, NotFound, Rejected, Transient, WriteRefused
from config.graph.errors import GraphRefusal
from config.vocabulary import CaseNumber
from provision.cloud.graph import GraphCloud
from provision.cloud.graph_licences import COUNT_IS_GOOD_FOR
from provision.cloud.graph_replies import account_of, immutable_id
from provision.cloud.licensing_groups import GroupsOfDirectory
from provision.cloud.port import CloudUserId
from provision.directory.embedded import EmbeddedDirectory
from provision.directory.embedded_store import seed
from provision.directory.port import AccountId, NewAccount
from provision.journal.reservations import Reservations, SeatsMoved
from provision.journal.store import Journal
from tests.cases import enter
from tests.contract.clouds import MONTH, synchronised, with_mailbox
from tests.contract.graph_cloud import LICENCE, GraphCloudWorld
from tests.servers.graph.faults import ErrorReply, RawReply, throttled
from tests.servers.graph.people import Seat, Sku

ANA = AccountId("5d0c6a3e-8a57-4b5e-9d0f-0a1b2c3d4e5f")
GROUP = "CN=Licencias,OU=Grupos"
ASSIGN = r"POST /users/[^/]+/assignLicense"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GraphCloudWorld]:
    """A tenant with two seats."""
    made = GraphCloudWorld(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("sku", "free"),
    [
        (Sku("X", 10, elsewhere=4), 6),
        (Sku("X", 10, warning=5, suspended=5, elsewhere=4), 6),
        (Sku("X", 10, warning=5, elsewhere=12), 0),
        (Sku("X", 10, capability="Suspended"), 0),
        (Sku("X", 10, capability="Warning"), 0),
        (Sku("X", 10, applies_to="Company"), 0),
    ],
)
def test_free_seats_are_the_enabled_ones_less_the_consumed(world: GraphCloudWorld, sku: Sku, free: int) -> None:
    """Neither grace nor suspended seats count, nor licences of the company, nor those of a subscription that ended."""
    world.people.skus.append(sku)
    assert world.cloud().free_seats("X") == free


def test_a_run_counts_seats_once(world: GraphCloudWorld) -> None:
    """A thousand questions cost one call; what the run itself gives is counted; a long run counts anew."""
    cloud, user = world.cloud(), synchronised(world, ANA)
    assert {cloud.free_seats(LICENCE) for _ in range(1000)} == {2}
    cloud.assign_licence(user, LICENCE)
    assert cloud.free_seats(LICENCE) == 1
    assert len(world.graph.calls_of("GET", "/subscribedSkus")) == 1
    world.people.sku(LICENCE).enabled = 5
    world.clock.advance(COUNT_IS_GOOD_FOR)
    assert cloud.free_seats(LICENCE) == 4
    assert len(world.graph.calls_of("GET", "/subscribedSkus")) == 2


def test_the_assignments_own_error_is_the_truth(world: GraphCloudWorld) -> None:
    """A seat that somebody took since the count: no seat, and the count is made anew."""
    cloud, user = world.cloud(), synchronised(world, ANA)
    assert cloud.free_seats(LICENCE) == 2
    world.people.sku(LICENCE).elsewhere = 2
    with pytest.raises(NoSeat, match=LICENCE):
        cloud.assign_licence(user, LICENCE)
    assert cloud.free_seats(LICENCE) == 0


def test_any_other_refusal_of_a_licence_is_for_a_person(world: GraphCloudWorld) -> None:
    """With free seats, what Graph says against it is told."""
    cloud, user = world.cloud(), synchronised(world, ANA)
    world.graph.faults.add(ASSIGN, ErrorReply(400, "Request_BadRequest", "License assignment failed: dependency."))
    with pytest.raises(GraphRefusal, match="dependency"):
        cloud.assign_licence(user, LICENCE)


def test_the_country_comes_before_the_first_licence(world: GraphCloudWorld) -> None:
    """Colombia where there is none; one that somebody wrote stays. Not known yet to Graph's other servers: later."""
    cloud, user = world.cloud(), synchronised(world, ANA)
    said = "License assignment cannot be done for user with invalid usage location."
    world.graph.faults.add(ASSIGN, ErrorReply(400, "Request_BadRequest", said))
    with pytest.raises(Transient):
        cloud.assign_licence(user, LICENCE)
    cloud.assign_licence(user, LICENCE)
    assert world.people.alive(user).usage_location == "CO"
    assert len(world.graph.calls_of("PATCH", "/users/.*")) == 1
    world.people.alive(user).usage_location = "PE"
    world.people.skus.append(Sku("OTRA", 1))
    world.cloud().assign_licence(user, "OTRA")
    assert world.people.alive(user).usage_location == "PE"


def test_an_assignment_interrupted_anywhere_ends_the_same(world: GraphCloudWorld) -> None:
    """The reply lost after it was done: asked again, one seat, one licence."""
    cloud, user = world.cloud(), synchronised(world, ANA)
    world.graph.faults.add(ASSIGN, ErrorReply(504, applied=True))
    with pytest.raises(Transient):
        cloud.assign_licence(user, LICENCE)
    cloud.assign_licence(user, LICENCE)
    assert len(world.graph.calls_of("POST", "/users/.*/assignLicense")) == 1
    assert (len(world.people.alive(user).seats), world.cloud().free_seats(LICENCE)) == (1, 1)
    world.graph.faults.add(ASSIGN, ErrorReply(504, applied=True))
    with pytest.raises(Transient):
        cloud.remove_licence(user, LICENCE)
    cloud.remove_licence(user, LICENCE)
    assert world.people.alive(user).seats == []


def test_throttling_is_waited_for(world: GraphCloudWorld) -> None:
    """429 and 503 with decimals, on reads and on writes alike."""
    cloud, user = world.cloud(), synchronised(world, ANA)
    world.graph.faults.add("GET /subscribedSkus", throttled(429, "0.5"))
    world.graph.faults.add(ASSIGN, throttled(503, "1.25"), times=2)
    cloud.assign_licence(user, LICENCE)
    assert (world.waits, cloud.has_licence(user, LICENCE)) == ([0.5, 1.25, 1.25], True)


def test_the_user_is_found_by_the_accounts_guid(world: GraphCloudWorld) -> None:
    """As Entra Connect writes it, whose capitals count; Graph compares without them."""
    cloud = world.cloud()
    synchronised(world, ANA)
    asked = world.graph.calls_of("GET", "/users")[-1]
    assert re.fullmatch(r"onPremisesImmutableId eq '[A-Za-z0-9+/]{22}=='", asked.query["$filter"])
    assert (asked.headers["consistencylevel"], asked.query["$count"]) == ("eventual", "true")
    assert account_of(immutable_id(ANA)) == ANA
    assert account_of("bm8=") is account_of(None) is account_of("ñ") is None
    other = json.dumps({"value": [{"id": "otro", "onPremisesImmutableId": immutable_id(ANA).swapcase()}]})
    world.graph.faults.add("GET /users", RawReply(200, other.encode(), "application/json"))
    assert cloud.find_user(ANA) is None
    with pytest.raises(Rejected, match="objectGUID"):
        cloud.find_user(AccountId("x' or true eq true"))


def test_a_change_is_in_the_cloud_after_the_cycle_that_brought_it(world: GraphCloudWorld) -> None:
    """By the user's own last synchronisation, later than the change."""
    cloud = world.cloud()
    synchronised(world, ANA)
    world.clock.advance(timedelta(minutes=3))
    changed_at = world.clock()
    assert not cloud.synchronised_since(ANA, changed_at)
    cloud.request_sync()
    assert not cloud.synchronised_since(ANA, changed_at)
    world.cycle()
    assert cloud.synchronised_since(ANA, changed_at)


def test_without_a_connect_server_its_own_cycle_is_waited_for(world: GraphCloudWorld) -> None:
    """Nothing to ask, and no error; a dry run refuses all the same."""
    cloud = GraphCloud(world.connection(), world.clock)
    cloud.request_sync()
    assert world.connect.asked == 0
    with pytest.raises(WriteRefused):
        GraphCloud(world.connection(writable=False), world.clock).request_sync()


@pytest.mark.parametrize("code", ["MailboxNotEnabledForRESTAPI", "ErrorItemNotFound", "ResourceNotFound"])
def test_three_words_for_no_mailbox(world: GraphCloudWorld, code: str) -> None:
    """Any other 404 is an error, and so is a mailbox out of the application's scope: never "not ready yet"."""
    cloud, user = world.cloud(), with_mailbox(world, ANA)
    world.graph.faults.add("inbox", ErrorReply(404, code))
    assert not cloud.mailbox_ready(user)
    world.graph.faults.add("inbox", ErrorReply(404, "ErrorFolderNotFound"))
    with pytest.raises(GraphRefusal):
        cloud.mailbox_ready(user)
    world.graph.faults.add("inbox", ErrorReply(403, "ErrorAccessDenied"))
    with pytest.raises(Misconfigured):
        cloud.mailbox_ready(user)


def test_a_read_failure_is_never_an_absence(world: GraphCloudWorld) -> None:
    """What cannot be read is an error for every question: no user, no licence, no mailbox is concluded from it."""
    cloud, user = world.cloud(), with_mailbox(world, ANA)
    for ask in (
        lambda: cloud.find_user(ANA),
        lambda: cloud.licences_of(user),
        lambda: cloud.mailbox_ready(user),
        lambda: cloud.mailbox_fate(user),
        lambda: cloud.free_seats(LICENCE),
    ):
        world.graph.faults.add("GET /", RawReply(503), times=4)
        with pytest.raises(Transient):
            ask()
        world.graph.faults.clear()


def test_a_deletion_is_verified_in_the_bin(world: GraphCloudWorld) -> None:
    """Restorable for thirty days from its own instant, whatever our clock said meanwhile; then gone."""
    cloud, user = world.cloud(), with_mailbox(world, ANA)
    world.delete(ANA)
    ended = world.cycle()
    world.clock.advance(timedelta(days=3))
    assert cloud.mailbox_fate(user).until == ended + MONTH
    world.graph.faults.add("GET /directory/deletedItems", ErrorReply(403, "Authorization_RequestDenied"))
    with pytest.raises(Misconfigured):
        cloud.mailbox_fate(user)


def test_licences_are_those_that_carry_mail_or_files(world: GraphCloudWorld) -> None:
    """Trials of other products are not the procedure's; a licence that tells no services is taken for one of its own."""
    user = with_mailbox(world, ANA)
    world.people.skus += [
        Sku("FLOW_FREE", 100, plans=("EXCHANGE_S_FOUNDATION", "FLOW_P2_VIRAL")),
        Sku("ONEDRIVE", 1, plans=("ONEDRIVESTANDARD",)),
        Sku("RARA", 1, plans=()),
    ]
    held = world.people.alive(user)
    held.seats += [Seat(world.people.sku(name).id, world.clock()) for name in ("FLOW_FREE", "ONEDRIVE", "RARA")]
    cloud = world.cloud()
    assert cloud.licences_of(user) == ("ONEDRIVE", "RARA", LICENCE)
    assert cloud.has_licence(user, "FLOW_FREE")


class _Groups:
    """A directory whose groups the tenant synchronises."""

    def __init__(self, world: GraphCloudWorld) -> None:
        self._world = world
        world.people.licence_groups = {GROUP: LICENCE}

    def gives(self, licence: str) -> bool:
        """One licence has a group."""
        return licence == LICENCE

    def add(self, account: AccountId, licence: str) -> None:
        """The account with its group."""
        self._world.appear(account, GROUP)

    def remove(self, account: AccountId, licence: str) -> None:
        """Without it."""
        self._world.appear(account)


def test_a_groups_licence_comes_and_goes_with_the_cycle(world: GraphCloudWorld) -> None:
    """Assigned is not held yet; removed is held until then; both are idempotent, and no direct assignment is made."""
    user = synchronised(world, ANA)
    cloud = world.cloud(groups=_Groups(world))
    for _ in range(2):
        cloud.assign_licence(user, LICENCE)
        assert not cloud.has_licence(user, LICENCE)
    world.cycle()
    assert cloud.has_licence(user, LICENCE)
    assert world.people.alive(user).usage_location == "CO"
    for _ in range(2):
        cloud.remove_licence(user, LICENCE)
        assert cloud.licences_of(user) == (LICENCE,)
    world.cycle()
    assert cloud.licences_of(user) == ()
    assert world.graph.calls_of("POST", "/users/.*/assignLicense") == []


def test_what_a_group_could_not_give_is_read_and_told(world: GraphCloudWorld) -> None:
    """No seats is waited for, and tried again once there is one; any other error is for a person, in words."""
    user = synchronised(world, ANA)
    cloud = world.cloud(groups=_Groups(world))
    world.people.sku(LICENCE).elsewhere = 2
    cloud.assign_licence(user, LICENCE)
    world.cycle()
    with pytest.raises(NoSeat):
        cloud.assign_licence(user, LICENCE)
    assert not cloud.has_licence(user, LICENCE)
    world.people.sku(LICENCE).elsewhere = 1
    cloud.assign_licence(user, LICENCE)
    assert cloud.has_licence(user, LICENCE)
    world.people.alive(user).seats[0].error = "MutuallyExclusiveViolation"
    with pytest.raises(Rejected, match="choca con otra licencia"):
        cloud.assign_licence(user, LICENCE)


def test_who_was_in_the_group_before_his_country_was_known_gets_the_licence(world: GraphCloudWorld) -> None:
    """Entra had refused it for want of a country: once it is written, Entra is told to try again."""
    groups = _Groups(world)
    world.appear(ANA, GROUP)
    world.cycle()
    cloud = world.cloud(groups=groups)
    user = cloud.find_user(ANA)
    assert user is not None
    assert [seat.error for seat in world.people.alive(user).seats] == ["ProhibitedInUsageLocationViolation"]
    cloud.assign_licence(user, LICENCE)
    assert cloud.has_licence(user, LICENCE)


def test_a_licence_of_somebody_elses_group_is_not_ours_to_take(world: GraphCloudWorld) -> None:
    """It says in which way it can be."""
    user = synchronised(world, ANA)
    world.people.alive(user).seats.append(Seat(world.people.sku(LICENCE).id, world.clock(), group="otro"))
    with pytest.raises(Rejected, match="grupo") as refused:
        world.cloud().remove_licence(user, LICENCE)
    assert refused.value.remedy


def test_the_policys_group_is_the_directorys(tmp_path: Path) -> None:
    """One member, added and removed by the directory's own operations, each as often as one likes."""
    path, base = tmp_path / "directorio.db", "DC=upme,DC=gov,DC=co"
    seed(path, base_dn=base, ous=["OU=Usuarios"], groups=[GROUP])
    directory = EmbeddedDirectory(path, base)
    account = directory.create(_new_account())
    groups = GroupsOfDirectory(directory, {LICENCE: GROUP})
    assert (groups.gives(LICENCE), groups.gives("OTRA")) == (True, False)
    for _ in range(2):
        groups.add(account.id, LICENCE)
    after = directory.find_by_id(account.id)
    assert after is not None
    assert [dn.startswith(GROUP) for dn in after.group_dns] == [True]
    for _ in range(2):
        groups.remove(account.id, LICENCE)
    again = directory.find_by_id(account.id)
    assert again is not None
    assert again.group_dns == ()
    with pytest.raises(NotFound):
        groups.add(ANA, LICENCE)
    groups.remove(ANA, LICENCE)
    directory.close()


def _new_account() -> NewAccount:
    return NewAccount(
        case=CaseNumber("GU-2026-000001"),
        login="ana.rojas",
        user_principal_name="ana.rojas@upme.gov.co",
        mail="ana.rojas@upme.gov.co",
        given_name="Ana",
        surname="Rojas",
        display_name="Ana Rojas",
        ou="OU=Usuarios",
        groups=(),
        employee_id="0123",
        manager_mail=None,
        expires_at=None,
    )


def test_two_pollers_never_promise_the_same_seat(world: GraphCloudWorld, tmp_path: Path) -> None:
    """Also when one counted, and the other assigned and released the last seat, before the first one promises."""
    world.people.sku(LICENCE).enabled = 1
    user = synchronised(world, ANA)
    journal = Journal.open(f"sqlite:///{tmp_path / 'gestion.db'}")
    cases = enter(journal, [1, 2])
    one, two = Reservations(journal), Reservations(journal)
    mine, yours = world.cloud(), world.cloud()
    as_of = one.releases()
    assert two.reserve_seat(cases[1], LICENCE, yours.free_seats(LICENCE), world.clock(), as_of=two.releases())
    counted = mine.free_seats(LICENCE)
    assert (counted, one.reserve_seat(cases[0], LICENCE, counted, world.clock(), as_of=as_of)) == (1, False)
    yours.assign_licence(user, LICENCE)
    two.release_seat(cases[1])
    with pytest.raises(SeatsMoved):
        one.reserve_seat(cases[0], LICENCE, mine.free_seats(LICENCE), world.clock(), as_of=as_of)
    mine.recount()
    assert mine.free_seats(LICENCE) == 0
    assert one.reserve_seat(cases[0], LICENCE, 0, world.clock(), as_of=one.releases()) is False
    journal.close()


def test_a_user_who_is_gone_has_nothing(world: GraphCloudWorld) -> None:
    """No licences, no mailbox, no sessions: not an error."""
    cloud, nobody = world.cloud(), CloudUserId("00000000-0000-4000-8000-00000000dead")
    cloud.end_sessions(nobody)
    cloud.remove_licence(nobody, LICENCE)
    assert (cloud.licences_of(nobody), cloud.mailbox_ready(nobody)) == ((), False)
