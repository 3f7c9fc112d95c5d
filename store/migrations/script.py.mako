"""${message}."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Brings the schema forward."""
    ${upgrades if upgrades else "pass"}
