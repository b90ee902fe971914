"""Events by their envelopes, what became of them, and the cases that they make.

Events and effects lie in partitions of a month, which are dropped by age; what comes from a moment without a partition
lies in a default one. `case_file` is derived: the events of a case make it anew.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE case_event (
    id text NOT NULL,
    at timestamptz NOT NULL,
    type text NOT NULL,
    service text NOT NULL,
    aggregate_id text NOT NULL,
    aggregate_version bigint NOT NULL,
    case_number text COLLATE "C" NOT NULL,
    phase text,
    holder text,
    deadline timestamptz,
    region text,
    actor text,
    links jsonb NOT NULL,
    trace_id text,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX case_event_case ON case_event (case_number);
CREATE INDEX case_event_aggregate ON case_event (aggregate_id);
CREATE INDEX case_event_type ON case_event (type, case_number);
CREATE TABLE case_event_rest PARTITION OF case_event DEFAULT;

CREATE TABLE case_link (
    target text NOT NULL,
    case_number text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    PRIMARY KEY (target, case_number, kind)
);
CREATE INDEX case_link_case ON case_link (case_number);

CREATE TABLE case_file (
    case_number text COLLATE "C" PRIMARY KEY,
    region text COLLATE "C" NOT NULL,
    opened_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    last_id text NOT NULL,
    last_type text NOT NULL,
    opening_known boolean NOT NULL,
    closed_at timestamptz,
    holder text,
    held_since timestamptz,
    deadline timestamptz,
    clock_since timestamptz,
    events int NOT NULL,
    held jsonb NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX case_file_latest ON case_file (last_at, case_number);
CREATE INDEX case_file_region ON case_file (region, last_at);
CREATE INDEX case_file_holder ON case_file (holder, last_at, case_number);
CREATE INDEX case_file_open ON case_file (last_at, case_number) WHERE closed_at IS NULL;
CREATE INDEX case_file_deadline ON case_file (deadline) WHERE closed_at IS NULL;

CREATE TABLE effect (
    event_id text NOT NULL,
    service text NOT NULL,
    consumer text NOT NULL,
    day date NOT NULL,
    event_type text NOT NULL,
    case_number text COLLATE "C" NOT NULL,
    outcome text NOT NULL,
    reason text,
    attempts int NOT NULL,
    decided_at timestamptz NOT NULL,
    due_at timestamptz,
    PRIMARY KEY (event_id, service, consumer, day)
) PARTITION BY RANGE (day);
CREATE INDEX effect_case ON effect (case_number);
CREATE INDEX effect_reason ON effect (reason, case_number) WHERE reason IS NOT NULL;
CREATE TABLE effect_rest PARTITION OF effect DEFAULT;

CREATE TABLE source (
    service text PRIMARY KEY,
    cursor text NOT NULL DEFAULT '',
    asked_at timestamptz NOT NULL DEFAULT '-infinity',
    known_at timestamptz
);
"""

FUNCTIONS = """
-- Makes the months to come, and drops those that are past their keeping. With the owner's rights: services have no DDL.
-- What came for a month before it was made lies in the default partition, and is moved.
CREATE FUNCTION keep_months(p_months int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_catalog SET timezone = 'UTC' AS $$
DECLARE
    parent text;
    by_column text;
    child text;
    start date;
    until date;
    oldest date := (date_trunc('month', now()) - p_months * interval '1 month')::date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('casetrace.keep_months'));
    FOREACH parent IN ARRAY ARRAY['case_event', 'effect'] LOOP
        by_column := CASE parent WHEN 'effect' THEN 'day' ELSE 'at' END;
        start := greatest(oldest, (date_trunc('month', now()) - interval '1 month')::date);
        WHILE start <= now()::date + 62 LOOP
            child := parent || '_' || to_char(start, 'YYYYMM');
            until := (start + interval '1 month')::date;
            IF to_regclass('public.' || child) IS NULL THEN
                EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', child, parent);
                EXECUTE format('WITH early AS (DELETE FROM public.%I WHERE %I >= %L AND %I < %L RETURNING *)'
                    ' INSERT INTO public.%I SELECT * FROM early',
                    parent || '_rest', by_column, start, by_column, until, child);
                EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                    parent, child, start, until);
            END IF;
            start := until;
        END LOOP;
        FOR child IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = ('public.' || parent)::regclass AND c.relname ~ '_[0-9]{6}$'
              AND right(c.relname, 6) < to_char(oldest, 'YYYYMM') LOOP
            EXECUTE format('DROP TABLE public.%I', child);
        END LOOP;
    END LOOP;
    DELETE FROM case_event_rest WHERE at < oldest;
    DELETE FROM effect_rest WHERE day < oldest;
    DELETE FROM case_link USING case_file f WHERE f.case_number = case_link.case_number AND f.last_at < oldest;
    DELETE FROM case_file WHERE last_at < oldest;
END $$;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(FUNCTIONS)
    op.execute("SELECT keep_months(120)")
