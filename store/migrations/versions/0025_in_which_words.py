"""In which words: the locale and the catalogue that a notice and a card were worded by."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Brings the schema forward."""
    for table in ("notices", "prompts"):
        for column in ("locale", "words"):
            op.add_column(table, sa.Column(column, sa.Text(), nullable=False, server_default=""))
