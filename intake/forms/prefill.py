"""The form's address with answers filled in (Google: `…/viewform?usp=pp_url&entry.N=value`, N = int(questionId, 16))."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from config.vocabulary import CaseNumber
from intake.forms.port import Answers, Field

LONGEST_URL = 6000
"""Characters; mail clients and Google's servers cut or refuse much longer addresses."""


def prefilled_url(form_url: str, question_ids: Mapping[Field, str], answers: Answers, case: CaseNumber) -> str:
    """The address that opens the form with the former answers and the case number.

    Answers to questions that are not bound are left out, and the longest first when the address would be too long: the case
    number always stays.
    """
    filled = {**answers, Field.CASE_NUMBER: (case,)}
    kept = [field for field in filled if field in question_ids]
    while True:
        pairs = [(f"entry.{int(question_ids[field], 16)}", text) for field in kept for text in filled[field]]
        url = _with_query(form_url, [("usp", "pp_url"), *pairs])
        droppable = [field for field in kept if field is not Field.CASE_NUMBER]
        if len(url) <= LONGEST_URL or not droppable:
            return url
        kept.remove(max(droppable, key=lambda field: sum(map(len, filled[field]))))


def _with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *pairs])))
