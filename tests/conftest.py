"""Fixtures of the whole suite: each server's are in tests/servers."""

import importlib.util

pytest_plugins = [
    plugin
    for plugin in ("tests.servers.samba", "tests.servers.mail", "tests.servers.google.fixtures", "tests.servers.postgres")
    if importlib.util.find_spec(plugin)
]
