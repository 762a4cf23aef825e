"""Google's partial replies: the `fields` parameter, e.g. `formId,items(itemId,questionItem/question)`."""

from dataclasses import dataclass, field
from typing import Any

from tests.servers.google.schemas import Schemas


class InvalidMask(ValueError):
    """The mask cannot be read or names a field that the message does not have."""


@dataclass(slots=True)
class Mask:
    """Which fields of a message to give; no children: all that is below."""

    children: dict[str, "Mask"] = field(default_factory=dict)

    def apply(self, message: Any) -> Any:
        """The part of a message that the mask names. Lists are masked element by element."""
        if not self.children or "*" in self.children:
            return message
        if isinstance(message, list):
            return [self.apply(element) for element in message]
        if isinstance(message, dict):
            return {name: mask.apply(message[name]) for name, mask in self.children.items() if name in message}
        return message

    def check(self, schemas: Schemas, schema: str) -> None:
        """Raise InvalidMask for a field that the message type does not have."""
        known = schemas.fields(schema)
        if known is None:
            return
        for name, child in self.children.items():
            if name == "*":
                continue
            if name not in known:
                message = f"Request contains an invalid argument: field mask {name!r} is not in {schema}"
                raise InvalidMask(message)
            inner = known[name]
            if inner is not None:
                child.check(schemas, inner)


def parse_mask(text: str) -> Mask:
    """Read `a,b/c,d(e,f)`. Raises InvalidMask."""
    mask, rest = _list(text.replace(" ", ""), 0)
    if rest != len(text.replace(" ", "")):
        message = f"the field mask {text!r} cannot be read"
        raise InvalidMask(message)
    return mask


def _list(text: str, at: int) -> tuple[Mask, int]:
    result = Mask()
    while True:
        at = _path(text, at, result)
        if at >= len(text) or text[at] != ",":
            return result, at
        at += 1


def _path(text: str, at: int, into: Mask) -> int:
    while True:
        end = at
        while end < len(text) and (text[end].isalnum() or text[end] in "_*"):
            end += 1
        if end == at:
            message = f"the field mask {text!r} cannot be read at character {at}"
            raise InvalidMask(message)
        into = into.children.setdefault(text[at:end], Mask())
        at = end
        if at < len(text) and text[at] in "/.":
            at += 1
            continue
        break
    if at < len(text) and text[at] == "(":
        inner, at = _list(text, at + 1)
        if at >= len(text) or text[at] != ")":
            message = f"the field mask {text!r} lacks a parenthesis"
            raise InvalidMask(message)
        into.children.update(inner.children)
        at += 1
    return at
