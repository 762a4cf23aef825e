"""From settings to the adapters on the accounts' side: the directory, the cloud behind it, and the backups."""

from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from config.errors import CannotRun
from config.institution import Institution
from config.settings_accounts import (
    BackupByHand,
    BackupEmbedded,
    CloudEmbedded,
    CloudNone,
    DirectoryByActiveDirectory,
    DirectoryEmbedded,
)
from config.settings_microsoft import BackupByGraph, CloudByGraph

if TYPE_CHECKING:
    from intake.wiring import Installation
    from provision.backup.port import Backup
    from provision.cloud.port import Cloud
    from provision.directory.port import Directory


def directory_of(installation: "Installation") -> "Directory":
    """Where accounts are made."""
    section = installation.settings.directory
    match section:
        case DirectoryByActiveDirectory():
            from provision.directory.active_directory import ActiveDirectory
            from provision.directory.ad_connection import ActiveDirectorySettings

            reach = ActiveDirectorySettings(
                url=section.url,
                base_dn=section.base_dn,
                user=section.user,
                password=section.read_password().get_secret_value(),
                ca_file=section.ca_file,
                marker_attribute=section.marker_attribute,
                timeout_seconds=section.timeout_seconds,
                mail_domains=tuple(dict.fromkeys((installation.policy.mail_domain, installation.policy.upn_suffix))),
                ous=policy_ous(installation.policy),
                groups=policy_groups(installation.policy),
            )
            return ActiveDirectory(
                reach, writable=installation.writable, stop_point=installation.stop_point, clock=installation.clock
            )
        case DirectoryEmbedded():
            from provision.directory.embedded import EmbeddedDirectory

            return EmbeddedDirectory(
                section.path,
                section.base_dn,
                writable=installation.writable,
                clock=installation.clock,
                stop_point=installation.stop_point,
            )
        case _ as never:
            assert_never(never)


def cloud_of(installation: "Installation") -> "Cloud":
    """Licences, synchronisation and mailboxes."""
    section = installation.settings.cloud
    match section:
        case CloudNone():
            from provision.cloud.absent import AbsentCloud

            return AbsentCloud()
        case CloudEmbedded():
            from provision.cloud.embedded import EmbeddedCloud

            return EmbeddedCloud(
                section.path,
                section.seats,
                installation.clock,
                sync_takes=timedelta(minutes=section.sync_minutes),
                mailbox_takes=timedelta(minutes=section.mailbox_minutes),
                writable=installation.writable,
                still_there=lambda account: installation.directory.find_by_id(account) is not None,
            )
        case CloudByGraph():
            from intake.wiring_microsoft import graph_cloud_of

            return graph_cloud_of(installation, section)
        case _ as never:
            assert_never(never)


def backup_of(installation: "Installation") -> "Backup":
    """Copies of mailboxes before they are given up."""
    section = installation.settings.backup
    match section:
        case BackupEmbedded():
            from provision.backup.embedded import EmbeddedBackup
            from provision.cloud.embedded import EmbeddedCloud

            if not isinstance(installation.cloud, EmbeddedCloud):
                raise CannotRun('backup: kind = "embedded" copia solo los buzones de la nube embebida.')
            return EmbeddedBackup(
                section.path,
                installation.cloud,
                installation.clock,
                writable=installation.writable,
                stop_point=installation.stop_point,
            )
        case BackupByGraph():
            from intake.wiring_backups import graph_backup_of

            return graph_backup_of(installation, section)
        case BackupByHand():
            from provision.backup.by_hand import ByHandBackup

            return ByHandBackup()
        case _ as never:
            assert_never(never)


def policy_ous(policy: Institution) -> tuple[str, ...]:
    """Every OU in which the policy makes accounts, relative to the directory's base."""
    return tuple(sorted({policy.ou_of(account_type, unit) for account_type in policy.accounts for unit in policy.units}))


def policy_groups(policy: Institution) -> tuple[str, ...]:
    """Every group that the policy gives, relative to the directory's base."""
    of_types = {group for rules in policy.accounts.values() for group in rules.groups}
    of_units = {group for unit in policy.units for group in unit.groups}
    return tuple(sorted(of_types | of_units | set(policy.licence_groups.values())))
