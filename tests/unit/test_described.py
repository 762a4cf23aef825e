"""What people read of a request: whose account, which unit, what was asked, and who allowed it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from config.vocabulary import CaseNumber, EmailAddress
from intake.described import (
    account_asked,
    account_type_label,
    authorisation_text,
    content_lines,
    operation_label,
    unit_of,
    user_of,
)
from provision.procedure.model import Course, Request
from provision.procedure.submission import (
    Authorisation,
    ChangeAddress,
    Defective,
    Granted,
    Provisional,
    Refused,
    Submission,
    Target,
)
from tests.unit.form_answers import (
    ACTIVATE,
    ASSIGN,
    CONTRACTOR,
    DEACTIVATE,
    DELETE,
    ENERGY,
    GENERIC,
    MODIFY,
    NEW_CONTRACT,
    ON_ACCOUNTS,
    RESET,
    SUSPEND,
    TERMINATE,
    UNIT,
    defective,
    understood,
)

GRANTED = Granted(3, "jefe de área", "Fila 3 de la matriz.", "v1")
PERSONAL = "mpilar.obrien@gmail.com"
CHANGE = ChangeAddress(Target("mpilar", "1020345"), EmailAddress(PERSONAL), CaseNumber("GU-2026-000001"))


def a_request(content: Submission | Defective, authorisation: Authorisation = GRANTED) -> Request:
    """A request just received."""
    return Request(
        case=CaseNumber("GU-2026-000002"),
        requester=EmailAddress("jefe@entidad.gov.co"),
        vouched_by=None,
        received_at=datetime(2026, 2, 1, 15, 0, tzinfo=UTC),
        content=content,
        authorisation=authorisation,
        policy_version="p1",
        course=Course.ATTEND,
    )


def lines(content: Submission | Defective) -> dict[str, str]:
    """What was asked, by label; no label is there twice."""
    found = content_lines(a_request(content))
    assert len(dict(found)) == len(found)
    assert all(label and value for label, value in found)
    return dict(found)


@pytest.mark.parametrize(
    ("content", "operation", "user", "account", "unit", "kind"),
    [
        (understood(CONTRACTOR), "Creación de cuenta", "María del Pilar O'Brien Muñoz", "", UNIT, "Contratista"),
        (understood(GENERIC), "Creación de cuenta", "Atención al Ciudadano", "", UNIT, "Institucional o genérica"),
        (understood(RESET), "Cambio de clave", "mpilar@entidad.gov.co", "mpilar@entidad.gov.co", "", ""),
        (CHANGE, "Cambio del correo personal registrado", "mpilar", "mpilar", "", ""),
        (understood(MODIFY), "Modificación", "mpilar", "mpilar", ENERGY, "Contratista"),
        (understood(DEACTIVATE, account=None, document_number="1020345"), "Inactivación", "documento 1020345", "", "",
         "Funcionario"),
        (understood(SUSPEND), "Suspensión de contrato", "mpilar", "mpilar", "", "Contratista"),
        (understood(TERMINATE), "Terminación anticipada", "mpilar", "mpilar", "", "Contratista"),
        (understood(ACTIVATE, account=None, given_names="Ana"), "Activación", "Ana", "", "", "Contratista"),
        (understood(ASSIGN), "Cesión de contrato", "mpilar → Juan de la Cruz Ñáñez", "mpilar", UNIT, "Contratista"),
        (understood(DELETE), "Eliminación", "mpilar", "mpilar", "", "Contratista"),
        (defective(DELETE, reason=None), "Eliminación", "mpilar", "", "", "Contratista"),
        (defective({}), "Solicitud", "", "", "", ""),
    ],
)  # fmt: skip
def test_what_a_request_is_about(
    content: Submission | Defective, operation: str, user: str, account: str, unit: str, kind: str
) -> None:
    """For every kind of request, understood or not."""
    request = a_request(content)
    assert (operation_label(request), user_of(request), account_asked(request)) == (operation, user, account)
    assert (unit_of(request), account_type_label(request)) == (unit, kind)


@pytest.mark.parametrize(
    ("decision", "text"),
    [
        (GRANTED, "Autorizada por la fila 3 de la matriz (jefe de área)"),
        (
            replace(GRANTED, second_person=True),
            "Autorizada por la fila 3 de la matriz (jefe de área); requiere la aprobación de otra persona",
        ),
        (
            Granted(0, "jefe inmediato, según el directorio", "Lo pide el jefe.", "v1"),
            "Autorizada sin fila de la matriz (jefe inmediato, según el directorio)",
        ),
        (Provisional("falta ver la cuenta.", "v1"), "Por confirmar sobre la cuenta: falta ver la cuenta."),
        (Refused("UNIT", "Su autorización no lo incluye.", "v1"), "No autorizada: Su autorización no lo incluye."),
    ],
)
def test_who_allowed_it(decision: Authorisation, text: str) -> None:
    """For the desk and the auditor."""
    assert authorisation_text(a_request(understood(RESET), decision)) == text


def test_what_was_asked_of_a_creation() -> None:
    """The person, the contract, the supervisor."""
    assert lines(understood(CONTRACTOR, notes="Urgente")) == {
        "Documento": "Cédula de ciudadanía 01020345",
        "Correo personal": "m•••@gmail.com",
        "Teléfono": "+573001234567",
        "Cargo": "Profesional, grado 17",
        "Contrato": "CPS-045-2026",
        "Inicio del contrato": "15/01/2026",
        "Fin del contrato": "31/12/2026",
        "Supervisor o jefe inmediato": "jefe@entidad.gov.co",
        "Observaciones": "Urgente",
    }
    assert lines(understood(GENERIC))["Correo para los datos de acceso"] == "r•••@entidad.gov.co"


def test_what_was_asked_of_an_account() -> None:
    """Days as people write them; the reason of a hold; only what was said."""
    assert lines(understood(RESET, personal_email=PERSONAL)) == {
        "Cuenta indicada": "mpilar@entidad.gov.co",
        "El usuario está en las instalaciones": "Sí",
        "Otro correo personal escrito": "m•••@gmail.com",
    }
    assert lines(CHANGE)["Correo personal nuevo"] == "m•••@gmail.com"
    assert lines(understood(MODIFY, contract_end="2026-12-31", from_date="2026-02-05", reason="Cambio")) == {
        "Cuenta indicada": "mpilar",
        "Documento indicado": "1020345",
        "Cargo": "Asesor",
        "Fin del contrato": "31/12/2026",
        "Desde": "05/02/2026",
        "Observaciones": "Cambio",
    }
    held = lines(understood(SUSPEND))
    assert (held["Razón"], held["Contrato"]) == ("Suspensión del contrato", "CPS-045-2026")
    assert (held["Primer día sin acceso"], held["Último día sin acceso"]) == ("01/03/2026", "15/03/2026")
    assert lines(understood(DEACTIVATE))["Razón"] == "Vacaciones"
    assert "Último día sin acceso" not in lines(understood(TERMINATE))
    assert lines(understood(ACTIVATE, **NEW_CONTRACT))["Con acceso desde"] == "10/02/2026"
    deleted = lines(understood(DELETE, computer="PC-1"))
    assert (deleted["Equipo"], deleted["Motivo"]) == ("PC-1", "Retiro de la entidad")


def test_what_was_asked_of_a_cession() -> None:
    """Both people, and what remains of the contract."""
    found = lines(understood(ASSIGN, given_names="María"))
    assert (found["Cedente"], found["Cesionario"]) == ("mpilar", "Juan de la Cruz Ñáñez")
    assert found["Documento del cesionario"] == "Cédula de ciudadanía 79555444"
    assert found["Correo personal del cesionario"] == "j•••@example.org"
    assert (found["Primer día del cesionario"], found["Fin del contrato"]) == ("01/03/2026", "31/12/2026")


@pytest.mark.parametrize("base", [CONTRACTOR, GENERIC, *ON_ACCOUNTS.values()])
def test_a_personal_address_is_only_shown_masked(base: dict[str, str]) -> None:
    """In no line of any request."""
    changes = {"personal_email": PERSONAL}
    if "assignee_personal_email" in base:
        changes["assignee_personal_email"] = PERSONAL
    assert PERSONAL not in repr(lines(understood(base, **changes)))


def test_what_was_not_understood_says_nothing() -> None:
    """Its problems are what there is to tell."""
    assert lines(defective(DELETE, reason=None)) == {}
    assert account_type_label(a_request(defective({}, account_type="Operador"))) == "Operador"
