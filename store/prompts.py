"""Cards that stand in a chat: which message belongs to which question, and which are over."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from cases.values import Instant, Value
from store.cases import ENDED
from store.chat_tables import clicks, prompts
from store.database import Database, uninterrupted
from store.tables import cases, rounds, views

NEVER_POSTED, UNSEEN = "never-posted", "unseen"
"""What became of a card that nobody heard of: it is not there, or was not at the last look."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=10)
_DOUBLINGS = 9


class Became(StrEnum):
    """What a card says once it asks nothing any more."""

    DECIDED = "decided"
    SUPERSEDED = "superseded"
    """A newer round asks instead."""
    OVER = "over"
    """The stage or the case has ended."""


class Prompt(Value):
    """One card in one room."""

    key: str
    case: str
    chat: str
    room: str
    thread: str | None = None
    message: str | None = None
    """None while nobody has heard that it was posted."""
    stage: str | None = None
    round: int | None = None
    role: str
    begun_by: str
    """The notice that is posting it."""
    begun_at: Instant
    closed_at: Instant | None = None
    became: str | None = None
    attempts: int = 0
    locale: str = ""
    """In which locale the room was told."""
    words: str = ""
    """By which catalogue: its language and version."""


class OverPrompt(Value):
    """A card whose question is over."""

    prompt: Prompt
    number: str
    became: Became


class Click(Value):
    """What somebody pressed in a chat, and what came of it."""

    key: str
    chat: str
    member: str
    person: str | None = None
    case: str | None = None
    what: str
    came_of: str
    received_at: Instant


