"""Values on their way into Active Directory, as a modification takes them."""

import ldap3

from provision.directory.port import Password

Modification = dict[str, list[tuple[str, list[str | bytes]]]]


def replace_with(*values: str | bytes) -> list[tuple[str, list[str | bytes]]]:
    """These values in the place of whatever there is; none removes the attribute."""
    return [(ldap3.MODIFY_REPLACE, list(values))]


def add_value(value: str) -> list[tuple[str, list[str | bytes]]]:
    """One value more."""
    return [(ldap3.MODIFY_ADD, [value])]


def remove_value(value: str) -> list[tuple[str, list[str | bytes]]]:
    """One value less."""
    return [(ldap3.MODIFY_DELETE, [value])]


def quoted(password: Password) -> bytes:
    """As unicodePwd takes it (MS-ADTS 3.1.1.3.1.5.1): in quotation marks, UTF-16LE."""
    return f'"{password.reveal}"'.encode("utf-16-le")
