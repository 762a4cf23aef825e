"""The story of one case, as text and as a document: who asked, who allowed it, what was done, when, and how the clock ran."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from intake.commands.documents import decision_document, instant, request_document
from intake.described import account_type_label, authorisation_text, operation_label, unit_of, user_of
from intake.output import Json, Output, heading, pairs, table
from intake.show import local, sla_text, step_text
from intake.stories import answers_as_asked
from provision.journal.rows import EffectStatus
from provision.journal.views import EffectView, Story
from provision.procedure import sla
from provision.procedure.acts import MAILING_ACTS, Act
from provision.procedure.model import Request
from provision.procedure.steps import Rules
from provision.procedure.submission import Granted

OUTCOME_LABELS: Mapping[str, str] = {
    "Done": "hecho",
    "NotYet": "aún no",
    "Failed": "falló",
    "Diverted": "cambió de curso",
    "SteppedBack": "se repite un paso",
}

STATUS_LABELS: Mapping[EffectStatus, str] = {
    EffectStatus.PENDING: "pendiente",
    EffectStatus.IN_FLIGHT: "en ejecución",
    EffectStatus.SETTLED: "hecho",
    EffectStatus.SUPERSEDED: "reemplazado por otro paso",
}


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of an effect, as the journal wrote it down."""

    kind: str
    detail: str


def _outcome(effect: EffectView) -> _Outcome:
    kind, _, body = (effect.outcome or "").partition(" ")
    if not body:
        return _Outcome("", "")
    values: object = json.loads(body)
    detail = (values.get("detail") or values.get("reason") or "") if isinstance(values, dict) else ""
    return _Outcome(kind, str(detail))


def story_document(story: Story, rules: Rules) -> dict[str, Json]:
    """A case for other programs."""
    request = story.shown.request
    clock = sla.measure(request, rules)
    return {
        **request_document(request),
        "updated_at": instant(story.shown.updated_at),
        "last_submitted_at": instant(story.shown.last_submitted_at),
        "policy_version": request.policy_version,
        "decision": decision_document(request.authorisation),
        "duplicate_of": request.duplicate_of,
        "follows": request.follows,
        "correction": _correction_document(request),
        "access_sent_to": request.facts.access_sent_to,
        "access_sent_at": instant(request.facts.access_sent_at),
        "sla": {
            "mark": request.sla.value,
            "due_at": instant(clock.due_at),
            "elapsed_business_hours": round(clock.elapsed_hours, 4),
            "paused_business_hours": round(clock.paused_hours, 4),
            "remaining_business_hours": round(clock.remaining_hours, 4),
            "paused_now": clock.paused,
            "pauses": [
                {"since": instant(pause.since), "until": instant(pause.until), "waiting_for": pause.why.value}
                for pause in request.pauses
            ],
        },
        "answers": {question: list(texts) for question, texts in story.shown.answers.items()},
        "history": [
            {
                "at": instant(line.at),
                "state": line.state.value,
                "kind": line.kind.value,
                "title": line.title,
                "detail": line.detail,
            }
            for line in story.history
        ],
        "effects": [_effect_document(effect) for effect in story.effects],
        "mails": [_effect_document(effect) for effect in _mails(story)],
    }


def _correction_document(request: Request) -> Json:
    asked = request.correction
    if asked is None:
        return None
    return {
        "problems": [{"question": p.question, "label": p.label, "message": p.message} for p in asked.problems],
        "asked_at": instant(asked.asked_at),
        "deadline": instant(asked.deadline),
    }


def _effect_document(effect: EffectView) -> dict[str, Json]:
    outcome = _outcome(effect)
    return {
        "act": effect.act,
        "label": Act(effect.act).label,
        "status": effect.status,
        "attempts": effect.attempts,
        "started_at": instant(effect.started_at),
        "settled_at": instant(effect.settled_at),
        "outcome": outcome.kind or None,
        "detail": outcome.detail,
    }


def _mails(story: Story) -> list[EffectView]:
    """The effects that mailed, or tried to."""
    return [effect for effect in story.effects if Act(effect.act) in MAILING_ACTS and effect.attempts]


