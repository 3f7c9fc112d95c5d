"""Who has looked at restricted cases lately, and who reads a case only for a time."""

import sqlalchemy as sa

from store.columns import instant, metadata, number, of_case, perhaps, text

looks = sa.Table(
    "access_looks",
    metadata,
    of_case(),
    text("person"),
    text("action"),
    text("outcome"),
    instant("began_at"),
    instant("last_at"),
    number("times"),
    sa.PrimaryKeyConstraint("case", "person", "action", "outcome"),
    sa.Index("ix_access_looks_began_at", "began_at"),
)

emergencies = sa.Table(
    "emergencies",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    of_case(),
    text("person"),
    instant("opened_at"),
    instant("until"),
    instant("review_by"),
    instant("ended_at", required=False),
    perhaps("ended_how"),
    instant("told_at", required=False),
    perhaps("reviewed_by"),
    instant("reviewed_at", required=False),
    perhaps("verdict"),
    instant("overdue_at", required=False),
    sa.Index("ix_emergencies_case", "case"),
    sa.Index("ix_emergencies_person", "person"),
    sa.Index("ix_emergencies_reviewed_at", "reviewed_at"),
)

grants = sa.Table(
    "access_grants",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    # As it was asked for: a number that no case has leaves a row like any other.
    text("number"),
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id")),
    text("person"),
    number("lasts"),
    instant("asked_at"),
    instant("expires_at"),
    instant("told_at", required=False),
    perhaps("verdict"),
    perhaps("answered_by"),
    instant("answered_at", required=False),
    instant("opened_at", required=False),
    instant("until", required=False),
    instant("ended_at", required=False),
    perhaps("ended_how"),
    instant("heard_at", required=False),
    sa.Index("ix_access_grants_case", "case"),
    sa.Index("ix_access_grants_person", "person"),
    sa.Index("ix_access_grants_heard_at", "heard_at"),
)
