"""Tells in which order outcomes became known, so that they can be read page by page and none is missed.

`changed` is the transaction that wrote a row last: what is below the oldest one at work is there for good. Rows that
stand already keep none, and so does the table its files. The release before writes rows as ever; default and trigger
fill the column for it. The index is built over rows without `changed`, which is one look at each.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE chassis.inbox ADD COLUMN changed xid8;
ALTER TABLE chassis.inbox ALTER COLUMN changed SET DEFAULT pg_current_xact_id();
ALTER TABLE chassis.parked_event ADD COLUMN changed xid8;
ALTER TABLE chassis.parked_event ALTER COLUMN changed SET DEFAULT pg_current_xact_id();
CREATE INDEX inbox_changed ON chassis.inbox (changed, consumer, event_id) WHERE changed IS NOT NULL;
CREATE INDEX parked_event_changed ON chassis.parked_event (changed, consumer, event_id) WHERE changed IS NOT NULL;
"""

TRIGGERS = """
CREATE FUNCTION chassis.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed := pg_current_xact_id();
    RETURN NEW;
END $$;
CREATE TRIGGER touch BEFORE UPDATE ON chassis.inbox FOR EACH ROW EXECUTE FUNCTION chassis.touch();
CREATE TRIGGER touch BEFORE UPDATE ON chassis.parked_event FOR EACH ROW EXECUTE FUNCTION chassis.touch();
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(TRIGGERS)
