"""What the mails of the whole procedure say: what was done or is awaited, and what comes next (activities 2 to 4)."""

import time
from dataclasses import replace

import pytest

from config.vocabulary import OPERATION_LABELS, Operation
from notify.mails import (
    AccessRevoked,
    AddressChangeNotice,
    ApprovalRecorded,
    BatchHeld,
    CampaignReport,
    ContractEnded,
    DeletionUndone,
    LooseEnds,
    Mail,
    NothingToDo,
    PickupReminder,
    Report,
    Returned,
    Scheduled,
    UserNotice,
)
from notify.render import Rendered, Renderer
from tests.institution import an_institution
from tests.unit.sample_mails import CASE, DAY, LATER, NO_CASE, Structure, access_data, words

INSTITUTION = an_institution()
RENDERER = Renderer(INSTITUTION)
HELP = INSTITUTION.mail.help_contact
FORM = INSTITUTION.mail.form_url
GMAIL_CUTS_AT = 102_000

DONE = Report(CASE, "Modificación", "Ana Núñez", "ana.nunez", None, None, "", None)
REMINDER = PickupReminder(CASE, "Ana Núñez", "ana.nunez", DAY, LATER)
HELD = BatchHeld(NO_CASE, "9f2c61d0", 43, 12, ("Inhabilitar ana.nunez", "Eliminar luis.nanez"))


def said(mail: Mail) -> tuple[Rendered, str, str]:
    """The mail, its plain text and the words of its HTML, both with single spaces."""
    rendered = RENDERER.render(mail)
    return rendered, words(rendered.text), words(Structure(rendered.html).words)


def assert_says(mail: Mail, *phrases: str) -> None:
    """Both versions say all of it."""
    _, text, html = said(mail)
    for phrase in phrases:
        assert phrase in text
        assert phrase in html


def assert_silent(mail: Mail, *phrases: str) -> None:
    """Neither version says any of it."""
    _, text, html = said(mail)
    for phrase in phrases:
        assert phrase not in text
        assert phrase not in html


def assert_calls_at_once(mail: Mail) -> None:
    """Says to act at once, with the contact there and not only at the end."""
    assert_says(mail, "de inmediato")
    _, text, html = said(mail)
    assert text.count(HELP) == html.count(HELP) == 2


def test_a_changed_password_is_not_a_new_account() -> None:
    """Says that the former password is void, that sessions ended, and whom to call; nothing of a first time."""
    mail = replace(access_data(), is_reset=True)
    assert_says(mail, "Se cambió la clave", "ya no funciona", "se cerraron las sesiones")
    assert_calls_at_once(mail)
    assert_silent(mail, "está lista", "por primera vez", "POR PRIMERA VEZ")
    assert "Se cambió la clave" in RENDERER.render(mail).subject


def test_a_new_account_says_nothing_of_a_change() -> None:
    """The mail of a creation stays as it was."""
    assert_silent(access_data(), "Se cambió", "sesiones", "de nuevo")


@pytest.mark.parametrize("operation", Operation)
def test_a_report_fits_every_operation(operation: Operation) -> None:
    """Without access data it speaks of none, nor of a creation, and says that nothing more is to be done."""
    mail = replace(DONE, operation_label=OPERATION_LABELS[operation], account="")
    assert_says(mail, OPERATION_LABELS[operation], "No tiene que hacer nada más.")
    assert_silent(mail, "Datos de acceso", "DATOS DE ACCESO", "datos de acceso", "Cuenta:", "está lista")


def test_a_report_says_its_outcome_and_next_steps() -> None:
    """Both whole, in place of the general sentences."""
    mail = replace(DONE, outcome="Se trasladó la cuenta.", next_steps=("Los cambios se ven mañana.", "Avise al usuario."))
    assert_says(mail, "Se trasladó la cuenta.", "Los cambios se ven mañana.", "Avise al usuario.")
    assert_silent(mail, "No tiene que hacer nada más.", "Le informamos el resultado", "Buen día: Su solicitud fue atendida.")


def test_a_report_shows_what_changed() -> None:
    """A table with headers of columns and rows; one line each in the text; what is empty is called so."""
    mail = replace(DONE, changes=(("Cargo", "Analista", "Asesora"), ("Celular", "", "300"), ("Alias", "ana", "")))
    rendered, text, _ = said(mail)
    assert "- Cargo: Analista → Asesora\n- Celular: (vacío) → 300\n- Alias: ana → (vacío)\n" in rendered.text
    structure = Structure(rendered.html)
    assert ["col", "col", "col", "row", "row", "row"] in [headers for _, headers in structure.tables]
    assert words(structure.words).count("(vacío)") == 2
    assert "LO QUE CAMBIÓ" in text
    assert_silent(DONE, "LO QUE CAMBIÓ", "Lo que cambió")


