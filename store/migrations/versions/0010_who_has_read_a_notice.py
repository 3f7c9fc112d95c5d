"""Who has read a notice, and what it was about: asked once, read or told another way."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Brings the schema forward."""
    op.add_column("notices", sa.Column("about", sa.Text(), nullable=True))
    op.add_column("notices", sa.Column("read_at", sa.DateTime(timezone=True), nullable=True))
