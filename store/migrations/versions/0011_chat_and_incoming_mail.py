"""Where people were asked in a chat, what they pressed, and mail that comes in."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "prompts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.Column("stage", sa.Text()),
        sa.Column("round", sa.Integer()),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant()),
        sa.Column("became", sa.Text()),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_prompts")),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_prompts_case")),
    )
    op.create_index("ix_prompts_case", "prompts", ["case"])
    op.create_index("ix_prompts_room_message", "prompts", ["room", "message"])
    op.create_table(
        "clicks",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("person", sa.Text()),
        sa.Column("case", sa.Text()),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("came_of", sa.Text(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_clicks")),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_clicks_case")),
    )
    op.create_index("ix_clicks_case", "clicks", ["case"])
    op.create_table(
        "incoming_mails",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("case", sa.Text()),
        sa.Column("person", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("proved", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_incoming_mails")),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_incoming_mails_case")),
    )
    op.create_index("ix_incoming_mails_case", "incoming_mails", ["case"])
    op.create_index("ix_notices_message_id", "notices", ["message_id"])
