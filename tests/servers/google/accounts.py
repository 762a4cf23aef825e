"""The test service account: its key file, and the token endpoint that believes only JWTs signed with that key."""

import base64
import json
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOGLE_AUDIENCE = "https://oauth2.googleapis.com/token"
"""google-auth writes this audience into every assertion, whatever `token_uri` says."""


@dataclass(frozen=True, slots=True)
class ServiceAccountKey:
    """A service account and its private key."""

    email: str
    private_key: rsa.RSAPrivateKey = field(repr=False)
    key_id: str

    def info(self, token_uri: str) -> dict[str, str]:
        """The contents of the key file that Google's console would give."""
        pem = self.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "gestion-pruebas",
            "private_key_id": self.key_id,
            "private_key": pem.decode("ascii"),
            "client_email": self.email,
            "client_id": "100000000000000000001",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        }


def generate_key(email: str = "gestion@gestion-pruebas.iam.gserviceaccount.com") -> ServiceAccountKey:
    """A new account with a 2048-bit RSA key (about a tenth of a second)."""
    return ServiceAccountKey(email, rsa.generate_private_key(public_exponent=65537, key_size=2048), secrets.token_hex(20))


@dataclass(frozen=True, slots=True)
class Grant:
    """What a bearer token stands for."""

    email: str
    subject: str | None
    scopes: frozenset[str]
    expires_at: float


class TokenRefused(Exception):
    """The token endpoint answers 400 with this error code and description."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class TokenDesk:
    """Issues and knows bearer tokens. `delegated_subjects`: users whom the account may act for."""

    def __init__(self, account: ServiceAccountKey, *, lifetime_seconds: int = 3600) -> None:
        self.account = account
        self.lifetime_seconds = lifetime_seconds
        self.delegated_subjects: set[str] = set()
        self._grants: dict[str, Grant] = {}

    def issue(self, form_body: bytes, token_uri: str) -> dict[str, Any]:
        """Exchange a signed assertion for a token. Raises TokenRefused."""
        form = parse_qs(form_body.decode("ascii"))
        if form.get("grant_type") != [JWT_BEARER] or len(form.get("assertion", [])) != 1:
            raise TokenRefused("unsupported_grant_type", "Invalid grant_type")
        claims = self._verified(form["assertion"][0])
        now = time.time()
        if claims.get("iss") != self.account.email:
            raise TokenRefused("invalid_grant", "Invalid grant: account not found")
        if claims.get("aud") not in (token_uri, GOOGLE_AUDIENCE):
            raise TokenRefused("invalid_grant", f"Invalid JWT: audience {claims.get('aud')!r} is not {token_uri!r}")
        if not now - 3900 < claims.get("iat", 0) < now + 300 or not now < claims.get("exp", 0) <= claims["iat"] + 3600:
            raise TokenRefused("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)")
        subject = claims.get("sub")
        if subject is not None and subject not in self.delegated_subjects:
            raise TokenRefused("unauthorized_client", "Client is unauthorized to retrieve access tokens using this method")
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not scopes:
            raise TokenRefused("invalid_scope", "Empty or missing scope not allowed.")
        token = "ya29.test-" + secrets.token_urlsafe(24)
        self._grants[token] = Grant(self.account.email, subject, scopes, now + self.lifetime_seconds)
        return {"access_token": token, "expires_in": self.lifetime_seconds, "token_type": "Bearer"}

    def grant(self, authorization: str | None) -> Grant | None:
        """Whom an Authorization header stands for; None: nobody, or not any more."""
        kind, _, token = (authorization or "").partition(" ")
        grant = self._grants.get(token) if kind == "Bearer" else None
        return grant if grant is not None and time.time() < grant.expires_at else None

    def revoke_all(self) -> None:
        """Forget every token issued, as when an administrator ends them."""
        self._grants.clear()

    def _verified(self, assertion: str) -> dict[str, Any]:
        try:
            head, body, signature = assertion.split(".")
            header = json.loads(_decoded(head))
            claims = json.loads(_decoded(body))
            public_key = self.account.private_key.public_key()
            public_key.verify(_decoded(signature), f"{head}.{body}".encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature) as error:
            raise TokenRefused("invalid_grant", "Invalid JWT Signature.") from error
        if header.get("alg") != "RS256" or not isinstance(claims, dict):
            raise TokenRefused("invalid_grant", "Invalid JWT Signature.")
        return claims


def write_key_file(account: ServiceAccountKey, path: Path, token_uri: str) -> Path:
    """Write the key file, readable by its owner only."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(account.info(token_uri)), encoding="utf-8")
    return path


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
