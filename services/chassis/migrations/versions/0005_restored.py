"""Tells whether the log of record went back: how far the own topic is known, and that it was found to hold more.

The release before neither reads nor writes any of it; its relay leaves `published` behind, so that more is read later.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE chassis.published (partition int PRIMARY KEY, next_offset bigint NOT NULL)")
    op.execute(
        "CREATE TABLE chassis.restored ("
        " one boolean PRIMARY KEY DEFAULT true CHECK (one), found_at timestamptz NOT NULL DEFAULT clock_timestamp())"
    )
    op.execute("ALTER TABLE chassis.event_log ADD COLUMN adopted boolean NOT NULL DEFAULT false")
