"""What phones send and read: reports of a batch, what changed since an app looked, what waits for whom, and searches.

The release before names nothing of this, and goes on meanwhile: triggers mark and keep what it changes, too. What is
there already counts as changed by the first transaction of all. Tables and triggers come in one short transaction; then
each index by itself, so that nobody waits to read, and to write no longer than one of them takes. All of it may be run
again where it was cut off.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BATCHES = """
CREATE TABLE IF NOT EXISTS submitted_item (
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
ALTER TABLE incident ADD COLUMN IF NOT EXISTS changed_in xid8 NOT NULL DEFAULT '3';
CREATE TABLE IF NOT EXISTS incident_left (
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
CREATE INDEX IF NOT EXISTS incident_left_changed ON incident_left (changed_in, incident_id);
CREATE INDEX IF NOT EXISTS incident_left_at ON incident_left (left_at);
"""

# To go from no department to one takes an incident out of nobody's sight.
MARKS = """
CREATE OR REPLACE FUNCTION mark_incident_changed() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE TRIGGER incident_changed BEFORE INSERT OR UPDATE OR DELETE ON incident
    FOR EACH ROW EXECUTE FUNCTION mark_incident_changed();
"""

# In the order of changes: of all, of a township, a department in charge, a centre, a reporter.
IN_ORDER = """
CREATE INDEX IF NOT EXISTS incident_changed ON incident (changed_in, id) INCLUDE (region);
CREATE INDEX IF NOT EXISTS incident_changed_township ON incident (left(region, 9), changed_in, id) INCLUDE (region);
CREATE INDEX IF NOT EXISTS incident_changed_department ON incident (department, changed_in, id);
CREATE INDEX IF NOT EXISTS incident_changed_owner ON incident (owner, changed_in, id);
CREATE INDEX IF NOT EXISTS incident_changed_reporter ON incident (reporter_kind, reporter_id, changed_in, id);
"""

# Open incidents by urgency: of a centre, a department, a coordinator, a reporter, all. With all that is asked of them.
QUEUES = """
CREATE INDEX IF NOT EXISTS incident_open_owner ON incident (owner, coalesce(deadline, filed_at), id)
    INCLUDE (state, stage, region, escalation_level, deadline, filed_at) WHERE state <> 'CLOSED';
CREATE INDEX IF NOT EXISTS incident_open_department ON incident (department, coalesce(deadline, filed_at), id)
    INCLUDE (state, stage, region, escalation_level, deadline, filed_at) WHERE state <> 'CLOSED';
CREATE INDEX IF NOT EXISTS incident_open_coordinator ON incident (coordinator, coalesce(deadline, filed_at), id)
    INCLUDE (state, stage, region, escalation_level, deadline, filed_at) WHERE state <> 'CLOSED' AND coordinator <> '';
CREATE INDEX IF NOT EXISTS incident_open_reporter
    ON incident (reporter_kind, reporter_id, coalesce(deadline, filed_at), id)
    INCLUDE (state, stage, region, escalation_level, deadline, filed_at) WHERE state <> 'CLOSED';
CREATE INDEX IF NOT EXISTS incident_open ON incident (coalesce(deadline, filed_at), id)
    INCLUDE (state, stage, region, escalation_level, deadline, filed_at) WHERE state <> 'CLOSED';
"""

# Every two characters that follow one another: words of two are the rule in Chinese, for which trigrams find nothing.
# Beside the incident, so that it is not written again with each step.
TEXT = """
CREATE OR REPLACE FUNCTION incident_words(said text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT each || next), '{}') FROM (
        SELECT each, lead(each) OVER (ORDER BY place) AS next
        FROM regexp_split_to_table(lower(said), '') WITH ORDINALITY AS every (each, place)
    ) AS pairs WHERE next IS NOT NULL
$$;
CREATE TABLE IF NOT EXISTS incident_text (incident_id uuid PRIMARY KEY, words text[] NOT NULL);
CREATE OR REPLACE FUNCTION keep_incident_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM incident_text WHERE incident_id = OLD.id;
    ELSIF TG_OP = 'INSERT' OR OLD.description <> NEW.description THEN
        INSERT INTO incident_text VALUES (NEW.id, incident_words(NEW.description))
            ON CONFLICT (incident_id) DO UPDATE SET words = excluded.words;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER incident_text_kept AFTER INSERT OR UPDATE OF description OR DELETE ON incident
    FOR EACH ROW EXECUTE FUNCTION keep_incident_text();
"""

TEXT_SO_FAR = """
INSERT INTO incident_text SELECT id, incident_words(description) FROM incident ON CONFLICT DO NOTHING;
CREATE INDEX IF NOT EXISTS incident_text_words ON incident_text USING gin (words);
"""

# To look up what few have, and to pass by in the order of lists what many have.
SEARCH = """
CREATE INDEX IF NOT EXISTS incident_case_number ON incident (case_number text_pattern_ops);
CREATE INDEX IF NOT EXISTS incident_reference ON incident (reference) WHERE reference <> '';
CREATE INDEX IF NOT EXISTS incident_enterprise ON incident (enterprise_code) WHERE enterprise_code <> '';
CREATE INDEX IF NOT EXISTS incident_position ON incident USING gist (point(longitude, latitude))
    WHERE latitude IS NOT NULL;
CREATE INDEX IF NOT EXISTS incident_township ON incident (left(region, 9), filed_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS incident_department ON incident (department, filed_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS incident_type_newest ON incident (type_code, filed_at DESC, id DESC);
"""


def upgrade() -> None:
    for short in (BATCHES, CHANGES, MARKS, TEXT):
        op.execute(short)
    with op.get_context().autocommit_block():
        for each in (IN_ORDER, QUEUES, TEXT_SO_FAR, SEARCH):
            for statement in each.strip().split(";\n"):
                op.execute(statement)
