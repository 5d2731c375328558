"""The format of a key."""

import pytest

from api.access import keys


def test_key_is_made_of_38_bytes_and_names_its_environment():
    key = keys.make_key(bytes(range(38)), sandbox=False)
    # 6 bytes in base32, 32 in base64 (RFC 4648)
    encoded = "BgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCU"
    assert key.secret == f"wh_live_aaaqeayeau_{encoded}"
    assert (key.id, len(key.digest)) == ("aaaqeayeau", 32)
    assert keys.make_key(bytes(range(38)), sandbox=True).secret.startswith("wh_sandbox_")
    assert key.digest == keys.hash_secret(key.secret)
    with pytest.raises(ValueError, match="38"):
        keys.make_key(bytes(37), sandbox=False)
