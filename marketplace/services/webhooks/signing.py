"""Secrets and signatures as Standard Webhooks orders them (standardwebhooks.com, "symmetric").

The receiver checks ``HMAC-SHA256(secret, "{id}.{timestamp}.{body}")``; while a secret is being
replaced a message carries a signature with each, separated by a space.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32
VERSION = "v1"


def new_secret() -> str:
    """``whsec_`` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def new_message_id() -> str:
    """``msg_`` and 32 hex characters: the same however often the message is sent."""
    return "msg_" + secrets.token_hex(16)


def place(endpoint_id: int) -> str:
    """What the secrets of an address are sealed for."""
    return f"webhook_endpoints.secret:{endpoint_id}"


def headers(keys: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message; ``timestamp`` in seconds since 1970."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"{VERSION},{_signature(key, signed)}" for key in keys),
    }


def _signature(secret: str, signed: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a webhook secret is base64") from None
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
