"""What the tables are made of: one spelling for instants, sealed bytes and opaque words."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant on both databases; a naive one is a mistake and is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC on the way in: SQLite keeps text, which must sort as instants do."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant of the store must be aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Aware and in UTC on the way out."""
        if value is None:
            return None
        read: datetime = value
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite counts up only in a column of type INTEGER."""


def text(name: str, **options: Any) -> sa.Column[str]:
    """A word that is always there."""
    return sa.Column(name, sa.Text, nullable=False, **options)


def perhaps(name: str) -> sa.Column[str]:
    """A word that may be missing."""
    return sa.Column(name, sa.Text)


def instant(name: str, *, required: bool = True, **options: Any) -> sa.Column[datetime]:
    """An instant."""
    return sa.Column(name, Instant(), nullable=not required, **options)


def number(name: str, **options: Any) -> sa.Column[int]:
    """A number."""
    return sa.Column(name, sa.BigInteger, nullable=False, **options)


def sealed(name: str, *, required: bool = True) -> sa.Column[bytes]:
    """Bytes that only the case's key opens."""
    return sa.Column(name, sa.LargeBinary, nullable=not required)


def of_case() -> sa.Column[str]:
    """The case the row belongs to."""
    return sa.Column("case", sa.Text, sa.ForeignKey("cases.id"), nullable=False)


def flag(name: str) -> sa.Column[bool]:
    """Yes or no."""
    return sa.Column(name, sa.Boolean, nullable=False)


def outbox() -> list[sa.Column[Any]]:
    """The columns of a row that is handed on until somebody acknowledges it."""
    return [
        text("state"),
        number("attempts", default=0),
        instant("next_attempt_at"),
        perhaps("lease_owner"),
        instant("lease_until", required=False),
        text("last_error", default=""),
    ]
