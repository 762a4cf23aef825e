"""Contents of any size that take no memory: a block that is repeated, cut where it ends; and their quickXorHash."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

_BLOCK = 160 * 400
"""A whole number of the 160 bytes after which quickXorHash comes back to the same bit."""


@dataclass(frozen=True)
class Content:
    """`head`, then the block of this seed until there are `size` bytes."""

    size: int
    seed: str = ""
    head: bytes = field(default=b"", repr=False)

    @staticmethod
    def of(octets: bytes) -> "Content":
        """Exactly this."""
        return Content(len(octets), head=octets)

    def pieces(self, start: int = 0) -> Iterator[bytes]:
        """From this byte on."""
        at = start
        if at < len(self.head):
            yield self.head[at : self.size]
            at = len(self.head)
        block = block_of(self.seed) if at < self.size else b""
        while at < self.size:
            offset = (at - len(self.head)) % _BLOCK
            piece = block[offset : offset + self.size - at]
            yield piece
            at += len(piece)

    @property
    def octets(self) -> bytes:
        """All of it; for what is small."""
        return b"".join(self.pieces())

    @property
    def quick_xor_hash(self) -> str:
        """In base64. A block twice cancels itself out, so that a few of them stand for any number."""
        if self.head and self.size > len(self.head):
            raise ValueError("a file is a head or blocks")
        if self.head or self.size <= 2 * _BLOCK:
            return slow_quick_xor(self.octets, self.size)
        blocks = self.size // _BLOCK
        rest = Content((blocks % 2) * _BLOCK + self.size % _BLOCK, self.seed)
        return slow_quick_xor(rest.octets, self.size)


@lru_cache(maxsize=8)
def block_of(seed: str) -> bytes:
    """Printable lines, the same for the same seed."""
    text = bytearray()
    number = 0
    while len(text) < _BLOCK:
        text += base64.b64encode(hashlib.sha512(f"{seed}/{number}".encode()).digest())[:76] + b"\r\n"
        number += 1
    return bytes(text[:_BLOCK])


@lru_cache(maxsize=64)
def slow_quick_xor(octets: bytes, length: int) -> str:
    """By its definition, byte after byte."""
    ring = 0
    for number, octet in enumerate(octets):
        shifted = octet << (11 * number % 160)
        ring ^= (shifted & (1 << 160) - 1) ^ (shifted >> 160)
    return base64.b64encode((ring ^ length << 96).to_bytes(20, "little")).decode()
