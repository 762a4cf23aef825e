"""Microsoft Entra's token address: client credentials, by secret or by a certificate's signature.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import base64
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

TENANT = "9f1c3a52-7d52-4c83-9f43-4f0f0d8a6f11"
CLIENT_ID = "3a8b1f60-52a7-4a0d-8a0e-6f5d6c1e9b77"
SECRET = "canary-secreto-de-la-aplicacion"
EVERY_PERMISSION = frozenset(
    {
        "LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "Organization.Read.All",
        "User.RevokeSessions.All", "Mail.Send", "Mail.ReadWrite", "MailboxSettings.Read", "Calendars.Read",
        "Contacts.Read", "Files.Read.All",
    }
)  # fmt: skip
"""What an application needs that does all that this program can."""


class TokenRefused(Exception):
    """Answered with 400 or 401 and Entra's error."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


@dataclass
class TokenDesk:
    """Knows one application of one tenant. `roles` are the permissions consented to; tokens carry those of their time."""

    roles: frozenset[str] = EVERY_PERMISSION
    secret: str = SECRET
    certificate: bytes | None = None
    """The public part that was uploaded; None: the application has a secret only."""
    lifetime_seconds: int = 3600
    issued: int = 0
    algorithms: list[str] = field(default_factory=list)
    """How each assertion was signed."""
    _good: dict[str, frozenset[str]] = field(default_factory=dict)

    def issue(self, body: bytes, token_url: str, scope: str) -> dict[str, object]:
        """A token for the form that was posted. Raises TokenRefused."""
        form = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True))
        if form.get("grant_type") != "client_credentials":
            raise TokenRefused(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        if form.get("client_id") != CLIENT_ID:
            raise TokenRefused(400, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
        if form.get("scope") != scope:
            raise TokenRefused(400, "invalid_scope", f"AADSTS70011: The scope {form.get('scope')} is not valid.")
        if "client_assertion" in form:
            self._check_assertion(form, token_url)
        elif form.get("client_secret") != self.secret:
            raise TokenRefused(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        self.issued += 1
        now = int(time.time())
        claims = {"aud": scope.removesuffix("/.default"), "tid": TENANT, "appid": CLIENT_ID, "roles": sorted(self.roles)}
        token = jwt.encode({**claims, "exp": now + self.lifetime_seconds, "jti": str(uuid.uuid4())}, b"k" * 32)
        self._good[token] = self.roles
        return {"token_type": "Bearer", "expires_in": self.lifetime_seconds, "access_token": token}

    def permissions(self, authorization: str | None) -> frozenset[str] | None:
        """What the bearer may do; None for a token that is not good."""
        return self._good.get((authorization or "").removeprefix("Bearer "))

    def revoke_all(self) -> None:
        """No token that was issued is good any more."""
        self._good.clear()

    def _check_assertion(self, form: dict[str, str], token_url: str) -> None:
        refused = TokenRefused(401, "invalid_client", "AADSTS700027: The certificate with identifier used is not registered.")
        if form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
            raise TokenRefused(400, "invalid_request", "AADSTS900144: The request body must contain client_assertion_type.")
        if self.certificate is None:
            raise refused
        assertion = form["client_assertion"]
        known = x509.load_pem_x509_certificate(self.certificate)
        header = jwt.get_unverified_header(assertion)
        self.algorithms.append(header["alg"])
        thumbprint = base64.urlsafe_b64encode(known.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
        key = known.public_key()
        if header.get("x5t#S256", "").rstrip("=") != thumbprint or not isinstance(key, RSAPublicKey):
            raise refused
        try:
            claims = jwt.decode(assertion, key, algorithms=["PS256"], audience=token_url)
        except jwt.InvalidTokenError as error:
            raise refused from error
        if claims["iss"] != CLIENT_ID or claims["sub"] != CLIENT_ID:
            raise refused
