"""The settings file that `gestion init` writes: complete, commented in Spanish, without any secret."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from config.institution import Institution
from intake.forms.port import Field
from intake.forms.questions import QUESTIONS

Value = str | int | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """One line of the file: a key with its value, and what it is for."""

    key: str
    value: Value
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """All that the settings of an installation in production are made of. Empty texts: not used."""

    institution: str
    data_folder: str
    """Where the program keeps what it writes, with its final slash; empty: beside the settings file."""
    key_file: str
    subject: str
    form_id: str
    attend_since: str
    matrix_spreadsheet: str
    matrix_tab: str
    board_spreadsheet: str
    responses_gid: int | None
    ldap_url: str
    base_dn: str
    ldap_user: str
    mail_host: str
    mail_user: str
    tenant: str = ""
    client_id: str = ""
    forms_endpoint: str = ""
    sheets_endpoint: str = ""


def settings_text(answers: Answers, policy: Institution, binding: Mapping[Field, str]) -> str:
    """The whole file, as TOML. Pure."""
    return _assembled(_production(answers, policy, binding))


def rehearsal_text(institution: str, policy: Institution, base_dn: str) -> str:
    """The settings of a rehearsal: every system is the program's own, in the folder of the file. Pure."""
    return _assembled(_rehearsal(institution, policy, base_dn))


_Sections = Iterator[tuple[str, str, Sequence[Written]]]

_HEAD = """# Configuración de «Gestión de Usuarios», escrita por «gestion init». Compruébela con: gestion doctor
#
# - Las rutas relativas parten de la carpeta de este archivo.
# - Una variable de entorno pesa más que este archivo: [mail] host se cambia con GESTION_MAIL__HOST.
# - Las claves secretas nunca se escriben aquí: cada una va en su archivo, con permiso 600, o como credencial de systemd.
# - Todas las opciones, una por una, están en config/example.toml.
"""


def _production(answers: Answers, policy: Institution, binding: Mapping[Field, str]) -> _Sections:
    data = answers.data_folder
    url = f"sqlite:///{data}gestion.db"
    yield "", "", [Written("institution", answers.institution, "La política: una de las incluidas, o la ruta de una propia.")]
    yield "store", "Registro de solicitudes", [Written("url", url, "Cuatro barras: es una ruta absoluta." if data else "")]
    form = [
        Written("kind", "google"),
        Written("form_id", answers.form_id, "El de la dirección al editarlo: …/forms/d/ESTE/edit."),
        Written("key_file", answers.key_file, "Clave JSON de la cuenta de servicio."),
        *_if(
            answers.subject, Written("subject", answers.subject, "En nombre de quién se lee (delegación de todo el dominio).")
        ),
        Written("attend_since", answers.attend_since, "Las respuestas anteriores son historia y no se atienden."),
        *_if(answers.forms_endpoint, Written("endpoint", answers.forms_endpoint)),
    ]
    yield "form", "Formulario", form
    comment = "Cada campo y su pregunta, por su identificador. Si alguien cambia un título, el programa avisa"
    yield (
        "form.questions",
        comment,
        [Written(field.value, {"id": bound, "title": QUESTIONS[field].title}) for field, bound in binding.items()],
    )
    yield (
        "matrix",
        "Matriz de autorizadores: quien pueda editar esta hoja puede autorizarse a sí mismo",
        [
            Written("kind", "sheet"),
            Written("spreadsheet_id", answers.matrix_spreadsheet),
            Written("tab", answers.matrix_tab),
            *_if(answers.sheets_endpoint, Written("endpoint", answers.sheets_endpoint)),
        ],
    )
    gid = "La pestaña de las respuestas: el número que sigue a «gid=» en su dirección."
    yield (
        "board",
        "Tablero: la hoja que ve la mesa de servicio",
        [
            Written("kind", "google"),
            Written("spreadsheet_id", answers.board_spreadsheet),
            *([Written("responses_gid", answers.responses_gid, gid)] if answers.responses_gid is not None else []),
            *_if(answers.sheets_endpoint, Written("endpoint", answers.sheets_endpoint)),
        ],
    )
    yield (
        "directory",
        "Directorio Activo",
        [
            Written("kind", "active_directory"),
            Written(
                "url", answers.ldap_url, "El nombre de un controlador, no el del dominio. El certificado siempre se verifica."
            ),
            Written("base_dn", answers.base_dn, "Nada fuera de esta base se toca."),
            Written("user", answers.ldap_user, "Cuenta de servicio con permisos delegados; nunca un administrador."),
            Written("password_file", "secretos/directorio"),
        ],
    )
    yield from _microsoft(answers, policy)
    yield (
        "desk",
        "Mesa de servicio: el registro propio; para GLPI, Request Tracker o correo vea config/example.toml",
        [
            Written("kind", "embedded"),
            Written("path", f"{data}mesa.db"),
        ],
    )
    yield (
        "watching",
        "Que alguien se entere si el programa se detiene",
        [
            Written("metrics_file", f"{data}gestion.prom", "Métricas para Prometheus; en la carpeta que lea su recolector."),
            Written("poll_seconds", 300, "Pausa entre ejecuciones de «gestion run --watch»."),
        ],
    )
    yield "log", "Bitácora del programa; nunca lleva claves", [Written("level", "info"), Written("format", "json")]


