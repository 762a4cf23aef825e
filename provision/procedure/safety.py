"""Safety caps: more destructive effects than an institution allows in one run wait for approval of exactly them. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from config.institution import Caps
from config.vocabulary import OPERATION_LABELS, CaseNumber
from provision.procedure.model import Request
from provision.procedure.submission import AssignContract, Deactivate, Defective


@dataclass(frozen=True, slots=True)
class Destructive:
    """One request that would make an account inactive or delete it. `line` says what, whose and why; Spanish."""

    case: CaseNumber
    line: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one run would do that takes something from somebody, in the order of its cases."""

    effects: tuple[Destructive, ...]
    allowed: int

    @property
    def exceeds(self) -> bool:
        """Whether it needs an approval of its own."""
        return len(self.effects) > self.allowed

    @property
    def digest(self) -> str:
        """What an approval names: another case, account or date, and it is another batch."""
        text = "\n".join(f"{effect.case}\t{effect.line}" for effect in self.effects)
        return hashlib.sha256(text.encode()).hexdigest()


def effect_of(request: Request) -> Destructive:
    """What a request would take, and from whom. An edit that changes it makes another line, which nobody admitted."""
    subject = request.facts.subject
    content = request.content
    if isinstance(content, Defective) or subject is None:
        return Destructive(request.case, "")
    dates = ""
    if isinstance(content, Deactivate | AssignContract):
        dates = f" desde el {content.from_date:%d/%m/%Y}"
    if isinstance(content, Deactivate) and content.until_date is not None:
        dates += f" hasta el {content.until_date:%d/%m/%Y}"
    return Destructive(request.case, f"{OPERATION_LABELS[content.operation]} · {subject.login}{dates}")


def batch_of(effects: Iterable[Destructive], caps: Caps, population: int) -> Batch:
    """The batch of a run in an institution of so many enabled accounts."""
    return Batch(tuple(sorted(effects, key=lambda effect: effect.case)), caps.allowed(population))