def say_story(output: Output, story: Story, rules: Rules) -> None:
    """A case for a person."""
    request = story.shown.request
    what = " · ".join(part for part in (operation_label(request), account_type_label(request)) if part)
    output.draw(heading(f"{request.case}  {what}"), pairs(_facts(story, rules)))
    output.draw(heading("Decisión"), pairs(_decision(request)))
    if request.correction is not None and request.correction.problems:
        output.draw(heading("Corrección pedida"))
        for problem in request.correction.problems:
            output.line(f"  · {problem.label}: {problem.message}")
        if request.correction.deadline:
            output.line(f"  Plazo: {local(request.correction.deadline, rules)}")
    output.draw(heading("Plazo de atención"), pairs(_clock(request, rules)))
    output.draw(heading("Respuestas"), pairs(answers_as_asked(story.shown.answers)))
    lines = [(_exact(line.at, rules), line.state.label, line.title, line.detail) for line in story.history]
    output.draw(heading("Historia"), table(("Cuándo", "Estado", "Qué", "Detalle"), lines))
    effects = [_effect_row(effect, rules) for effect in story.effects]
    if effects:
        output.draw(heading("Acciones"), table(("Acción", "Resultado", "Intentos", "Cuándo", "Detalle"), effects))
    mails = [_effect_row(effect, rules) for effect in _mails(story)]
    if mails:
        output.draw(heading("Correos"), table(("Correo", "Resultado", "Intentos", "Cuándo", "Detalle"), mails))


def _facts(story: Story, rules: Rules) -> list[tuple[str, str]]:
    request, facts = story.shown.request, story.shown.request.facts
    waiting = request.waiting_for.label if request.waiting_for and not request.state.closed else ""
    return [
        ("Estado", request.state.label),
        ("Motivo", request.reason),
        ("En espera de", waiting),
        ("Siguiente paso", step_text(request, rules)),
        ("Volverá a mirarse", local(None if request.state.closed else request.wake_at, rules)),
        ("Solicitante", request.requester or "(sin identidad verificada)"),
        ("Identidad avalada por", request.vouched_by or ""),
        ("Recibido", local(request.received_at, rules)),
        ("Usuario", user_of(request)),
        ("Dependencia", unit_of(request)),
        ("Cuenta", " · ".join(part for part in (facts.login, facts.mail_address) if part) or facts.existing_login or ""),
        ("Licencia", facts.licence or ""),
        ("Datos de acceso", _access(request, rules)),
        ("Ticket", facts.ticket or ""),
        ("Duplicado de", request.duplicate_of or ""),
        ("Continúa", request.follows or ""),
        ("Actualizado", local(story.shown.updated_at, rules)),
        ("Cerrado", local(request.closed_at, rules)),
    ]


def _access(request: Request, rules: Rules) -> str:
    facts = request.facts
    return f"enviados a {facts.access_sent_to} el {local(facts.access_sent_at, rules)}" if facts.access_sent_to else ""


def _decision(request: Request) -> list[tuple[str, str]]:
    decided = request.authorisation
    granted = decided if isinstance(decided, Granted) else None
    return [
        ("Control", authorisation_text(request)),
        ("Razón", granted.reason if granted else ""),
        ("Por delegación de", (granted.delegated_by or "") if granted else ""),
        ("Matriz", f"versión {decided.matrix_version}"),
        ("Política", f"versión {request.policy_version}"),
    ]


def _clock(request: Request, rules: Rules) -> list[tuple[str, str]]:
    clock = sla.measure(request, rules)
    pauses = [
        f"{local(pause.since, rules)} – {local(pause.until, rules) or 'hoy'} ({pause.why.label})" for pause in request.pauses
    ]
    return [
        ("SLA", sla_text(request, rules)),
        ("Vence", local(clock.due_at, rules)),
        ("Transcurrido", f"{_hours(clock.elapsed_hours)} de {_hours(rules.policy.deadlines.attend_business_hours)} hábiles"),
        ("En pausa", f"{_hours(clock.paused_hours)} hábiles" if request.pauses else ""),
        *((("Pausa" if number == 0 else ""), pause) for number, pause in enumerate(pauses)),
    ]


def _hours(hours: float) -> str:
    return f"{hours:.1f} h".replace(".", ",")


def _exact(at: datetime | None, rules: Rules) -> str:
    return at.astimezone(rules.policy.zone).strftime("%d/%m/%Y %H:%M:%S") if at else ""


def _effect_row(effect: EffectView, rules: Rules) -> tuple[str, ...]:
    outcome = _outcome(effect)
    status = STATUS_LABELS[EffectStatus(effect.status)]
    result = OUTCOME_LABELS.get(outcome.kind, status) if effect.status == EffectStatus.SETTLED else status
    when = _exact(effect.settled_at or effect.started_at, rules)
    return Act(effect.act).label, result, str(effect.attempts), when, outcome.detail