def test_what_is_scheduled_can_be_cancelled() -> None:
    """The day, what will be done, and how to stop it."""
    mail = Scheduled(CASE, "Inactivación", "Ana Núñez", "ana.nunez", DAY, "La cuenta quedará inactiva por vacaciones.")
    assert_says(mail, "programada para el viernes 27 de noviembre de 2026", "quedará inactiva por vacaciones")
    assert_says(mail, "se puede cancelar", "le informaremos el resultado", "no cambia nada en la cuenta")


def test_a_return_says_that_the_account_works() -> None:
    """From which day, and what to do when the password was forgotten."""
    mail = Returned(CASE, "Ana Núñez", "ana.nunez", DAY)
    assert_says(mail, "está activa de nuevo", "27 de noviembre", "«Cambio de clave»")
    assert_silent(mail, "sigue inactiva")


def test_a_return_that_is_none_says_why() -> None:
    """The other reason, in the subject as well, and never that it works."""
    mail = Returned(CASE, "Ana Núñez", "ana.nunez", DAY, "Suspensión del contrato hasta el 15/12/2026.")
    assert_says(mail, "sigue inactiva", "Suspensión del contrato hasta el 15/12/2026.")
    assert_silent(mail, "activa de nuevo", "contraseña")
    assert "sigue inactiva" in RENDERER.render(mail).subject


def test_nothing_to_do_says_why_and_what_else() -> None:
    """The form is offered only with a suggestion."""
    mail = NothingToDo(CASE, "Activación", "Ana Núñez", "ana.nunez", "La cuenta ya está activa.")
    assert_says(mail, "solicitud de activación", "No hizo falta hacer ningún cambio", "La cuenta ya está activa.")
    assert FORM not in RENDERER.render(mail).text
    assert FORM in RENDERER.render(replace(mail, suggestion="Pida un cambio de clave.")).text


def test_a_user_hears_what_was_done() -> None:
    """With the details that let them recognise it, and whom to call unless there is nothing to fear."""
    mail = UserNotice(CASE, "Ana", "ana.nunez", "Se cerraron sus sesiones.", (("Solicitado el", "27/11/2026"),))
    assert_says(mail, "Se cerraron sus sesiones.", "27/11/2026", "Nadie le pedirá su contraseña")
    assert_calls_at_once(mail)
    assert_silent(replace(mail, was_it_you=False), "Avise de inmediato")


def test_the_old_address_is_warned() -> None:
    """The new one only masked, that it was approved, and what to do at once; the new address hears another text."""
    old = AddressChangeNotice(CASE, "Ana Núñez", "ana.nunez", "m•••@gmail.com")
    assert_says(old, "m•••@gmail.com", "otra persona autorizada lo aprobó", "ya no al anterior")
    assert_calls_at_once(old)
    new = replace(old, on_new_address=True)
    assert_says(new, "registrar este correo")
    assert_calls_at_once(new)
    assert_silent(new, "ya no al anterior", "Cambió")


def test_an_approver_can_disown_an_approval() -> None:
    """What was approved, in whose name, where, and what to do if it was not them."""
    mail = ApprovalRecorded(CASE, "Eliminación", "Ana Núñez", "jefe@entidad.gov.co", "tablero de seguimiento")
    assert_says(mail, "jefe@entidad.gov.co", "tablero de seguimiento", "Eliminación", "para detener la solicitud")
    assert_calls_at_once(mail)


def test_the_head_hears_of_loose_ends() -> None:
    """Each list under its heading with what to do; a list that is empty leaves no heading behind."""
    mail = LooseEnds(CASE, "Ana Núñez", "Talento Humano", DAY, ("Luis Ñáñez",), ("pqr",), ("Grupo A",), ("La delegación",))
    assert_says(mail, "Ana Núñez (Talento Humano)", "27 de noviembre", "Luis Ñáñez", "pqr", "Grupo A", "La delegación")
    assert_says(mail, "nuevo jefe o supervisor", "nuevo responsable", "si regresa", "no cambia esto por sí mismo")
    bare = replace(mail, people=(), generic_accounts=(), groups=(), not_undone=())
    assert_says(bare, "no tiene que hacer nada")
    assert_silent(bare, "nuevo jefe", "nuevo responsable", "si regresa", "por sí mismo", "Esto es lo que deja")
    assert FORM not in RENDERER.render(bare).html


