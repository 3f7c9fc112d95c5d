"""Which report belongs to which case, and which are held back without one."""

import sqlalchemy as sa
from alembic import op

from store.columns import SERIAL, Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "reports",
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("split_from", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_reports_case")),
        sa.PrimaryKeyConstraint("report", name=op.f("pk_reports")),
    )
    op.create_index("ix_reports_fingerprint", "reports", ["fingerprint"], unique=False)
    op.create_index("ix_reports_case", "reports", ["case"], unique=False)
    op.add_column("deliveries", sa.Column("report", sa.Text(), nullable=True))
    op.create_index("ix_deliveries_report", "deliveries", ["report"], unique=False)
    op.create_table(
        "suppressed",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_digest", sa.Text(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("tell_at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", Instant(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_suppressed")),
        sa.UniqueConstraint("key", name=op.f("uq_suppressed_key")),
    )
    op.create_index("ix_suppressed_rule", "suppressed", ["rule"], unique=False)
    op.create_index("ix_suppressed_report", "suppressed", ["report"], unique=False)
