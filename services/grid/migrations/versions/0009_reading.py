"""What phones send and read: reports of a batch, what changed since an app looked, and what waits for whom.

The release before names nothing of this: a trigger marks what it changes, too. What is there already counts as changed
by the first transaction of all.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BATCHES = """
CREATE TABLE submitted_item (
    reporter_kind text NOT NULL,
    reporter_id text NOT NULL,
    item_id uuid NOT NULL,
    digest bytea NOT NULL,
    incident_id uuid NOT NULL,
    case_number text NOT NULL,
    captured_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (reporter_kind, reporter_id, item_id)
);
"""

# By which transaction an incident was changed last, whoever did it. A constant default leaves the rows unwritten.
CHANGES = """
ALTER TABLE incident ADD COLUMN changed_in xid8 NOT NULL DEFAULT '3';
CREATE TABLE incident_left (
    incident_id uuid NOT NULL,
    region text NOT NULL,
    owner text NOT NULL,
    department text NOT NULL,
    reporter_kind text NOT NULL,
    reporter_id text NOT NULL,
    changed_in xid8 NOT NULL,
    left_at timestamptz NOT NULL,
    PRIMARY KEY (incident_id, region, owner, department)
);
CREATE INDEX incident_left_changed ON incident_left (changed_in, incident_id);
CREATE INDEX incident_left_at ON incident_left (left_at);
"""

# To go from no department to one takes an incident out of nobody's sight.
MARKS = """
CREATE FUNCTION mark_incident_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND (
        (OLD.region, OLD.owner) <> (NEW.region, NEW.owner)
        OR (OLD.department <> NEW.department AND OLD.department <> '')
    )) THEN
        INSERT INTO incident_left VALUES (
            OLD.id, OLD.region, OLD.owner, OLD.department, OLD.reporter_kind, OLD.reporter_id,
            pg_current_xact_id(), now()
        ) ON CONFLICT (incident_id, region, owner, department)
        DO UPDATE SET changed_in = excluded.changed_in, left_at = excluded.left_at;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    NEW.changed_in := pg_current_xact_id();
    RETURN NEW;
END $$;
CREATE TRIGGER incident_changed BEFORE INSERT OR UPDATE OR DELETE ON incident
    FOR EACH ROW EXECUTE FUNCTION mark_incident_changed();
"""

# In the order of changes: of all, of a township, a department in charge, a centre, a reporter.
IN_ORDER = """
CREATE INDEX incident_changed ON incident (changed_in, id) INCLUDE (region);
CREATE INDEX incident_changed_township ON incident (left(region, 9), changed_in, id) INCLUDE (region);
CREATE INDEX incident_changed_department ON incident (department, changed_in, id);
CREATE INDEX incident_changed_owner ON incident (owner, changed_in, id);
CREATE INDEX incident_changed_reporter ON incident (reporter_kind, reporter_id, changed_in, id);
"""

# Open incidents by urgency: of a centre, a department, a reporter, all. With all that is asked of them.
QUEUES = """
CREATE INDEX incident_open_owner ON incident (owner, coalesce(deadline, filed_at), id)
    INCLUDE (state, region, escalation_level, deadline, filed_at) WHERE state <> 'CLOSED';
CREATE INDEX incident_open_department ON incident (department, coalesce(deadline, filed_at), id)
    INCLUDE (state, region, escalation_level, deadline, filed_at) WHERE state <> 'CLOSED';
CREATE INDEX incident_open_reporter ON incident (reporter_kind, reporter_id, coalesce(deadline, filed_at), id)
    INCLUDE (state, region, escalation_level, deadline, filed_at) WHERE state <> 'CLOSED';
CREATE INDEX incident_open ON incident (coalesce(deadline, filed_at), id)
    INCLUDE (state, region, escalation_level, deadline, filed_at) WHERE state <> 'CLOSED';
"""


def upgrade() -> None:
    op.execute(BATCHES)
    op.execute(CHANGES)
    op.execute(MARKS)
    op.execute(IN_ORDER)
    op.execute(QUEUES)
