"""Making and changing the questions of a fake form: what forms.batchUpdate does, as far as `gestion init` needs it."""

import copy
import hashlib
from collections.abc import Sequence
from typing import Any

from tests.servers.google.server import ApiError


def question_item(title: str, question_id: str, question: dict[str, Any] | None = None) -> dict[str, Any]:
    """An item with one question; `question` names its kind, e.g. `{"dateQuestion": {"includeYear": True}}`."""
    kind = question if question is not None else {"textQuestion": {}}
    return {
        "itemId": hashlib.sha256(f"item/{question_id}".encode()).hexdigest()[:8],
        "title": title,
        "questionItem": {"question": {"questionId": question_id, **kind}},
    }


def question_of(item: dict[str, Any]) -> dict[str, Any]:
    """An item's only question; {} for a page break, a text or a grid."""
    found: dict[str, Any] = item.get("questionItem", {}).get("question", {})
    return found


def published(*, accepting: bool, is_published: bool = True) -> dict[str, Any]:
    """Publish settings as Google shows them."""
    return {"publishState": {"isPublished": is_published, "isAcceptingResponses": accepting}}


def apply_requests(document: dict[str, Any], requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Apply a batch in order; nothing of it when one request is wrong. Returns the replies."""
    draft = copy.deepcopy(document)
    replies = [_apply(draft, request) for request in requests]
    document.clear()
    document.update(draft)
    return replies


def _apply(document: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    match request:
        case {"createItem": {"item": item, "location": {"index": int(index)}}}:
            return {"createItem": _create_item(document, item, index)}
        case {"updateItem": {"item": item, "location": {"index": int(index)}, "updateMask": str()}}:
            document["items"][index] = {**document["items"][index], **item}
            _check_branches(document, document["items"][index])
            return {}
        case {"deleteItem": {"location": {"index": int(index)}}}:
            del document["items"][index]
            return {}
        case {"updateSettings": {"settings": settings, "updateMask": str(mask)}} if mask:
            document["settings"] = {**document.get("settings", {}), **settings}
            return {}
        case {"updateFormInfo": {"info": info, "updateMask": str(mask)}} if mask:
            document["info"] = {**document["info"], **info}
            return {}
        case _:
            raise ApiError(400, "INVALID_ARGUMENT", f"Invalid requests: {sorted(request)}")


def _check_branches(document: dict[str, Any], item: dict[str, Any]) -> None:
    """An answer leads only to a section that is there, and only from a list of which one answer is chosen."""
    choices = question_of(item).get("choiceQuestion", {})
    sections = {each["itemId"] for each in document["items"] if "pageBreakItem" in each}
    for option in choices.get("options", []):
        leads_to = option.get("goToSectionId")
        if leads_to is not None and leads_to not in sections:
            raise ApiError(400, "INVALID_ARGUMENT", f"goToSectionId {leads_to} is no section of the form.")
        if (leads_to or option.get("goToAction")) and choices.get("type") not in ("RADIO", "DROP_DOWN"):
            raise ApiError(400, "INVALID_ARGUMENT", "Section navigation is only for RADIO and DROP_DOWN.")


def _create_item(document: dict[str, Any], item: dict[str, Any], index: int) -> dict[str, Any]:
    items = document["items"]
    if not 0 <= index <= len(items):
        raise ApiError(400, "INVALID_ARGUMENT", f"Invalid location index {index}")
    seed = f"{document['formId']}/{document['revisionId']}/{len(items)}/{item.get('title')}"
    made = copy.deepcopy(item)
    if made.get("itemId") in {each["itemId"] for each in items}:
        raise ApiError(400, "INVALID_ARGUMENT", f"Item ID already in use: {made['itemId']}")
    if question_of(made).get("questionId") in {question_of(each).get("questionId", "") for each in items}:
        raise ApiError(400, "INVALID_ARGUMENT", f"Question ID already in use: {question_of(made)['questionId']}")
    _check_branches(document, made)
    made.setdefault("itemId", hashlib.sha256(f"item/{seed}".encode()).hexdigest()[:8])
    ids = []
    question = question_of(made)
    if question:
        question.setdefault("questionId", hashlib.sha256(f"question/{seed}".encode()).hexdigest()[:8])
        ids.append(question["questionId"])
    items.insert(index, made)
    return {"itemId": made["itemId"], "questionId": ids}
