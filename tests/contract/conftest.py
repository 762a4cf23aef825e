"""The directories of accounts, for the suites that hold both of them to one contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provision.directory.port import Directory
from tests.contract.directories import EmbeddedWorld, SambaWorld, World


@pytest.fixture(params=["embedded", pytest.param("samba", marks=pytest.mark.samba)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """Each directory in turn."""
    if request.param == "samba":
        return SambaWorld(request.getfixturevalue("samba"))
    return EmbeddedWorld(tmp_path)


@pytest.fixture
def directory(world: World) -> Iterator[Directory]:
    """A writable directory, closed after the test."""
    opened = world.directory()
    yield opened
    opened.close()
