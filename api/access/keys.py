"""The format of a key, and the hash that is stored."""

import base64
import hashlib
import re

from msgspec import Struct

KEY_PATTERN = re.compile(r"wh_(live|sandbox)_(?P<id>[a-z2-7]{10})_[A-Za-z0-9_-]{43}")


class SecretKey(Struct, frozen=True, kw_only=True):
    """A new key with its secret, which is shown once and never stored."""

    id: str
    secret: str
    digest: bytes


def make_key(randomness: bytes, *, sandbox: bool) -> SecretKey:
    """Return a key made of 38 random bytes: 6 for its public part, 32 (256 bits) for its secret.

    Its prefix lets people and secret scanners recognise it.
    """
    if len(randomness) != 38:
        raise ValueError("a key is made of 38 random bytes")
    public = base64.b32encode(randomness[:6]).decode().rstrip("=").lower()
    encoded = base64.urlsafe_b64encode(randomness[6:]).decode().rstrip("=")
    secret = f"wh_{'sandbox' if sandbox else 'live'}_{public}_{encoded}"
    return SecretKey(id=public, secret=secret, digest=hash_secret(secret))


def hash_secret(secret: str) -> bytes:
    """Return the SHA-256. A slow hash would only protect a secret that can be guessed, unlike 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def is_well_formed(secret: str) -> bool:
    return KEY_PATTERN.fullmatch(secret) is not None
