"""Statements of reasons to the EU's transparency database, at most a hundred at a time.

Its identifier makes every try the same statement: one that is known already is a success.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from cases.drafts.dsa_json import field_of, statement
from integrations._http import Answer, VendorHttp
from integrations.errors import FieldsRefusedError
from integrations.ports.clock import Clock
from integrations.ports.reporting import Steps, Submission, SubmissionReceipt

VENDOR = "dsa-database"
BATCH = 100
_INVALID = 422
_CREATED = 201
_SUBMIT = "submit statements"


class DsaDatabase:
    """The transparency database, as one platform."""

    def __init__(self, client: httpx.AsyncClient, *, url: str, token: str, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._http = VendorHttp(
            client,
            vendor=VENDOR,
            clock=clock,
            # Without Accept the database answers in HTML, and redirects.
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )

    async def submit(self, submission: Submission, steps: Steps) -> SubmissionReceipt:
        """Every statement is in the database."""
        del steps
        names = list(dict.fromkeys(submission.names))
        ids: list[str] = []
        known = 0
        for start in range(0, len(names), BATCH):
            made, existing = await self._batch(submission, names[start : start + BATCH])
            ids += made
            known += existing
        detail = f"{len(names)} in the database"
        if known:
            detail += f", {known} of them since an earlier try"
        return SubmissionReceipt(
            reference=ids[0] if ids else "known to the database", detail=detail
        )

    async def _batch(self, submission: Submission, names: list[str]) -> tuple[list[str], int]:
        """The ids of new statements, and how many were known."""
        known = 0
        while names:
            answer = await self._post(submission, names)
            if answer.status == _CREATED:
                return _ids(answer), known
            existing = _existing(answer, names)
            if not existing:
                raise _refused(answer)
            if len(names) == 1:
                return _ids(answer), known + 1
            known += len(existing)
            names = [name for name in names if name not in existing]
        return [], known

    async def _post(self, submission: Submission, names: list[str]) -> Answer:
        bodies = [statement(submission.draft, puid=name) for name in names]
        answer = await self._http.call(
            _SUBMIT,
            "POST",
            f"{self._url}/statement" if len(names) == 1 else f"{self._url}/statements",
            json_body=bodies[0] if len(names) == 1 else {"statements": bodies},
            reads=frozenset({_INVALID}),
        )
        if answer.status not in (_CREATED, _INVALID):
            # "If you did not receive a 201, the statement was not made": a 200 is no success.
            raise answer.misanswered("the database did not say that it made the statement")
        return answer


def _existing(answer: Answer, names: list[str]) -> set[str]:
    """The names that the database knows already."""
    content = answer.object()
    errors = _mapping(content.get("errors"))
    puids = errors.get("existing_puids")
    if isinstance(puids, list):
        return {str(puid) for puid in puids} & set(names)
    if "existing" in content and "puid" in errors:
        return set(names[:1])
    return set()


def _ids(answer: Answer) -> list[str]:
    content = answer.object()
    made = content.get("statements") or [content.get("existing") or content]
    ids = [each.get("uuid") for each in made if isinstance(each, dict)]
    if not ids or not all(isinstance(each, str) and each.isprintable() for each in ids):
        raise answer.misanswered("the database gave no id for a statement")
    return [str(each)[:200] for each in ids]


def _refused(answer: Answer) -> FieldsRefusedError:
    """The fields that the database complains about, under our names."""
    errors = _mapping(answer.object().get("errors"))
    fields = list(_fields(errors))
    return FieldsRefusedError(
        tuple(dict.fromkeys(fields)) or ("the statement",),
        vendor=VENDOR,
        operation=_SUBMIT,
        status=answer.status,
    )


def _fields(errors: Mapping[str, Any]) -> Iterable[str]:
    for name, said in errors.items():
        if name.startswith("statement_") and isinstance(said, dict):
            yield from _fields(said)
        elif name.startswith("statements."):
            yield field_of(name.partition(".")[2].partition(".")[2])
        else:
            yield field_of(name)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
