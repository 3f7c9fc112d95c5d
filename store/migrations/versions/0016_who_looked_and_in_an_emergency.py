"""Who has looked at restricted cases lately, and what was opened in an emergency."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "access_looks",
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_access_looks_case")),
        sa.PrimaryKeyConstraint(
            "case", "person", "action", "outcome", name=op.f("pk_access_looks")
        ),
    )
    op.create_index("ix_access_looks_began_at", "access_looks", ["began_at"], unique=False)
    op.create_table(
        "emergencies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("review_by", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_how", sa.Text(), nullable=True),
        sa.Column("told_at", Instant(), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_at", Instant(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("overdue_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_emergencies_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergencies")),
    )
    op.create_index("ix_emergencies_case", "emergencies", ["case"], unique=False)
    op.create_index("ix_emergencies_person", "emergencies", ["person"], unique=False)
    op.create_index("ix_emergencies_reviewed_at", "emergencies", ["reviewed_at"], unique=False)
