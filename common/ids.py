"""Random public ids: what the outside sees instead of primary keys, whose gaps would show rivals' volume."""

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u to misread
LENGTH = 16  # 80 random bits


def public_id(prefix: str) -> str:
    """A new id such as ``reg_4t9x0m2k7c5w8zqj``."""
    return f"{prefix}_" + "".join(_ALPHABET[byte & 31] for byte in secrets.token_bytes(LENGTH))
