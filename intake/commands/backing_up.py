"""`backup` and `backup verify`: somebody's things in a folder, on demand, and whether they are still all there."""

import re
import time
from datetime import timedelta
from pathlib import Path

from config.errors import CannotRun, GestionError, Rejected, TargetError, Transient
from config.vocabulary import CaseNumber
from intake.commands.backup_bar import Watch, copying_bar, shown
from intake.commands.documents import instant
from intake.commands.installation import installed
from intake.commands.invocation import Invocation
from intake.commands.running import beside_progress
from intake.output import Json, error_document, table
from intake.wiring import Installation
from intake.wiring_backups import backup_to
from provision.backup.port import Backup, ByHand, Manifest, UnderWay
from provision.backup.verification import backups_in, verified_alone
from provision.cloud.port import CloudUserId

MOST_SHOWN = 20
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_MOST_TROUBLES = 5
_LONGEST_WAIT_SECONDS = 60.0
_WAIT_SECONDS = 5.0
_AT_ONCE = timedelta(minutes=1)
_LONGEST_PAUSE_SECONDS = 900.0
_AGAIN = "Lo copiado hasta ahora queda: repita el mismo comando y continúa donde quedó."


def backup_command(invocation: Invocation, config: str | None, address: str, to: str) -> int:
    """0: everything is copied and verified; 1: something could not be converted or copied. Raises GestionError."""
    address = address.strip().lower()
    if not _ADDRESS.fullmatch(address):
        raise CannotRun(f"«{address}» no es un correo.", remedy="Escriba el correo institucional completo de la persona.")
    settings, output = invocation.load(config), invocation.output
    log = beside_progress(settings.log, told=True)
    with installed(settings, log, invocation.clock, writable=False) as installation:
        user = _user_of(installation, address)
        name = folder_name(address)
        with copying_bar(output, address) as watch:
            backup = backup_to(installation, Path(to), watch)
            try:
                _taken(backup, name, user, address, watch)
                manifest = backup.verify(name)
            except TargetError:
                output.note(_AGAIN)
                raise
    output.document({"exit_code": _code(manifest), **_document(manifest)})
    _say(invocation, manifest, address)
    return _code(manifest)


def folder_name(address: str) -> CaseNumber:
    """What stands where a backup of a case has its number: the address, as a folder's name."""
    return CaseNumber(re.sub(r"[^a-z0-9]+", "-", address.lower()).strip("-")[:64] or "backup")


def _user_of(installation: Installation, address: str) -> CloudUserId:
    account = installation.directory.find_by_mail(address)
    if account is None:
        raise CannotRun(
            f"El Directorio Activo no tiene una cuenta con el correo {address}.", remedy="Revise cómo está escrito el correo."
        )
    user = installation.cloud.find_user(account.id)
    if user is None:
        raise CannotRun(
            f"La cuenta {address} no está en la nube: no hay buzón que copiar.",
            remedy="Si acaba de crearse, espere la sincronización; si se eliminó, restaure antes el usuario.",
        )
    return user


def _taken(backup: Backup, name: CaseNumber, user: CloudUserId, address: str, watch: Watch) -> None:
    """Turn after turn. What is passing is waited out, and raised the fifth time that no turn ended in between."""
    troubles = 0
    while True:
        try:
            taken = backup.take(name, user, address)
        except Transient as trouble:
            troubles += 1
            if troubles == _MOST_TROUBLES:
                raise
            time.sleep(min(trouble.retry_after_seconds or _WAIT_SECONDS, _LONGEST_WAIT_SECONDS))
            continue
        troubles = 0
        match taken:
            case Manifest():
                return
            case ByHand():
                raise CannotRun(taken.detail)
            case UnderWay():
                if taken.pace is not None:
                    watch(taken.pace)
                if taken.look_again_after > _AT_ONCE:  # somebody asked for a pause
                    time.sleep(min(taken.look_again_after.total_seconds(), _LONGEST_PAUSE_SECONDS))


def _code(manifest: Manifest) -> int:
    return 1 if manifest.not_converted else 0


def _document(manifest: Manifest) -> dict[str, Json]:
    return {
        "location": manifest.location,
        "items": manifest.items,
        "bytes": manifest.bytes,
        "parts": [part.value for part in manifest.parts],
        "taken_at": instant(manifest.taken_at),
        "digest": manifest.digest,
        "not_converted": list(manifest.not_converted),
    }


def _say(invocation: Invocation, manifest: Manifest, address: str) -> None:
    output = invocation.output
    output.line(
        f"Backup de {address}: {manifest.items} elementos, {shown(manifest.bytes)}, verificados en {manifest.location}."
    )
    output.line(f"Huella del manifiesto: {manifest.digest}")
    for text in manifest.not_converted[:MOST_SHOWN]:
        output.warning(text)
    if len(manifest.not_converted) > MOST_SHOWN:
        output.warning(f"Y {len(manifest.not_converted) - MOST_SHOWN} más, en manifest.json.")


def verify_backups_command(invocation: Invocation, folder: str) -> int:
    """0: all of them agree with their manifests; 1: some do not. Raises CannotRun where there is none."""
    output = invocation.output
    try:
        found = backups_in(Path(folder))
    except OSError as error:
        raise CannotRun(f"No se puede leer la carpeta {folder}: {error.strerror}.", remedy="Revise la ruta.") from error
    if not found:
        raise CannotRun(
            f"No hay ningún backup completo en {folder}.",
            remedy="Indique la carpeta de un backup, donde está su manifest.json, o la que contiene varios.",
        )
    rows: list[tuple[str, str, str, str]] = []
    documents: list[Json] = []
    wrong: list[GestionError] = []
    for kept in found:
        if output.watched:
            output.note(f"Verificando {kept}…")
        try:
            manifest = verified_alone(kept)
        except Rejected as refusal:
            wrong.append(refusal)
            rows.append((kept.name, "", "", "no coincide"))
            documents.append({"location": str(kept), "error": error_document(refusal)})
        else:
            rows.append((kept.name, str(manifest.items), shown(manifest.bytes), "coincide"))
            documents.append(_document(manifest))
    output.document({"exit_code": 1 if wrong else 0, "backups": documents})
    if not output.as_json:
        output.draw(table(("Backup", "Elementos", "Tamaño", "Con su manifiesto"), rows))
        for problem in wrong:
            output.error(problem.message, problem.remedy)
    return 1 if wrong else 0
