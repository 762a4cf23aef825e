"""A test that needs a real server runs, fails, or is skipped with the way to enable it; in CI it never is skipped."""

import os
from typing import NoReturn

import pytest


def servers_are_required() -> bool:
    """In CI, and wherever `make test` could install the servers, a missing one is a failure."""
    return bool(os.environ.get("CI") or os.environ.get("GESTION_REQUIRE_SERVERS"))


def missing_server(name: str, how_to_enable: str) -> NoReturn:
    """Fail where servers are required; elsewhere skip, saying what was not run and how to enable it."""
    if servers_are_required():
        pytest.fail(f"{name} is required here and missing: {how_to_enable}", pytrace=False)
    pytest.skip(f"not run without {name}: {how_to_enable}")
