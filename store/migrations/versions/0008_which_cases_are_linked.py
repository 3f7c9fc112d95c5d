"""Which cases say that they are linked to which, so that the other one's page says so too."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Brings the schema forward; links of before are there as soon as their cases speak again."""
    op.create_table(
        "case_links",
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_case_links_case")),
        sa.PrimaryKeyConstraint("case", "number", "kind", name=op.f("pk_case_links")),
    )
    op.create_index("ix_case_links_number", "case_links", ["number"])
