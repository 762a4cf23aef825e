"""The scheduled command on a whole installation: Google over HTTP, the domain by Samba, mail by Exim, one run after another."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path

import ldap3
import pytest

from config.vocabulary import CaseNumber
from intake.forms.port import Field
from notify.desk.embedded import EmbeddedDesk
from tests.e2e.office import Office, Ran
from tests.e2e.people import ATTENDED, EMPLOYEE, GENERIC, HEAD, STRANGER, TALENTO_HUMANO, contractor
from tests.secrecy import files_with, password_in, plain_text
from tests.servers.google.accounts import ServiceAccountKey
from tests.servers.google.server import FakeGoogle
from tests.servers.mail import Exim
from tests.servers.samba import DomainController

pytestmark = [pytest.mark.samba, pytest.mark.exim]

LOOKED_AT = (
    "displayName", "givenName", "sn", "employeeID", "mail", "userPrincipalName", "title", "department", "company", "mobile",
    "manager", "memberOf", "accountExpires", "pwdLastSet", "userAccountControl", "msDS-cloudExtensionAttribute1",
)  # fmt: skip


def account_of(domain: DomainController, login: str) -> dict[str, list[str]]:
    """An account as the domain's administrator reads it; its DN as `dn`."""
    with domain.administrator() as admin:
        admin.search(domain.base_dn, f"(sAMAccountName={login})", ldap3.SUBTREE, attributes=LOOKED_AT)
        assert admin.response
        found = next(item for item in admin.response if item["type"] == "searchResEntry")
        raw = {name: [value.decode() for value in values] for name, values in found["raw_attributes"].items() if values}
        return {"dn": [found["dn"]], **raw}


def people_in(domain: DomainController) -> set[str]:
    """The logins that the program made: those that carry a case number."""
    with domain.administrator() as admin:
        admin.search(domain.base_dn, "(msDS-cloudExtensionAttribute1=*)", ldap3.SUBTREE, attributes=["sAMAccountName"])
        items = [item for item in admin.response or () if item["type"] == "searchResEntry"]
        return {item["raw_attributes"]["sAMAccountName"][0].decode() for item in items}


def change_password(domain: DomainController, login: str, old: str, new: str) -> None:
    """As at the logon screen: who knows the old password may choose another."""
    with domain.administrator() as admin:
        dn = account_of(domain, login)["dn"][0]
        values = [f'"{text}"'.encode("utf-16-le") for text in (old, new)]
        change = {"unicodePwd": [(ldap3.MODIFY_DELETE, values[:1]), (ldap3.MODIFY_ADD, values[1:])]}
        modify: Callable[..., object] = admin.modify  # ldap3's stubs leave it untyped
        modify(dn, change)
        assert admin.result["result"] == 0, admin.result


def access_mail(exim: Exim, to: str) -> tuple[EmailMessage, str]:
    """The one mail with access data that reached an address, and its password."""
    [mail] = exim.messages(to)
    password = password_in(mail)
    assert password
    return mail, password