@uninterrupted
class Prompts:
    """Keeps cards and clicks; the round's own row says when a card is over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, prompt: Prompt) -> tuple[Prompt, bool]:
        """The card is about to be posted; the row, and whether it is this call's."""
        async with self._database.write() as connection:
            values = prompt.model_dump()
            done = await connection.execute(
                self._database.insert(prompts)
                .values(**values, next_attempt_at=prompt.begun_at)
                .on_conflict_do_nothing(index_elements=["key"])
                .returning(prompts.c.key)
            )
            fresh = done.scalar_one_or_none() is not None
            if not fresh:
                # It may be posted from now on: whoever took it for never posted looks again.
                await connection.execute(
                    prompts.update()
                    .where(prompts.c.key == prompt.key, prompts.c.message.is_(None))
                    .where(prompts.c.became.in_((UNSEEN, NEVER_POSTED)))
                    .values(became=None, closed_at=None)
                )
            query = sa.select(prompts).where(prompts.c.key == prompt.key)
            row = (await connection.execute(query)).one()
        return _prompt(row), fresh

    async def taken_over(self, key: str, *, by: str, at: datetime) -> None:
        """Another notice posts the card: the first one did not come back."""
        await self._set(key, begun_by=by, begun_at=at)

    async def posted(self, key: str, *, message: str, thread: str | None) -> None:
        """The card stands there as this message, also where it was thought never to have been."""
        unknown = prompts.c.message.is_(None)
        await self._set(
            key,
            message=message,
            thread=thread,
            closed_at=sa.case((unknown, None), else_=prompts.c.closed_at),
            became=sa.case((unknown, None), else_=prompts.c.became),
        )

    async def unseen(self, prompt: Prompt, *, until: datetime) -> None:
        """The card was looked for and is not there; it may be on its way, so it is looked again."""
        await self._set(prompt.key, became=UNSEEN, next_attempt_at=until)

    async def get(self, key: str) -> Prompt | None:
        """The card, if there is one of that key."""
        async with self._database.read() as connection:
            query = sa.select(prompts).where(prompts.c.key == key)
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _prompt(row)

    async def at(self, *, chat: str, room: str, message: str) -> Prompt | None:
        """The card that this message is."""
        query = sa.select(prompts).where(
            prompts.c.chat == chat, prompts.c.room == room, prompts.c.message == message
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _prompt(row)

    async def by_case(self, case: str) -> list[Prompt]:
        """Every card of the case, in the order they were begun."""
        query = (
            sa.select(prompts)
            .where(prompts.c.case == case)
            .order_by(prompts.c.begun_at, prompts.c.key)
        )
        async with self._database.read() as connection:
            return [_prompt(row) for row in await connection.execute(query)]

    async def over(self, *, chat: str, at: datetime, limit: int = 20) -> list[OverPrompt]:
        """Cards that stand open although what they ask is over, the oldest first."""
        newer = rounds.alias("newer")
        newest = (
            sa.select(sa.func.max(newer.c.round))
            .where(newer.c.case == prompts.c.case, newer.c.gate == prompts.c.stage)
            .scalar_subquery()
        )
        here = sa.and_(
            rounds.c.case == prompts.c.case,
            rounds.c.gate == prompts.c.stage,
            rounds.c.round == prompts.c.round,
        )
        ended = cases.c.status.in_(ENDED)
        answered = sa.or_(rounds.c.open.is_(False), rounds.c.closed_at_door.is_not(None))
        # A picture from before the card was posted says nothing of what it asks.
        left = sa.and_(
            prompts.c.round.is_(None),
            prompts.c.stage.is_not(None),
            views.c.stage != prompts.c.stage,
            views.c.as_of > prompts.c.begun_at,
        )
        query = (
            sa.select(
                prompts,
                cases.c.number,
                (newest > prompts.c.round).label("replaced"),
                answered.label("answered"),
            )
            .join(cases, cases.c.id == prompts.c.case)
            .outerjoin(rounds, here)
            .outerjoin(views, views.c.case == prompts.c.case)
            .where(prompts.c.chat == chat, prompts.c.closed_at.is_(None))
            .where(prompts.c.next_attempt_at <= at)
            .where(sa.or_(ended, answered, newest > prompts.c.round, left))
            .order_by(prompts.c.begun_at, prompts.c.key)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            OverPrompt(prompt=_prompt(row), number=row.number, became=_became(row)) for row in rows
        ]

    async def closed(self, key: str, *, became: str, at: datetime) -> None:
        """The card says that it is over."""
        await self._set(key, closed_at=at, became=became)

    async def failed(self, prompt: Prompt, *, at: datetime, wait: timedelta | None = None) -> None:
        """The card is changed later: after as long as the chat asks for, or longer each time."""
        doubled: int = 2 ** min(prompt.attempts, _DOUBLINGS)
        pause = wait or min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE)
        await self._set(prompt.key, attempts=prompt.attempts + 1, next_attempt_at=at + pause)

    async def clicked(self, click: Click) -> bool:
        """The click is on record; False if it was delivered before."""
        async with self._database.write() as connection:
            done = await connection.execute(
                self._database.insert(clicks)
                .values(**click.model_dump())
                .on_conflict_do_nothing(index_elements=["key"])
                .returning(clicks.c.key)
            )
            return done.scalar_one_or_none() is not None

    async def came_of(self, key: str, came_of: str, *, case: str | None = None) -> None:
        """What came of the click, and on which case's card it was."""
        async with self._database.write() as connection:
            await connection.execute(
                clicks.update().where(clicks.c.key == key).values(came_of=came_of, case=case)
            )

    async def clicks_of(self, case: str) -> list[Click]:
        """Every click on the case's cards, in the order they came."""
        query = (
            sa.select(clicks)
            .where(clicks.c.case == case)
            .order_by(clicks.c.received_at, clicks.c.key)
        )
        async with self._database.read() as connection:
            return [Click.model_validate(_fields(row)) for row in await connection.execute(query)]

    async def _set(self, key: str, **values: Any) -> None:
        async with self._database.write() as connection:
            await connection.execute(prompts.update().where(prompts.c.key == key).values(**values))


def _became(row: Any) -> Became:
    if row.round is not None and row.replaced:
        return Became.SUPERSEDED
    return Became.DECIDED if row.answered else Became.OVER


def _prompt(row: Any) -> Prompt:
    return Prompt.model_validate(_fields(row))


def _fields(row: Any) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
