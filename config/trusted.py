"""Whose certificates are trusted where the settings name no authority."""

import ssl


def machine_store() -> str | bool:
    """The authorities that this machine trusts, as requests takes them: a path; True where it keeps them elsewhere."""
    # requests would take certifi's list, which knows nothing of an authority that the administrator added to the machine.
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or True