def first_moment_after(day: date) -> str:
    """24:00 of a day in Bogota, which has no daylight saving, as Active Directory counts: 100 ns since 1601."""
    instant = datetime.combine(day + timedelta(days=1), time(5), UTC)
    return str((instant - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10)


def states(office: Office) -> dict[str, str]:
    """Every case on the tab of the board."""
    return {row["Caso"]: row["Estado"] for row in office.table()}


def marks(office: Office) -> list[tuple[str, str]]:
    """What stands beside each response."""
    return [(row["Caso"], row["Estado"]) for row in office.table("Respuestas de formulario 1")]


def tickets(office: Office) -> dict[str, str]:
    """Every case in the desk's register and how its ticket stands."""
    desk = EmbeddedDesk(office.path("mesa.db"), clock=lambda: datetime.now(UTC))
    try:
        found = {case: desk.find(CaseNumber(case)) for case in states(office)}
        return {case: ticket.status for case, ticket in found.items() if ticket is not None}
    finally:
        desk.close()


def test_from_the_form_to_the_account(
    fake_google: FakeGoogle, service_account: ServiceAccountKey, domain: DomainController, exim: Exim, tmp_path: Path
) -> None:
    """Three requests become accounts and mails in two runs, a stranger's is refused, a third run finds nothing to do."""
    office = Office(tmp_path, fake_google, service_account, samba=domain, exim=exim)
    office.prepare_domain()
    office.submit(contractor(), HEAD)
    office.submit(EMPLOYEE, TALENTO_HUMANO)
    office.submit(GENERIC, HEAD)
    office.submit(contractor(document_number="77665544"), STRANGER)

    first = office.run()
    assert (first.exit_code, first.said) == (0, "")
    contractors, employees, generics, refused = sorted(states(office))
    assert set(states(office).values()) == {"En espera", "Rechazada"}
    assert domain.accepts("jose.munoz", "whatever") == "52e", "made, and nobody knows its password"
    for case in (contractors, employees, generics):
        office.choose(case, "Reintentar", "Ya sincronizó")  # rather than wait five minutes for the next look

    second = office.run()
    assert (second.exit_code, second.said) == (0, "")
    done = {contractors: ATTENDED, employees: ATTENDED, generics: ATTENDED, refused: "Rechazada"}
    assert states(office) == done
    assert marks(office) == list(done.items())
    assert [row["Acción"] for row in office.table()] == ["", "", "", ""]
    assert set(tickets(office).values()) == {"cerrado"}
    assert len(tickets(office)) == 4
    _the_contractor_can_work(domain, exim, contractors)
    _the_others_are_as_asked(domain, employees, generics)
    _everybody_was_told(office, exim)

    fake_google.calls.clear()
    third = office.run()
    assert third.exit_code == 0
    assert third.document["requests"] == []
    idle = ["token", "forms.forms.get", "forms.forms.responses.list", "sheets.spreadsheets.values.batchGet"]
    assert [call.method_id for call in fake_google.calls] == idle
    assert people_in(domain) == {"jose.munoz", "sofia.obrien", "convocatorias.ogi"}

    office.run_later(minutes=5 * 24 * 60)  # whatever the weekday, a business morning has come
    assert states(office) == {**done, contractors: "Terminada"}, "he signed in, the others did not"


def _the_contractor_can_work(domain: DomainController, exim: Exim, case: str) -> None:
    account = account_of(domain, "jose.munoz")
    base = domain.base_dn
    expected = {
        "dn": f"CN=José Ángel Muñoz Peña,OU=Contratistas,OU=OGI,OU=Usuarios,{base}",
        "displayName": "José Ángel Muñoz Peña",
        "givenName": "José Ángel",
        "sn": "Muñoz Peña",
        "employeeID": "0012345678",
        "mail": "jose.munoz@upme.gov.co",
        "userPrincipalName": "jose.munoz@upme.gov.co",
        "title": "Ingeniero de sistemas",
        "department": "Oficina de Gestión de la Información",
        "company": "Unidad de Planeación Minero Energética",
        "mobile": "+573001234567",
        "manager": f"CN=jefe.ogi,OU=Usuarios,{base}",
        "userAccountControl": "512",
        "pwdLastSet": "0",
        "msDS-cloudExtensionAttribute1": case,
        "accountExpires": first_moment_after(date.fromisoformat(contractor()[Field.CONTRACT_END])),
    }
    assert {name: account[name] for name in expected} == {name: [text] for name, text in expected.items()}
    groups = {f"CN={name},OU=Grupos,{base}" for name in ("GG_Todos_UPME", "GG_Contratistas", "GG_OGI")}
    assert set(account["memberOf"]) == groups

    mail, password = access_mail(exim, "jose.munoz@correo.example")
    assert "jose.munoz" in plain_text(mail)
    assert domain.accepts("jose.munoz", password) == "773", "right, and it must be changed"
    change_password(domain, "jose.munoz", password, "Una-Propia-De-Jose-42")
    assert domain.accepts("jose.munoz", "Una-Propia-De-Jose-42") == ""
    assert domain.accepts("jose.munoz", password) == "52e"


def _the_others_are_as_asked(domain: DomainController, employees: str, generics: str) -> None:
    employee, generic = account_of(domain, "sofia.obrien"), account_of(domain, "convocatorias.ogi")
    assert employee["dn"] == [f"CN=Sofía O'Brien Ñáñez,OU=Funcionarios,OU=SM,OU=Usuarios,{domain.base_dn}"]
    assert employee["msDS-cloudExtensionAttribute1"] == [employees]
    assert employee["accountExpires"] in (["0"], [str(2**63 - 1)])
    assert generic["msDS-cloudExtensionAttribute1"] == [generics]
    assert generic["manager"] == [f"CN=jefe.ogi,OU=Usuarios,{domain.base_dn}"]


def _everybody_was_told(office: Office, exim: Exim) -> None:
    for person in ("jose.munoz@correo.example", "sofia.obrien@correo.example", "carlos.pena@correo.example"):
        _, password = access_mail(exim, person)
        assert files_with(office.folder, password) == [], "a password is nowhere but in its mail"
    assert len(exim.messages(HEAD)) == 2
    assert len(exim.messages(TALENTO_HUMANO)) == 1
    [refusal] = exim.messages(STRANGER)
    assert "no está autorizada" in plain_text(refusal)
    assert len(exim.messages()) == 7


def test_a_corrected_response_goes_on(whole_office: Office, domain: DomainController, exim: Exim) -> None:
    """A response with a wrong document, and one whose personal address refuses mail, are asked for, edited, and completed."""
    office = whole_office
    typed_wrong = contractor(given_names="Ana", surnames="Díaz", document_number="no lo tengo")
    unreachable = contractor(given_names="Luis", surnames="Rey", document_number="80999", personal_email="noexiste@a.example")
    responses = office.submit(typed_wrong, HEAD), office.submit(unreachable, HEAD)

    assert office.run().exit_code == 0
    assert set(states(office).values()) == {"Requiere corrección"}
    asked = " ".join(plain_text(mail) for mail in exim.messages(HEAD))
    assert "Número de documento" in asked
    assert "noexiste@a.example no recibe correo" in asked
    assert people_in(domain) == {"luis.rey"}

    office.edit(responses[0], {**typed_wrong, Field.DOCUMENT_NUMBER: "52111"}, HEAD)
    office.edit(responses[1], {**unreachable, Field.PERSONAL_EMAIL: "luis.rey@correo.example"}, HEAD)
    assert office.run().exit_code == 0
    assert set(states(office).values()) == {ATTENDED}
    assert [state for _, state in marks(office)] == [ATTENDED, ATTENDED]
    assert people_in(domain) == {"ana.diaz", "luis.rey"}
    assert domain.accepts("luis.rey", access_mail(exim, "luis.rey@correo.example")[1]) == "773"
    assert set(tickets(office).values()) == {"cerrado"}


def test_a_missing_group_waits_for_the_administrator(whole_office: Office, domain: DomainController, exim: Exim) -> None:
    """Exit 1 and nothing made; the others are attended; with the group made, "Reintentar" on the sheet completes the case."""
    office = whole_office
    with domain.administrator() as admin:
        delete: Callable[..., object] = admin.delete  # ldap3's stubs leave it untyped
        delete(f"CN=GG_SM,OU=Grupos,{domain.base_dn}")
    office.submit(EMPLOYEE, TALENTO_HUMANO)
    office.submit(contractor(), HEAD)

    assert office.run().exit_code == 1
    held, done = office.table()
    assert (held["Estado"], done["Estado"]) == ("Requiere atención", ATTENDED)
    assert f"CN=GG_SM,OU=Grupos,{domain.base_dn}" in held["Detalle"]
    assert people_in(domain) == {"jose.munoz"}

    domain.prepare((), ("CN=GG_SM,OU=Grupos",))
    office.choose(held["Caso"], "Reintentar")
    assert office.run().exit_code == 0
    assert set(states(office).values()) == {ATTENDED}
    assert len(account_of(domain, "sofia.obrien")["memberOf"]) == 3
    assert domain.accepts("sofia.obrien", access_mail(exim, "sofia.obrien@correo.example")[1]) == "773"


def test_a_domain_that_is_down_loses_nothing(whole_office: Office, domain: DomainController, exim: Exim) -> None:
    """Exit 2 and one sentence; the request waits, the rest of the run is done, and a run after it completes the account."""
    office = whole_office
    office.write_settings(directory={"url": f"ldaps://{domain.address}:9"})
    office.submit(contractor(), HEAD)
    office.submit(contractor(document_number="77665544"), STRANGER)

    ran: Ran = office.run()
    assert ran.exit_code == 2
    assert ran.said.count("El Directorio Activo no responde") == 1
    assert sorted(states(office).values()) == ["En espera", "Rechazada"]
    assert len(exim.messages(STRANGER)) == 1

    office.write_settings()
    assert office.run_later(minutes=2).exit_code == 0
    assert sorted(states(office).values()) == [ATTENDED, "Rechazada"]
    assert domain.accepts("jose.munoz", access_mail(exim, "jose.munoz@correo.example")[1]) == "773"
