"""No copies by the program: the service desk takes the backup and confirms it."""

from config.errors import NotFound, Target
from config.vocabulary import CaseNumber
from provision.backup.names import one_line
from provision.backup.port import BackupPart, ByHand, Manifest
from provision.cloud.port import CloudUserId


class ByHandBackup:
    """Says what to do and keeps nothing."""

    def take(self, case: CaseNumber, user: CloudUserId, mail_address: str) -> ByHand:
        """What the desk has to copy, where to note it, and that it confirms it."""
        *first, last = (part.value for part in BackupPart)
        return ByHand(
            f"Esta instalación no copia buzones. Haga el backup de {', '.join(first)} y {last} de {one_line(mail_address)}, "
            f"guárdelo con el número {case}, compruebe que abre y confírmelo en el caso; hasta entonces no se retira nada."
        )

    def verify(self, case: CaseNumber) -> Manifest:
        """There is nothing to read again: raises NotFound."""
        raise NotFound(
            Target.BACKUP,
            f"El backup del caso {case} lo hizo la mesa de servicio, así que el programa no tiene copias para verificar.",
            remedy="Revise la copia donde la mesa de servicio la guardó.",
        )

    def close(self) -> None:
        """Nothing is open."""
