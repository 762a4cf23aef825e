"""`gestion init`: the questions, the steps, the settings file, and at the end the doctor."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.errors import CannotRun
from config.institution import BUILT_IN_INSTITUTIONS, Institution, built_in_policy, load_institution
from intake.commands.invocation import Invocation
from intake.commands.places import PLACES, VARIABLE
from intake.output import Output
from intake.paper import write_whole
from intake.setting_up.files import private_folder
from intake.setting_up.interview import Interview, needed
from intake.setting_up.memory import NAME, Memory
from intake.setting_up.rehearsal import base_dn_of, make_rehearsal
from intake.setting_up.settings_text import Answers, settings_text

ALL_WELL, SOMETHING_LEFT = 0, 1
_SECRETS = "secretos"


@dataclass(frozen=True, slots=True)
class InitOptions:
    """How `gestion init` was called. `given`: answers by option, without dashes; empty ones are asked."""

    given: Mapping[str, str]
    dry_run: bool = False
    rehearsal: bool = False
    overwrite: bool = False
    unattended: bool = False


def init_command(invocation: Invocation, config: str | None, options: InitOptions) -> int:
    """Set an installation up. The doctor's exit code; 1 when a person has to do something before it can go on."""
    output = invocation.output
    path = _settings_path(config or invocation.asked)
    memory = Memory(path.parent / NAME)
    reading = None if options.unattended or not sys.stdin.isatty() else _line
    interview = Interview(output, options.given, reading)
    former = {**memory.answers(), **memory.identifiers()}
    institution = interview.ask(
        "institution", "Institución o archivo de la política", former.get("institution", "upme"), _policy(path)
    )
    policy = load_institution(_policy_path(institution, path))
    now = invocation.clock()
    if options.rehearsal:
        return _rehearse(invocation, path, institution, policy, options)
    answers = _answers(interview, path, institution, policy, now, former)
    title = interview.ask(
        "title", "Título del formulario", former.get("title", f"Gestión de Usuarios · {policy.short_name}"), needed
    )
    if options.dry_run:
        return _foresee(output, answers, policy, path, title)
    private_folder(path.parent)
    memory.answered({**_kept(answers), "title": title})
    return _install(invocation, path, memory, interview, answers, policy, title, overwrite=options.overwrite)


def _install(
    invocation: Invocation,
    path: Path,
    memory: Memory,
    interview: Interview,
    answers: Answers,
    policy: Institution,
    title: str,
    *,
    overwrite: bool,
) -> int:
    from intake.setting_up.installing import furnish  # Google's libraries

    output = invocation.output
    if private_folder(path.parent / _SECRETS):
        output.line(f"✔ Carpeta {path.parent / _SECRETS}, solo para esta cuenta.")

    def told(text: str) -> None:
        output.line(f"✔ {text}")

    furnished = furnish(answers, policy, path.parent, memory, title, told)
    _say_by_hand(output, [*_secrets_left(furnished.answers, path.parent), *furnished.by_hand])
    while not furnished.complete and interview.confirm("¿Ya vinculó la hoja de respuestas al formulario?"):
        furnished = furnish(answers, policy, path.parent, memory, title, told)
    if not furnished.complete:
        output.line("La configuración se escribe cuando la hoja esté vinculada: repita «gestion init».")
        return SOMETHING_LEFT
    _write_settings(output, interview, path, settings_text(furnished.answers, policy, furnished.binding), overwrite=overwrite)
    return _examined(invocation, path)


def _rehearse(invocation: Invocation, path: Path, institution: str, policy: Institution, options: InitOptions) -> int:
    output = invocation.output
    if options.dry_run:
        output.line(f"Escribiría en {path.parent} un ensayo de {policy.short_name}, sin hablar con ningún otro sistema.")
        return ALL_WELL
    private_folder(path.parent)
    make_rehearsal(path, institution, policy, invocation.clock(), lambda text: output.line(f"✔ {text}"))
    return _examined(invocation, path)


def _examined(invocation: Invocation, path: Path) -> int:
    from intake.commands.examining import doctor_command

    invocation.output.line()
    return doctor_command(invocation, str(path))


def _answers(
    interview: Interview, path: Path, institution: str, policy: Institution, now: datetime, former: Mapping[str, str]
) -> Answers:
    def ask(option: str, question: str, usual: str, check: Callable[[str], str] = str.strip) -> str:
        return interview.ask(option, question, former.get(option) or usual, check)

    domain = policy.upn_suffix
    minute = now.astimezone(policy.zone).replace(second=0, microsecond=0).isoformat()
    data = "/var/lib/gestion" if path.parent.is_relative_to("/etc") else ""
    tenant = ask("tenant", "Inquilino de Microsoft 365, si el programa asigna licencias en él (vacío: no)", "")
    return Answers(
        institution=institution,
        data_folder=_folder(ask("data-folder", "Carpeta de lo que el programa escribe (vacío: esta misma)", data)),
        key_file=ask("key-file", "Clave JSON de la cuenta de servicio de Google", f"{_SECRETS}/google.json", _file(path)),
        subject=ask("subject", "En nombre de quién se trabaja en Google, si hay delegación de dominio (vacío: nadie)", ""),
        form_id=ask("form-id", "Identificador de un formulario en blanco ya compartido (vacío: lo crea la API)", ""),
        attend_since=ask("attend-since", "Desde cuándo se atienden respuestas", minute, _instant),
        matrix_spreadsheet=ask("matrix-spreadsheet", "Hoja de cálculo de la matriz (vacío: la crea la API)", ""),
        matrix_tab=ask("matrix-tab", "Pestaña de la matriz", "Matriz", needed),
        board_spreadsheet=ask("board-spreadsheet", "Hoja del tablero (vacío: la vinculada al formulario)", ""),
        responses_gid=_number(ask("responses-gid", "Número «gid=» de la pestaña de respuestas (vacío: se busca)", "", _digits)),
        ldap_url=ask("ldap-url", "Controlador de dominio", f"ldaps://dc1.{domain}:636", needed),
        base_dn=ask("base-dn", "Base del directorio", base_dn_of(policy), needed),
        ldap_user=ask("ldap-user", "Cuenta de servicio en el directorio", f"svc-gestion@{domain}", needed),
        tenant=tenant,
        client_id=ask("client-id", "Identificador de la aplicación en el inquilino", "", needed) if tenant else "",
        mail_host="" if tenant else ask("mail-host", "Servidor de correo", "smtp.office365.com", needed),
        mail_user="" if tenant else ask("mail-user", "Buzón desde el que se envía", policy.mail.sender, needed),
        forms_endpoint=interview.given.get("forms-endpoint", former.get("forms-endpoint", "")),
        sheets_endpoint=interview.given.get("sheets-endpoint", former.get("sheets-endpoint", "")),
    )  # fmt: skip


