"""Benchmarks against the bare floor: the same libraries, the same LDAP operations, the same mails, with nothing around them."""
