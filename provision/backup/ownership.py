"""A case's folder holds the backup of one person, and of nobody else."""

from config.errors import Rejected, Target
from config.vocabulary import CaseNumber
from provision.backup.names import one_line
from provision.cloud.port import CloudUserId


def refuse_another(owner: str, user: CloudUserId, case: CaseNumber) -> None:
    """Raises Rejected when the backup is not this user's."""
    if owner != user:
        raise Rejected(
            Target.BACKUP,
            f"La carpeta del caso {case} ya tiene el backup de otro usuario de la nube ({one_line(owner)}, no {user}).",
            remedy="Revise de quién es el caso antes de seguir: ese backup no sirve para esta cuenta.",
        )