def _microsoft(answers: Answers, policy: Institution) -> _Sections:
    licences = sorted({rules.licence for rules in policy.accounts.values() if rules.licence})
    if answers.tenant:
        yield (
            "microsoft",
            "Microsoft 365: la aplicación registrada en el inquilino",
            [
                Written("tenant", answers.tenant),
                Written("client_id", answers.client_id),
                Written("certificate_file", "secretos/microsoft.pem", "Clave privada y certificado, en un solo archivo PEM."),
            ],
        )
        yield "cloud", "Nube: licencias y buzones", [Written("kind", "graph")]
        yield "mail", f"Correo, desde el buzón {policy.mail.sender}", [Written("kind", "graph")]
        return
    if licences:
        yield (
            "cloud",
            "Nube: cuántas licencias compradas hay para las cuentas que hace este programa",
            [
                Written("kind", "embedded"),
                Written("path", f"{answers.data_folder}nube.db"),
            ],
        )
        yield "cloud.seats", "", [Written(licence, 0, "Escriba cuántas.") for licence in licences]
    else:
        yield "cloud", "La política no da licencias", [Written("kind", "none")]
    yield (
        "mail",
        "Correo",
        [
            Written("kind", "smtp"),
            Written("host", answers.mail_host),
            Written("port", 587),
            Written("security", "starttls"),
            Written("user", answers.mail_user),
            Written("password_file", "secretos/correo"),
        ],
    )


def _rehearsal(institution: str, policy: Institution, base_dn: str) -> _Sections:
    licences = sorted({rules.licence for rules in policy.accounts.values() if rules.licence})
    yield "", "", [Written("institution", institution)]
    yield "store", "Registro de solicitudes", [Written("url", "sqlite:///gestion.db")]
    yield (
        "form",
        "Respuestas: agregue filas a este archivo, como las descarga el formulario",
        [
            Written("kind", "csv"),
            Written("path", "respuestas.csv"),
            Written("vouched_by", "Ensayo", "Un CSV no prueba quién respondió: esto queda escrito en cada decisión."),
        ],
    )
    yield "matrix", "Matriz de autorizadores", [Written("kind", "csv"), Written("path", "matriz.csv")]
    yield (
        "board",
        "Tablero: ábralo con su hoja de cálculo y elija en «Acción»",
        [
            Written("kind", "xlsx"),
            Written("path", "seguimiento.xlsx"),
        ],
    )
    yield (
        "directory",
        "Directorio de ensayo: no crea cuentas de verdad",
        [
            Written("kind", "embedded"),
            Written("path", "directorio.db"),
            Written("base_dn", base_dn),
        ],
    )
    if licences:
        times = [Written("sync_minutes", 1), Written("mailbox_minutes", 1)]
        cloud = [Written("kind", "embedded"), Written("path", "nube.db"), *times]
        yield "cloud", "Nube de ensayo: la sincronización y el buzón tardan un minuto", cloud
        yield "cloud.seats", "", [Written(licence, 10) for licence in licences]
        yield "backup", "Copias de los buzones de ensayo", [Written("kind", "embedded"), Written("path", "backups")]
    else:
        yield "cloud", "La política no da licencias", [Written("kind", "none")]
    yield "mail", "Correos: se guardan en esta carpeta y no se envían", [Written("kind", "maildir"), Written("path", "correo")]
    yield "desk", "Mesa de servicio de ensayo", [Written("kind", "embedded"), Written("path", "mesa.db")]
    yield "log", "Bitácora", [Written("file", "gestion.log"), Written("format", "text")]


def _if(text: str, line: Written) -> list[Written]:
    return [line] if text else []


def _assembled(sections: _Sections) -> str:
    lines = [_HEAD]
    for name, comment, written in sections:
        if comment:
            lines.append(f"\n# {comment}.")
        if name:
            lines.append(f"[{name}]" if comment else f"\n[{name}]")
        for each in written:
            # An instant is TOML's own kind of value, without quotes.
            value = str(each.value) if each.key == "attend_since" else _toml(each.value)
            if each.comment:
                lines.append(f"# {each.comment}")
            lines.append(f"{each.key} = {value}")
    return "\n".join(lines) + "\n"


def _toml(value: Value) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_toml(inner)}' for key, inner in value.items())} }}"
    # A JSON string is a TOML basic string, but for DEL, which no answer may hold.
    return json.dumps(value, ensure_ascii=False)
