"""From settings to Microsoft 365: the one connection, and what the cloud's side makes of it."""

from typing import TYPE_CHECKING

from config.errors import CannotRun

if TYPE_CHECKING:
    from config.graph.connection import GraphConnection
    from config.settings_microsoft import CloudByGraph
    from intake.wiring import Installation
    from provision.cloud.graph import CycleStarter
    from provision.cloud.port import Cloud


def graph_of(installation: "Installation") -> "GraphConnection":
    """The connection to the tenant of `[microsoft]`. Raises CannotRun without that section, or without its credential."""
    from config.graph.connection import GraphConnection, GraphReach

    section = installation.settings.microsoft
    if section is None:
        raise CannotRun("Falta la sección [microsoft] en la configuración.", remedy="Vea docs/microsoft-365.md.")
    secret = section.read_secret()
    reach = GraphReach(
        tenant=section.tenant,
        client_id=section.client_id,
        authority=section.authority,
        endpoint=section.endpoint,
        certificate_pem=section.read_certificate(),
        secret=secret.get_secret_value() if secret else None,
        ca_file=section.ca_file,
        timeout_seconds=section.timeout_seconds,
    )
    return GraphConnection(reach, writable=installation.writable)


def graph_cloud_of(installation: "Installation", section: "CloudByGraph") -> "Cloud":
    """Microsoft 365 as the cloud, with the directory's groups that give licences, and the server with Entra Connect."""
    from provision.cloud.graph import GraphCloud
    from provision.cloud.licensing_groups import GroupsOfDirectory, NoGroups

    named = installation.policy.licence_groups
    return GraphCloud(
        installation.graph,
        installation.clock,
        # Without groups the directory is not opened for the cloud's sake.
        groups=GroupsOfDirectory(installation.directory, named) if named else NoGroups(),
        sync=_sync_of(section),
    )


def _sync_of(section: "CloudByGraph") -> "CycleStarter | None":
    reach = section.sync
    if reach is None:
        return None
    from provision.cloud.winrm import EntraConnect, WinRmReach

    return EntraConnect(
        WinRmReach(
            host=reach.host,
            port=reach.port,
            user=reach.user,
            password=reach.read_password().get_secret_value(),
            auth=reach.auth,
            session=reach.session,
            ca_file=reach.ca_file,
            timeout_seconds=reach.timeout_seconds,
        )
    )
