"""What is to be done to an account, in words: for a dry run and for the messages of a refusal."""

from provision.directory.port import AccountChanges, AccountId

_LABELS = (
    ("given_name", "los nombres"),
    ("surname", "los apellidos"),
    ("display_name", "el nombre para mostrar"),
    ("title", "el cargo"),
    ("department", "la dependencia"),
    ("mobile", "el celular"),
    ("manager_mail", "el jefe o supervisor"),
    ("ou", "la unidad organizativa"),
)


def in_words(id: AccountId, changes: AccountChanges) -> str:
    """Spanish, in the infinitive: `modificar la cuenta …: el cargo, «Asesora»; agregar el grupo «…»`."""
    parts = [f"{label}, «{text[:80]}»" for field, label in _LABELS if (text := getattr(changes, field)) is not None]
    if changes.expires_at is not None:
        parts.append(f"el vencimiento, {changes.expires_at.isoformat(timespec='minutes')}")
    if changes.never_expires:
        parts.append("el vencimiento, nunca")
    if changes.add_alias is not None:
        parts.append(f"agregar el alias {changes.add_alias[:80]}")
    parts += [f"agregar el grupo «{group}»" for group in changes.add_groups]
    parts += [f"retirar el grupo «{group}»" for group in changes.remove_groups]
    return f"modificar la cuenta {id}: {'; '.join(parts) or 'nada'}"
