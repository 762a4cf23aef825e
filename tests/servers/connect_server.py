"""A server with Entra Connect behind WinRM: WS-Management and PowerShell remoting over HTTPS, as far as one cmdlet needs.

What the real client sends is read, and what it gets is written, as https://learn.microsoft.com/openspecs/windows_protocols/ms-psrp
has it.
"""

import base64
import ssl
import struct
import sys
import threading
import traceback
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self
from xml.sax.saxutils import escape

from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.messages import MessageType
from pypsrp.wsman import NAMESPACES, WSManAction

from tests.servers.certificates import Authority

USER, PASSWORD = "sincroniza@upme.gov.co", "canary-winrm"
BUSY = "AAD is busy. The sync cycle is already running."
_CLIENT = 1
_FRAGMENT_HEADER, _MESSAGE_HEADER = 21, 40
_START_AND_END = 3
_NOBODY = str(uuid.UUID(int=0))
_CAPABILITY = (
    '<Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version>'
    '<Version N="SerializationVersion">1.1.0.1</Version>'
)
_ERROR = (
    '<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN>'
    '<ToString>{}</ToString><MS><B N="SerializeExtendedInfo">false</B>'
    '<S N="FullyQualifiedErrorId">InvalidOperation</S><I32 N="ErrorCategory_Category">0</I32></MS></Obj>'
)
_SHELLS = "http://schemas.microsoft.com/powershell/"
_ENVELOPE = (
    '<s:Envelope xmlns:s="{s}" xmlns:wsa="{wsa}" xmlns:wsman="{wsman}" xmlns:rsp="{rsp}" xmlns:wst="{wst}" '
    'xmlns:wsmanfault="{wsmanfault}"><s:Header><wsa:RelatesTo>%s</wsa:RelatesTo></s:Header><s:Body>'
).format(**NAMESPACES)


@dataclass(frozen=True, slots=True)
class Ran:
    """A cmdlet that was run, in which session configuration, with its parameters."""

    cmdlet: str
    session: str
    parameters: tuple[tuple[str | None, str | None], ...]