@pytest.mark.parametrize("is_generic", [False, True])
def test_a_reminder_leads_to_the_former_mail(is_generic: bool) -> None:
    """Both days, how to find the mail with the password, and none in this one."""
    mail = replace(REMINDER, is_generic=is_generic)
    assert_says(mail, "El viernes 27 de noviembre", "viernes 4 de diciembre", f"[{CASE}]", "no la repite", "ana.nunez")
    assert_silent(mail, "está a su cargo" if not is_generic else "su cuenta, y todavía")


def test_a_revocation_says_how_to_get_access_again() -> None:
    """To the requester: why, that the account is still there, and which request to make."""
    mail = AccessRevoked(CASE, "Ana Núñez", "ana.nunez", DAY)
    assert_says(mail, "nadie los usó", "ya no se puede entrar", "La cuenta no se eliminó", "«Cambio de clave»")
    assert FORM in Structure(RENDERER.render(mail).html).links()


def test_a_supervisor_hears_that_the_contract_ended() -> None:
    """And what to do if it was extended."""
    mail = ContractEnded(CASE, "Ana Núñez", "ana.nunez", DAY)
    assert_says(mail, "terminó el viernes 27 de noviembre", "quedó inactiva", "«Modificación»", "Si se prorrogó")


def test_a_cancelled_deletion_says_what_came_back() -> None:
    """And what did not, with somebody to turn to."""
    mail = DeletionUndone(CASE, "Ana", "ana.nunez", ("La cuenta volvió a activarse.",), ("El equipo PC-7 ya fue borrado.",))
    assert_says(mail, "La cuenta no se eliminó", "volvió a activarse", "PC-7 ya fue borrado", "Para lo que no se pudo devolver")
    assert_says(replace(mail, not_undone=()), "Nada: todo quedó como estaba.", "No tiene que hacer nada más.")


def test_a_campaign_says_its_figures() -> None:
    """What was applied, left out and failed; how to go on only when something failed."""
    mail = CampaignReport(NO_CASE, "Cierre 2026", 40, 3, 2, (("ana.nunez", "Ana", "Inactiva"), ("pqr", "", "Falló")))
    rendered, text, _ = said(mail)
    assert "se aplicó: 40 Cuentas que quedaron fuera: 3 Cuentas con error: 2" in text
    assert "- ana.nunez (Ana): Inactiva\n- pqr: Falló\n" in rendered.text
    assert_says(mail, "continúa donde quedó", "se puede deshacer")
    assert_silent(replace(mail, failed=0), "continúa donde quedó")
    assert_silent(replace(mail, applied=0), "se puede deshacer")


def test_a_held_batch_says_how_to_approve_it() -> None:
    """That nothing was done, the whole command with the digest, alone on its line, and what to do otherwise."""
    assert_says(HELD, "43 cambios", "hasta 12", "no se hizo ninguno", "Inhabilitar ana.nunez", "y 41 más")
    rendered = RENDERER.render(HELD)
    assert "\n\n    gestion approve 9f2c61d0 --by correo@entidad.gov.co\n\n" in rendered.text
    assert "gestion approve 9f2c61d0 --by correo@entidad.gov.co" in Structure(rendered.html).words
    assert rendered.subject == "Ejecución detenida: 43 cambios esperan aprobación"


@pytest.mark.parametrize(
    "mail",
    [
        CampaignReport(NO_CASE, "Cierre", 5000, 0, 0, tuple((f"n.a{i}", "María Núñez", "Inactiva") for i in range(5000))),
        replace(HELD, count=5000, lines=tuple(f"Inhabilitar n.a{i} (GU-2026-{i:06d})" for i in range(5000))),
        LooseEnds(CASE, "A", "U", DAY, tuple(f"n.a{i}" for i in range(5000)), (), ()),
    ],
    ids=["campaign", "batch", "loose-ends"],
)
def test_thousands_of_accounts_make_a_mail_that_is_read(mail: Mail) -> None:
    """The first hundred and how many more, below the size at which readers cut, in a moment."""
    started = time.perf_counter()
    rendered, text, html = said(mail)
    assert time.perf_counter() - started < 2
    assert "4900 más" in text
    assert "4900 más" in html
    assert "n.a99" in text
    assert "n.a100" not in text + html
    assert len(rendered.html.encode()) < GMAIL_CUTS_AT
