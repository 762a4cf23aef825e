"""The particulars of what was asked for, type by type, as (label, value) pairs; an empty value says that it was not given."""

from datetime import date

from config.vocabulary import DOCUMENT_TYPE_LABELS, HOLD_LABELS
from intake.typed_dates import spoken_date
from notify.mails import masked_address
from provision.procedure.submission import (
    Activate,
    AssignContract,
    ChangeAddress,
    Contract,
    ContractChange,
    CreateGenericAccount,
    CreatePersonalAccount,
    Deactivate,
    Delete,
    Modify,
    Person,
    ResetPassword,
    Submission,
    Target,
)

Lines = tuple[tuple[str, str], ...]


def details_of(content: Submission) -> Lines:
    """The particulars of one request; empty values included."""
    match content:
        case CreatePersonalAccount():
            return (
                *_person(content.person),
                ("Correo personal", masked_address(content.personal_email)),
                ("Teléfono", content.mobile),
                ("Cargo", content.position),
                *_contract(content.contract),
                ("Supervisor o jefe inmediato", content.supervisor_email or ""),
                ("Observaciones", content.notes),
            )
        case CreateGenericAccount():
            return (
                ("Responsable", content.owner_email),
                ("Correo para los datos de acceso", masked_address(content.personal_email)),
                ("Teléfono", content.mobile),
                ("Observaciones", content.notes),
            )
        case ResetPassword():
            other = content.other_address
            return (
                *_target(content.target),
                ("El usuario está en las instalaciones", "Sí" if content.on_premises else "No"),
                ("Otro correo personal escrito", masked_address(other) if other else ""),
            )
        case ChangeAddress():
            return (
                *_target(content.target),
                ("Correo personal nuevo", masked_address(content.new_address)),
                ("Viene del caso", content.of_case),
            )
        case Modify():
            return _modification(content)
        case Deactivate():
            return (
                ("Razón", HOLD_LABELS[content.why]),
                *_target(content.target),
                ("Primer día sin acceso", spoken_date(content.from_date)),
                ("Último día sin acceso", _day(content.until_date)),
                ("Contrato", content.contract_number),
                ("Observaciones", content.notes),
            )
        case Activate():
            return (
                *_target(content.target),
                ("Con acceso desde", spoken_date(content.from_date)),
                *_contract(content.contract),
                ("Supervisor o jefe inmediato", content.supervisor_email or ""),
                ("Observaciones", content.notes),
            )
        case AssignContract():
            return _cession(content)
        case Delete():
            return (*_target(content.target), ("Equipo", content.computer), ("Motivo", content.reason))


def _modification(content: Modify) -> Lines:
    return (
        *_target(content.target),
        ("Nombres", content.given_names or ""),
        ("Apellidos", content.surnames or ""),
        ("Nombre de la cuenta", content.generic_name or ""),
        ("Cargo", content.position or ""),
        ("Teléfono", content.mobile or ""),
        ("Supervisor, jefe o responsable", content.supervisor_email or ""),
        *_contract(content.contract),
        ("Desde", _day(content.from_date)),
        ("Observaciones", content.notes),
    )


def _cession(content: AssignContract) -> Lines:
    return (
        ("Cedente", content.target.said),
        ("Documento del cedente", content.target.document_number or ""),
        ("Cesionario", content.assignee.full_name),
        *((f"{label} del cesionario", value) for label, value in _person(content.assignee)),
        ("Correo personal del cesionario", masked_address(content.personal_email)),
        ("Teléfono del cesionario", content.mobile),
        ("Cargo", content.position),
        ("Primer día del cesionario", spoken_date(content.from_date)),
        *_contract(content.contract),
        ("Supervisor", content.supervisor_email),
        ("Observaciones", content.notes),
    )


def _person(person: Person) -> Lines:
    return (("Documento", f"{DOCUMENT_TYPE_LABELS[person.document_type]} {person.document_number}"),)


def _target(target: Target) -> Lines:
    return (
        ("Cuenta indicada", target.account),
        ("Documento indicado", target.document_number or ""),
        ("Nombre indicado", target.name),
    )


def _contract(contract: Contract | ContractChange | None) -> Lines:
    if contract is None:
        return ()
    return (
        ("Contrato", contract.number or ""),
        ("Inicio del contrato", _day(contract.start)),
        ("Fin del contrato", _day(contract.end)),
    )


def _day(day: date | None) -> str:
    return spoken_date(day) if day else ""
