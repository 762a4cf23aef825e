"""quickXorHash against vectors that others published, and against an implementation bit by bit."""

import base64
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.backup.quickxor import QuickXorHash

# As in the tests of rclone (backend/onedrive/quickxorhash), which were made with Microsoft's own implementation.
VECTORS = (
    ("", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("Sg==", "SgAAAAAAAAAAAAAAAQAAAAAAAAA="),
    ("tbQ=", "taAFAAAAAAAAAAAAAgAAAAAAAAA="),
    ("jRRDVA==", "jaDAEKgAAAAAAAAABAAAAAAAAAA="),
    ("gQaybEqS/4UlDc8e4IJm", "gDCALNigBEn8oxAlZ8AzPAAOQZg="),
    ("T6LYJIfDh81JrAK309H2JMJTXis=", "zBTHrspn3mEcohlJdIUAbjGNaNg="),
    (
        (
            "PfxMcUd0vIW6VbHG/uj/Y0W6qEoKmyBD0nYebEKazKaKG+UaDqBEcmQjbfQeVnVLuodMoPp7P7TR1htX5n2VnkHh22xDyoJ8C/ZQKiSNqQfXvh83judf4RVr"
            "9exJCud8Uvgip6aVZTaPrJHVjQhMCp/dEnGvqg0oN5OVkM2qqAXvA0teKUDhgNM71sDBVBCGXxNOR2bpbD1iM4dnuT0ey4L+loXEHTL0fqMeUcEi2asgImnl"
            "NakwenDzz0x57aBwyq3AspCFGB1ncX4yYCr/OaCcS5OKi/00WH+wNQU3"
        ),
        "QX/YEpG0gDsmhEpCdWhsxDzsfVE=",
    ),
)


def bit_by_bit(content: bytes) -> bytes:
    """The definition, as slow as it reads."""
    ring = [0] * 160
    for number, octet in enumerate(content):
        for bit in range(8):
            ring[(11 * number + bit) % 160] ^= octet >> bit & 1
    value = sum(bit << at for at, bit in enumerate(ring)) ^ len(content) << 96
    return value.to_bytes(20, "little")


@pytest.mark.parametrize(("content", "expected"), VECTORS)
def test_published_vectors(content: str, expected: str) -> None:
    """The hash of each published content is the published one."""
    hashed = QuickXorHash()
    hashed.update(base64.b64decode(content))
    assert hashed.base64() == expected


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=900), st.lists(st.integers(0, 900), max_size=5))
def test_pieces_of_any_length(content: bytes, cuts: list[int]) -> None:
    """However the content is cut, the hash is that of the slow definition."""
    hashed = QuickXorHash()
    for start, end in pairwise((0, *sorted(cuts), len(content) + 900)):
        hashed.update(content[start:end])
    assert hashed.digest() == bit_by_bit(content)


def test_longer_than_a_window() -> None:
    """Content that fills several windows, in pieces that do not fit them."""
    content = bytes(number * number % 251 for number in range(100_003))
    hashed = QuickXorHash()
    for start in range(0, len(content), 33_333):
        hashed.update(memoryview(content)[start : start + 33_333])
    assert hashed.digest() == bit_by_bit(content)