@dataclass
class ConnectServerFake:
    """`answers`: what each cmdlet complains of, in order; then, and for "", it starts a cycle (`on_cycle`)."""

    authority: Authority
    answers: list[str] = field(default_factory=list)
    sessions: tuple[str, ...] = ("Microsoft.PowerShell",)
    on_cycle: Callable[[], None] = lambda: None
    never_ends: bool = False
    ran: list[Ran] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """What it could not answer, with the traceback."""
    open_shells: dict[str, str] = field(default_factory=dict)
    """Session configuration by shell."""

    def __post_init__(self) -> None:
        self._fragments = count(1)
        self._replies: dict[str, list[bytes]] = {}
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """Of localhost."""
        if self._server is None:
            message = "the server is not running"
            raise RuntimeError(message)
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="connect-server")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def answer(self, request: ET.Element) -> tuple[int, str]:
        """Status and body of one WS-Management request."""
        action = _text(request, "s:Header/wsa:Action")
        resource = _text(request, "s:Header/wsman:ResourceURI")
        match action:
            case WSManAction.CREATE:
                return self._create(request, resource.removeprefix(_SHELLS))
            case WSManAction.COMMAND:
                return 200, self._command(request)
            case WSManAction.RECEIVE:
                return 200, self._receive(request)
            case WSManAction.DELETE:
                del self.open_shells[_shell_of(request)]
                return 200, ""
            case _:
                return 200, ""

    def _create(self, request: ET.Element, session: str) -> tuple[int, str]:
        if session not in self.sessions:
            said = f"Cannot find the {session} session configuration in the WSMan: drive on the SERVER computer."
            fault = f'<wsmanfault:WSManFault Code="2150858882"><wsmanfault:Message>{said}</wsmanfault:Message>'
            detail = f"<s:Detail>{fault}</wsmanfault:WSManFault></s:Detail>"
            return 500, f"<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>{detail}</s:Fault>"
        shell = str(uuid.uuid4()).upper()
        element = request.find("s:Body/rsp:Shell", NAMESPACES)
        asked = shell if element is None else element.attrib.get("ShellId", shell)
        self.open_shells[asked] = session
        opened = [
            (MessageType.SESSION_CAPABILITY, _CAPABILITY),
            (MessageType.RUNSPACEPOOL_STATE, f'<I32 N="RunspaceState">{RunspacePoolState.OPENED}</I32>'),
        ]
        self._replies[asked] = [self._packed(kind, f'<Obj RefId="0"><MS>{said}</MS></Obj>', asked) for kind, said in opened]
        selector = f'<wsman:SelectorSet><wsman:Selector Name="ShellId">{asked}</wsman:Selector></wsman:SelectorSet>'
        created = f"<wsa:ReferenceParameters>{selector}</wsa:ReferenceParameters>"
        return 200, (
            f"<wst:ResourceCreated>{created}</wst:ResourceCreated>"
            f"<rsp:Shell><rsp:ShellId>{asked}</rsp:ShellId><rsp:OutputStreams>stdout</rsp:OutputStreams></rsp:Shell>"
        )

    def _command(self, request: ET.Element) -> str:
        shell = _shell_of(request)
        line = request.find("s:Body/rsp:CommandLine", NAMESPACES)
        assert line is not None
        fragment = base64.b64decode(_text(line, "rsp:Arguments"))
        # One fragment: its header, the message's header, and CLIXML.
        message = fragment[_FRAGMENT_HEADER:]
        assert int.from_bytes(message[4:8], "little") == MessageType.CREATE_PIPELINE
        pipeline = str(uuid.UUID(bytes_le=message[24:_MESSAGE_HEADER]))
        for command in ET.fromstring(message[_MESSAGE_HEADER:]).findall(".//Obj[@N='Cmds']/LST/Obj/MS"):
            assert command.findtext("B[@N='IsScript']") == "false", "a script was sent where a cmdlet is enough"
            given = [(each.findtext("S[@N='N']"), each.findtext("S[@N='V']")) for each in command.findall("Obj/LST/Obj/MS")]
            self.ran.append(Ran(command.findtext("S[@N='Cmd']") or "", self.open_shells[shell], tuple(given)))
        complaint = self.answers.pop(0) if self.answers else ""
        if not complaint:
            self.on_cycle()
        said = [(MessageType.ERROR_RECORD, _ERROR.format(escape(complaint)))] if complaint else []
        state = PSInvocationState.FAILED if complaint else PSInvocationState.COMPLETED
        said.append((MessageType.PIPELINE_STATE, f'<Obj RefId="0"><MS><I32 N="PipelineState">{state}</I32></MS></Obj>'))
        self._replies[pipeline.upper()] = [self._packed(kind, each, shell, pipeline) for kind, each in said]
        return f"<rsp:CommandResponse><rsp:CommandId>{pipeline.upper()}</rsp:CommandId></rsp:CommandResponse>"

    def _receive(self, request: ET.Element) -> str:
        stream = request.find("s:Body/rsp:Receive/rsp:DesiredStream", NAMESPACES)
        command = None if stream is None else stream.attrib.get("CommandId")
        if self.never_ends and command is not None:
            return "<rsp:ReceiveResponse/>"
        waiting = self._replies.pop((command or _shell_of(request)).upper(), [])
        of = f' CommandId="{command}"' if command else ""
        streams = "".join(f'<rsp:Stream Name="stdout"{of}>{base64.b64encode(each).decode()}</rsp:Stream>' for each in waiting)
        return f"<rsp:ReceiveResponse>{streams}</rsp:ReceiveResponse>"

    def _packed(self, kind: int, clixml: str, shell: str, pipeline: str = _NOBODY) -> bytes:
        """A message to the client in one fragment: MS-PSRP 2.2.1 and 2.2.4."""
        header = struct.pack("<II", _CLIENT, kind) + uuid.UUID(shell).bytes_le + uuid.UUID(pipeline).bytes_le
        message = header + clixml.encode()
        return struct.pack(">QQBI", next(self._fragments), 0, _START_AND_END, len(message)) + message


def _text(element: ET.Element, path: str) -> str:
    return (element.findtext(path, "", NAMESPACES) or "").strip()


def _shell_of(request: ET.Element) -> str:
    return _text(request, "s:Header/wsman:SelectorSet/wsman:Selector")


class _Server(ThreadingHTTPServer):
    def __init__(self, connect: ConnectServerFake) -> None:
        self.connect = connect
        super().__init__(("127.0.0.1", 0), _RequestHandler)
        certificate, key = connect.authority.issue("localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            Path(folder, "c.pem").write_bytes(certificate)
            Path(folder, "k.pem").write_bytes(key)
            context.load_cert_chain(Path(folder, "c.pem"), Path(folder, "k.pem"))
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that refuses the certificate, or goes away, is no concern of the server's; what it cannot answer is."""
        if not isinstance(sys.exception(), OSError):
            self.connect.failures.append(traceback.format_exc())


class _RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """One request, with basic authentication."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self._send(401, b"")
            return
        request = ET.fromstring(body)
        status, inner = self.server.connect.answer(request)
        opening = _ENVELOPE.replace("%s", _text(request, "s:Header/wsa:MessageID"))
        self._send(status, f"{opening}{inner}</s:Body></s:Envelope>".encode())

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="WSMAN"')
        self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""
