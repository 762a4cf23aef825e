"""quickXorHash, with which OneDrive sums up a file's content
(https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash).

Byte number i is put into a ring of 160 bits at bit 11·i, by exclusive or; at the end, so is the length into the last 64 bits.
"""

import base64

_RING_BITS = 160
_SHIFT = 11
_COLUMNS = 160
"""Bytes that lie so far apart meet at the same bit: 160 · 11 is a multiple of 160."""
_WINDOW = _COLUMNS * 256
"""So many bytes are taken at once: what is slow byte by byte in Python is one operation on a long integer."""


class QuickXorHash:
    """Fed piece by piece, in pieces of any length."""

    def __init__(self) -> None:
        self._sums = 0
        """The exclusive or of all windows, the first byte lowest."""
        self._length = 0

    def update(self, piece: bytes | memoryview) -> None:
        """Take in the next bytes."""
        view, at = memoryview(piece), 0
        while at < len(view):
            offset = self._length % _WINDOW
            taken = view[at : at + _WINDOW - offset]
            self._sums ^= int.from_bytes(taken, "little") << 8 * offset
            self._length += len(taken)
            at += len(taken)

    def digest(self) -> bytes:
        """The 20 bytes, for everything taken in so far."""
        columns = self._sums.to_bytes(_WINDOW, "little")
        ring = 0
        for number in range(_COLUMNS):
            column = 0
            for octet in columns[number::_COLUMNS]:
                column ^= octet
            ring ^= _turned(column, number * _SHIFT % _RING_BITS)
        return (ring ^ self._length << (_RING_BITS - 64)).to_bytes(_RING_BITS // 8, "little")

    def base64(self) -> str:
        """As Graph writes it in `file.hashes.quickXorHash`."""
        return base64.b64encode(self.digest()).decode("ascii")


def _turned(octet: int, bits: int) -> int:
    shifted = octet << bits
    return (shifted | shifted >> _RING_BITS) & ((1 << _RING_BITS) - 1)