def _kept(answers: Answers) -> dict[str, str]:
    """What the next run proposes; the ids that Google gives are noted where they are made."""
    return {
        "institution": answers.institution,
        "data-folder": answers.data_folder,
        "key-file": answers.key_file,
        "subject": answers.subject,
        "attend-since": answers.attend_since,
        "matrix-tab": answers.matrix_tab,
        "board-spreadsheet": answers.board_spreadsheet,
        "ldap-url": answers.ldap_url,
        "base-dn": answers.base_dn,
        "ldap-user": answers.ldap_user,
        "tenant": answers.tenant,
        "client-id": answers.client_id,
        "mail-host": answers.mail_host,
        "mail-user": answers.mail_user,
        "forms-endpoint": answers.forms_endpoint,
        "sheets-endpoint": answers.sheets_endpoint,
    }


def _foresee(output: Output, answers: Answers, policy: Institution, path: Path, title: str) -> int:
    from intake.setting_up.installing import dry_steps

    output.line("Simulación: no se cambia nada ni se llama a nadie.")
    for step in dry_steps(answers, policy, title):
        output.line(f"  · {step}")
    output.line(f"  · {'Reemplazaría, si lo confirma,' if path.exists() else 'Escribiría'} {path} (permiso 600), sin claves.")
    output.line("  · Ejecutaría «gestion doctor».")
    return ALL_WELL


def _write_settings(output: Output, interview: Interview, path: Path, text: str, *, overwrite: bool) -> None:
    """Never over a file that says something else without being told to: the proposal is left beside it."""
    if path.exists():
        if path.read_text(encoding="utf-8-sig", errors="replace") == text:
            output.line(f"✔ {path} ya está así.")
            return
        if not overwrite and not interview.confirm(f"{path} ya existe y es distinto. ¿Reemplazarlo? Queda copia"):
            beside = path.with_name(f"{path.name}.propuesta")
            write_whole(beside, text)
            output.line(f"! {path} queda como estaba; lo que se escribiría está en {beside}.")
            return
        write_whole(path.with_name(f"{path.name}.anterior"), path.read_text(encoding="utf-8-sig", errors="replace"))
    write_whole(path, text)
    output.line(f"✔ Configuración escrita en {path} (permiso 600).")


def _secrets_left(answers: Answers, folder: Path) -> list[str]:
    wanted = [(f"{_SECRETS}/directorio", f"la clave de {answers.ldap_user}, en una línea")]
    if answers.tenant:
        wanted.append((f"{_SECRETS}/microsoft.pem", "la clave privada y el certificado de la aplicación, en PEM"))
    else:
        wanted.append((f"{_SECRETS}/correo", f"la clave de {answers.mail_user}, en una línea"))
    return [f"Guarde en {folder / name} {what}; permiso 600." for name, what in wanted if not (folder / name).exists()]


def _say_by_hand(output: Output, texts: list[str]) -> None:
    output.line()
    output.line("Por hacer a mano:")
    for number, text in enumerate(texts, start=1):
        output.line(f"  {number}. {text}")
    output.line()


def _settings_path(asked: str | None) -> Path:
    return Path(asked or os.environ.get(VARIABLE) or PLACES[0]).absolute()


def _policy_path(institution: str, settings: Path) -> Path:
    return built_in_policy(institution) or settings.parent / institution


def _policy(settings: Path) -> Callable[[str], str]:
    def check(text: str) -> str:
        name = needed(text)
        if not _policy_path(name, settings).is_file():
            raise ValueError(f"«{name}» no es {' ni '.join(BUILT_IN_INSTITUTIONS)}, ni un archivo que exista")
        return name

    return check


def _file(settings: Path) -> Callable[[str], str]:
    def check(text: str) -> str:
        name = needed(text)
        if not (settings.parent / name).is_file():
            raise ValueError(f"no existe el archivo {settings.parent / name}; descárguelo de la consola de Google Cloud")
        return name

    return check


def _instant(text: str) -> str:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError("escriba fecha, hora y zona, como 2026-11-03T07:30:00-05:00") from None
    return at.isoformat()


def _digits(text: str) -> str:
    if text.strip() and not text.strip().isdigit():
        raise ValueError("escriba solo el número")
    return text.strip()


def _number(text: str) -> int | None:
    return int(text) if text else None


def _folder(text: str) -> str:
    return f"{text.rstrip('/')}/" if text.strip() else ""


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise CannotRun("Se acabaron las respuestas.", remedy="Repita «gestion init»: continúa donde quedó.")
    return line
