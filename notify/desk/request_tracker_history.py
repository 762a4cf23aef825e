"""What was written on a ticket of Request Tracker and by whom: ours by its marks, other people's by who they are. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from config.redaction import visible_text
from notify.desk.port import Reply
from notify.desk.request_tracker_rows import AttachmentRow, TransactionRow
from notify.desk.request_tracker_words import DELETED, INACTIVE, NOTE, SOLUTION

_WRITINGS = frozenset({"Comment", "Correspond"})
_MOST_CHARACTERS = 10_000


@dataclass(frozen=True, slots=True)
class History:
    """A ticket's transactions, oldest first, and our own account's name."""

    transactions: tuple[TransactionRow, ...]
    own: str

    def has_note(self, mark: str) -> bool:
        """Whether we wrote a comment under this subject: anybody else may choose the same subject."""
        return any(each.mark == mark for each in self._ours())

    def notes(self) -> tuple[int, ...]:
        """Our notes, by transaction."""
        return tuple(each.id for each in self._ours() if each.mark.startswith(NOTE))

    def solutions(self) -> tuple[int, ...]:
        """Our solutions, by transaction; the last one is in force."""
        return tuple(each.id for each in self._ours() if each.mark == SOLUTION)

    def solutions_since_opened(self) -> tuple[int, ...]:
        """Our solutions that were written after the ticket was last opened again."""
        opened = max((each.id for each in self._moves() if each.new_value not in INACTIVE), default=0)
        closed_before = any(each.id < opened and each.new_value in INACTIVE for each in self._moves())
        return tuple(each for each in self.solutions() if each > opened or not closed_before)

    def closed_by(self) -> str | None:
        """Who moved the ticket last, if that closed it and was not this program."""
        last = next(reversed(self._moves()), None)
        if last is None or last.new_value not in INACTIVE - {DELETED} or last.creator.id == self.own:
            return None
        return last.creator.id

    def words_of_others(self) -> tuple[TransactionRow, ...]:
        """What anybody but this program wrote."""
        return tuple(each for each in self.transactions if each.type in _WRITINGS and each.creator.id != self.own)

    def _ours(self) -> tuple[TransactionRow, ...]:
        return tuple(each for each in self.transactions if each.type == "Comment" and each.creator.id == self.own)

    def _moves(self) -> tuple[TransactionRow, ...]:
        return tuple(each for each in self.transactions if each.type == "Status" or each.field == "Status")


def text_of(attachments: Sequence[AttachmentRow], transaction: int) -> str:
    """What a person reads of a transaction: its first plain text."""
    parts = [each for each in attachments if each.transaction == transaction and each.content]
    plain = next((each for each in parts if each.content_type == "text/plain"), None)
    chosen = plain or next((each for each in parts if (each.content_type or "").startswith("text/")), None)
    return (chosen.content or "") if chosen is not None else ""


def replies(
    history: History,
    attachments: Sequence[AttachmentRow],
    requestors: frozenset[str],
    staff: Callable[[str], str | None],
) -> tuple[Reply, ...]:
    """What people of the desk wrote. Whoever asked for the ticket is not the desk, whatever else he may be.

    `staff` gives the name by which people know a user of the desk; None for anybody else (a requester writes by mail).
    """
    names: Mapping[str, str] = {
        user: name
        for user in {each.creator.id for each in history.words_of_others()} - requestors
        if (name := staff(user)) is not None
    }
    return tuple(
        Reply(
            key=f"rt-{each.id}",
            by=names[each.creator.id],
            at=each.created,
            text=visible_text(text_of(attachments, each.id)[:_MOST_CHARACTERS], lines=True).strip(),
        )
        for each in history.words_of_others()
        if each.creator.id in names
    )
