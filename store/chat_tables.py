"""The tables of chat and of mail that comes in: who was asked where, and what came back."""

import sqlalchemy as sa

from store.columns import flag, instant, metadata, number, of_case, perhaps, sealed, text

prompts = sa.Table(
    "prompts",
    metadata,
    text("key", primary_key=True),
    of_case(),
    text("chat"),
    text("room"),
    perhaps("thread"),
    # The id of the message; none while nobody has heard that it was posted.
    perhaps("message"),
    perhaps("stage"),
    sa.Column("round", sa.Integer),
    text("role"),
    text("begun_by"),
    instant("begun_at"),
    instant("closed_at", required=False),
    perhaps("became"),
    number("attempts", default=0),
    instant("next_attempt_at"),
    text("locale", default=""),
    text("words", default=""),
    sa.Index("ix_prompts_case", "case"),
    sa.Index("ix_prompts_room_message", "room", "message"),
)

clicks = sa.Table(
    "clicks",
    metadata,
    text("key", primary_key=True),
    text("chat"),
    # The member, in the chat's own ids; the person where the directory knows one.
    text("member"),
    perhaps("person"),
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id")),
    text("what"),
    text("came_of"),
    instant("received_at"),
    sa.Index("ix_clicks_case", "case"),
)

incoming_mails = sa.Table(
    "incoming_mails",
    metadata,
    # A digest of its Message-ID, or of its bytes where it has none.
    text("key", primary_key=True),
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id")),
    perhaps("person"),
    text("kind"),
    text("why"),
    flag("proved"),
    sealed("body", required=False),
    instant("received_at"),
    sa.Index("ix_incoming_mails_case", "case"),
)
