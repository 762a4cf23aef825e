"""The server with Entra Connect, asked over WinRM to start a delta cycle: no call of Graph does that.

https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-sync-feature-scheduler ("Start the scheduler").
One cmdlet and no script is sent, so that a constrained session configuration (JEA) that offers nothing else is enough.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import requests
from pypsrp.complex_objects import PSInvocationState
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from config.errors import Misconfigured, Rejected, Target, TargetError, Transient, Unreachable
from config.trusted import machine_store

_CMDLET = "Start-ADSyncSyncCycle"
_TRIES = 3
_PAUSE_SECONDS = 5.0
_BUSY_SECONDS = 60.0
"""For how long a server that stayed busy is asked without waiting: a run with many accounts asks once for each of them."""
_BUSY = ("busy", "already running", "ocupado", "en ejecución", "en curso")
_NOT_OFFERED = "is not recognized"


@dataclass(frozen=True, slots=True)
class WinRmReach:
    """HTTPS only; the certificate is always verified. `session`: the session configuration to enter."""

    host: str
    user: str
    password: str = field(repr=False)
    port: int = 5986
    auth: Literal["negotiate", "basic"] = "negotiate"
    session: str = "Microsoft.PowerShell"
    ca_file: Path | None = None
    timeout_seconds: float = 60


class EntraConnect:
    """One cycle at a time: a server that says that one runs already is asked a little later, and then left to it."""

    def __init__(
        self,
        reach: WinRmReach,
        *,
        sleep: Callable[[float], None] = time.sleep,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reach = reach
        self._sleep = sleep
        self._elapsed = elapsed
        self._busy_until = 0.0

    def start_cycle(self) -> None:
        """Start a delta cycle. Busy after all tries is no error: the cycle that runs, or Connect's own, brings the change.

        Raises Misconfigured, Unreachable, Transient or Rejected for Target.CLOUD.
        """
        tries = 1 if self._elapsed() < self._busy_until else _TRIES
        for attempt in range(tries):
            if attempt:
                self._sleep(_PAUSE_SECONDS)
            refused = self._asked()
            if refused is None:
                return
            if not any(word in refused.casefold() for word in _BUSY):
                raise _failure(refused, self._reach)
        self._busy_until = self._elapsed() + _BUSY_SECONDS

    def _asked(self) -> str | None:
        """What the cmdlet complained of; None: it started a cycle."""
        reach = self._reach
        authority = str(reach.ca_file) if reach.ca_file else machine_store()
        seconds = max(1, round(reach.timeout_seconds))
        try:
            with (
                WSMan(
                    reach.host,
                    port=reach.port,
                    username=reach.user,
                    password=reach.password,
                    ssl=True,
                    auth=reach.auth,
                    # Its type says bool; its documentation, and requests behind it, take a path too.
                    cert_validation=authority,  # type: ignore[arg-type]
                    connection_timeout=seconds,
                    read_timeout=seconds + 10,
                    operation_timeout=seconds,
                    # As from anywhere else: a proxy of the environment has no business between two servers of the house.
                    no_proxy=True,
                ) as server,
                RunspacePool(server, configuration_name=reach.session) as pool,
            ):
                shell = PowerShell(pool)
                shell.add_cmdlet(_CMDLET).add_parameter("PolicyType", "Delta")
                shell.begin_invoke()
                until = time.monotonic() + reach.timeout_seconds
                while shell.state == PSInvocationState.RUNNING:
                    if time.monotonic() > until:
                        # pypsrp would ask for ever; leaving the session ends what runs in it.
                        raise Transient(Target.CLOUD, f"Entra Connect en {reach.host} no contesta; se intentará de nuevo.")
                    shell.poll_invoke()
                said = " ".join(str(each) for each in shell.streams.error)
                # One error may end the pipeline, and another leave it going.
                return (said or "sin detalle") if shell.had_errors or said else None
        except AuthenticationError as error:
            raise _not_let_in(reach) from error
        except WinRMTransportError as error:
            raise _by_status(error, reach) from error
        except WSManFaultError as error:
            raise _by_fault(error, reach) from error
        except requests.exceptions.SSLError as error:
            raise Misconfigured(
                Target.CLOUD,
                f"El certificado de WinRM de {reach.host} no es de confianza.",
                remedy="Indique en [cloud.sync] ca_file la autoridad que lo firma; el programa siempre lo verifica.",
            ) from error
        except (requests.RequestException, OSError) as error:
            raise Unreachable(
                Target.CLOUD, f"El servidor de Entra Connect ({reach.host}:{reach.port}) no responde por WinRM."
            ) from error
        except WinRMError as error:
            raise Transient(Target.CLOUD, f"WinRM de {reach.host} respondió algo inesperado; se intentará de nuevo.") from error


def _not_let_in(reach: WinRmReach) -> Misconfigured:
    return Misconfigured(
        Target.CLOUD,
        f"WinRM de {reach.host} no deja entrar a {reach.user}.",
        remedy="Revise la cuenta y su clave en [cloud.sync], y que pertenezca a ADSyncOperators y pueda usar la sesión "
        f"{reach.session}.",
    )


def _by_status(error: WinRMTransportError, reach: WinRmReach) -> TargetError:
    if error.code in {401, 403}:
        return _not_let_in(reach)
    return Transient(Target.CLOUD, f"WinRM de {reach.host} respondió con el error {error.code}; se intentará de nuevo.")


def _by_fault(error: WSManFaultError, reach: WinRmReach) -> TargetError:
    said = " ".join(str(error.reason or "").split())[:200]
    if error.code == 5 or "access is denied" in said.casefold():
        return _not_let_in(reach)
    return Misconfigured(
        Target.CLOUD,
        f"WinRM de {reach.host} no abrió la sesión {reach.session} ({said or error.code}).",
        remedy="Revise «session» en [cloud.sync] y que la configuración de sesión exista en ese servidor.",
    )


def _failure(refused: str, reach: WinRmReach) -> TargetError:
    said = " ".join(refused.split())[:200]
    if _NOT_OFFERED in refused:
        return Misconfigured(
            Target.CLOUD,
            f"{reach.host} no ofrece {_CMDLET} en la sesión {reach.session}.",
            remedy="Compruebe que sea el servidor de Entra Connect y que la sesión permita ese cmdlet.",
        )
    return Rejected(Target.CLOUD, f"Entra Connect no inició la sincronización: {said}.")
