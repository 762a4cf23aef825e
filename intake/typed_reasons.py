"""Why somebody is away or leaves, as people write it: "vacaciones del 1 al 15", "licencia de maternidad", "renunció".

A reason is a sentence, so not every word of it can be known. What is looked for are the words that name a reason; a text
that names two, or that turns the meaning of one round ("regreso de vacaciones", "no es por retiro"), is a problem and never
a guess.
"""

from collections.abc import Mapping, Sequence

from config.vocabulary import HOLD_LABELS, OPERATION_LABELS, HoldReason, Operation
from intake.typed_text import Wrong, folded, listed, quoted

DEACTIVATION_REASONS = (HoldReason.VACATION, HoldReason.LEAVE, HoldReason.RETIREMENT, HoldReason.CONTRACT_ENDED)
"""What an "inactivación" may be for (UPME, numeral 5: "el retiro, vacaciones, licencias"; the contract's end)."""

_CHOICES = f"Escriba una de estas razones: {listed([HOLD_LABELS[reason] for reason in DEACTIVATION_REASONS])}."

_WORDS: Mapping[str, HoldReason] = {
    **dict.fromkeys(("vacacion", "vacaciones", "vacation"), HoldReason.VACATION),
    **dict.fromkeys(
        (
            "licencia", "licencias", "incapacidad", "incapacitado", "incapacitada", "maternidad", "paternidad", "luto",
            "calamidad", "comision", "comisiones", "leave",
        ),
        HoldReason.LEAVE,
    ),
    **dict.fromkeys(
        (
            "retiro", "retira", "retirado", "retirada", "renuncia", "renuncio", "pension", "pensiono", "pensionado",
            "pensionada", "jubilacion", "jubilado", "jubilada", "jubilo", "desvinculacion", "desvinculado", "desvinculada",
            "desvinculo", "insubsistencia", "insubsistente", "destitucion", "destituido", "destituida", "fallecimiento",
            "fallecio", "fallecido", "fallecida", "retirement",
        ),
        HoldReason.RETIREMENT,
    ),
}  # fmt: skip
_PERMITS = frozenset({"remunerado", "sindical", "laboral", "academico"})
"""What follows "permiso" when a person is away; without it the word is about accesses."""
_ENDS = frozenset(
    {
        "fin", "final", "finaliza", "finalizo", "finalizado", "finalizacion", "finalice", "termina", "termino", "terminado",
        "terminacion", "termine", "vence", "vencio", "vencido", "vencimiento", "culmina", "culmino", "culminacion",
        "culminado", "expiro", "expira", "expiracion", "cumplimiento",
    }
)  # fmt: skip
_CONTRACTS = frozenset({"contrato", "contratos", "contractual"})

_OTHER_REQUESTS: Mapping[str, Operation] = {
    **dict.fromkeys(("suspension", "suspende", "suspendido", "suspendida", "suspendio"), Operation.SUSPEND_CONTRACT),
    **dict.fromkeys(("anticipada", "anticipado", "anticipadamente"), Operation.TERMINATE_CONTRACT),
    **dict.fromkeys(("cesion", "cede", "cedio", "cedido", "cesionario"), Operation.ASSIGN_CONTRACT),
}
"""Words that name another type of request, which asks for what it needs."""

_TURNING = frozenset(
    {
        "no", "ni", "sin", "sino", "nunca", "excepto", "salvo", "cancela", "cancelar", "cancelacion", "cancelan", "aplaza",
        "aplazar", "aplazan", "aplazamiento", "interrumpe", "interrumpir", "interrupcion", "regreso", "regresa", "regresar",
        "retorno", "retorna", "retornar", "reintegro", "reintegra", "reintegrar", "vuelve", "volvio", "vuelta", "volver",
        "llego", "llega", "quitar", "retirar", "remover", "liberar", "asignar", "desasociar", "devolver", "eliminar",
    }
)  # fmt: skip
"""Words that turn round what follows them, or that make a licence one of software."""
_SOFTWARE = frozenset({"office", "microsoft", "365", "m365", "e3", "e5", "correo", "software", "buzon", "windows", "adobe"})
_UNPAID = ("remunera", "sueldo")
"""After "no" or "sin": a leave without pay ("licencia no remunerada") is a leave."""
_NEAR = 3
"""Words before one that names a reason which may turn it round."""

_EXTENSIONS = frozenset({"prorroga", "prorrogas", "prorrogar", "prorrogado", "prorrogo", "prorrogue"})
_PERHAPS_EXTENSIONS = frozenset({"extension", "extender", "ampliacion", "ampliar", "adicion", "renovacion", "renovar"})
_NAMES = frozenset({"nombre", "nombres", "apellido", "apellidos"})


def read_deactivation_reason(text: str) -> HoldReason | Wrong:
    """The one reason of DEACTIVATION_REASONS that a text names."""
    said = _words(text)
    if others := list(dict.fromkeys(_OTHER_REQUESTS[word] for word in said if word in _OTHER_REQUESTS)):
        labels = listed([OPERATION_LABELS[operation] for operation in others])
        return Wrong(f"Eso se pide con otro tipo de solicitud: {labels}. Si es una inactivación: {_lower(_CHOICES)}")
    named = list(dict.fromkeys(reason for place, reason in _named(said) if not _turned(said, place)))
    turned = any(_turned(said, place) for place, _ in _named(said))
    if len(named) == 1 and not turned:
        return named[0]
    if len(named) > 1:
        both = listed([HOLD_LABELS[reason] for reason in named], "y")
        return Wrong(f"Nombra dos razones a la vez: {both}. {_CHOICES}")
    return Wrong(f"No se entiende por qué se inactiva la cuenta: {quoted(text)}. {_CHOICES}")


def missing_reason() -> str:
    """What to write in the question of the reason."""
    return _CHOICES


def says_extension(text: str) -> bool:
    """Whether a text speaks of a contract's extension ("prórroga", "ampliación del contrato")."""
    said = set(folded(text).split())
    return bool(said & _EXTENSIONS) or bool(said & _PERHAPS_EXTENSIONS and said & _CONTRACTS)


def says_name(text: str) -> bool:
    """Whether a text speaks of names or surnames."""
    return bool(_NAMES & set(folded(text).split()))


def _words(text: str) -> list[str]:
    words = folded(text).split()
    return [
        word
        for word, following in zip(words, [*words[1:], ""], strict=False)
        if not (word in {"no", "sin"} and following.startswith(_UNPAID))
    ]


def _named(said: Sequence[str]) -> list[tuple[int, HoldReason]]:
    """The words that name a reason, with their places."""
    found = [(place, _WORDS[word]) for place, word in enumerate(said) if word in _WORDS]
    found += [
        (place, HoldReason.LEAVE)
        for place, word in enumerate(said)
        if word == "permiso" and place + 1 < len(said) and said[place + 1] in _PERMITS
    ]
    ends = [place for place, word in enumerate(said) if word in _ENDS]
    if ends and any(word in _CONTRACTS for word in said):
        found.append((ends[0], HoldReason.CONTRACT_ENDED))
    return found


def _turned(said: Sequence[str], place: int) -> bool:
    before = said[max(0, place - _NEAR) : place]
    software = said[place].startswith("licencia") and any(word in _SOFTWARE for word in said[place + 1 : place + 3])
    ended = said[place] not in _ENDS and any(word in _ENDS for word in before)
    return software or ended or any(word in _TURNING for word in before)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
