"""Runs that said they end, until the door has sealed what Temporal has of them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Brings the schema forward. Runs that ended before have no seal, and their exports say so."""
    op.create_table(
        "ended_runs",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_ended_runs_case")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_ended_runs")),
        sa.UniqueConstraint("case", "stream", "run", name=op.f("uq_ended_runs_case_stream_run")),
    )
