"""The password that nobody knows: of an account that was just made, or whose password was revoked."""

import contextlib

from config.errors import Rejected
from provision.directory.account_rules import refuse_weak
from provision.directory.port import Password
from provision.passwords import random_password


def unknown_password(login: str, display_name: str) -> Password:
    """A random password that the domain's rules accept for this person.

    Sixty-four random letters hold a three-letter name such as "Ana" by chance once in some hundred times: then another is
    drawn, instead of a refusal that would hold the request.
    """
    for _ in range(100):
        password = random_password()
        with contextlib.suppress(Rejected):
            refuse_weak(password, login, display_name)
            return password
    return random_password()  # a name of very many short parts: let the directory judge
