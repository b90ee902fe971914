"""Clocks with units and calendars; what is due is kept by the chassis.

The release before goes on working on this schema: it names none of the new columns, and each has a default that means
what it did, clock hours. It escalates by its own look at `deadline`; what it files is found by the first sweep.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE incident
    ADD COLUMN clocks jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN handle_unit text NOT NULL DEFAULT 'CLOCK_HOUR'
        CHECK (handle_unit IN ('CLOCK_HOUR', 'WORKING_HOUR', 'WORKING_DAY'));
ALTER TABLE dispatch_rule
    ADD COLUMN unit text NOT NULL DEFAULT 'CLOCK_HOUR' CHECK (unit IN ('CLOCK_HOUR', 'WORKING_HOUR', 'WORKING_DAY'));
"""

CALENDARS = """
CREATE TABLE national_year (year integer PRIMARY KEY);
CREATE TABLE national_day (
    day date PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('HOLIDAY', 'MAKE_UP_DAY')),
    name text NOT NULL,
    notice text NOT NULL
);
CREATE TABLE shift (
    department text NOT NULL,
    since date NOT NULL,
    days text NOT NULL,
    start_minute integer NOT NULL CHECK (start_minute BETWEEN 0 AND 1439),
    end_minute integer NOT NULL CHECK (end_minute > start_minute AND end_minute <= start_minute + 1440),
    PRIMARY KEY (department, since, days, start_minute)
);
CREATE TABLE calendar_stamp (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    stamp bigint NOT NULL
);
INSERT INTO calendar_stamp (stamp) VALUES (0);
"""

# The department's clock is known where it runs since the dispatch; when others began is not.
RUNNING = """
UPDATE incident SET clocks = jsonb_build_array(jsonb_build_object(
    'kind', 'HANDLE', 'department', department, 'amount', handle_within_hours, 'unit', 'CLOCK_HOUR',
    'begun_at', to_char(dispatched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    'due_at', to_char(handle_by AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    'known', true, 'ended_at', NULL))
WHERE state IN ('DISPATCHED', 'ACCEPTED') AND handle_by = dispatched_at + handle_within_hours * interval '1 hour';
INSERT INTO chassis.due (name, key, due_at, try_at, case_number)
SELECT 'incident-clock', id::text, deadline, deadline, case_number FROM incident
WHERE state <> 'CLOSED' AND deadline IS NOT NULL
ON CONFLICT DO NOTHING;
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(CALENDARS)
    op.execute(RUNNING)
