"""Spans and failed calls, in partitions of a day, which are dropped by age."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE span (
    start_at timestamptz NOT NULL,
    trace_id text NOT NULL,
    span_id text NOT NULL,
    parent_id text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    service text NOT NULL,
    start_ns bigint NOT NULL,
    end_ns bigint NOT NULL,
    failed boolean NOT NULL,
    attributes jsonb NOT NULL,
    links jsonb NOT NULL,
    case_number text COLLATE "C"
) PARTITION BY RANGE (start_at);
CREATE INDEX span_trace ON span (trace_id);
CREATE INDEX span_case ON span (case_number, trace_id) WHERE case_number IS NOT NULL;

CREATE TABLE failure (
    at timestamptz NOT NULL,
    trace_id text NOT NULL,
    span_id text NOT NULL,
    service text NOT NULL,
    method text NOT NULL,
    code text NOT NULL,
    reason text,
    duration_ms double precision NOT NULL,
    case_number text COLLATE "C",
    aggregate_id text
) PARTITION BY RANGE (at);
CREATE INDEX failure_case ON failure (case_number) WHERE case_number IS NOT NULL;
CREATE INDEX failure_aggregate ON failure (aggregate_id) WHERE aggregate_id IS NOT NULL;
CREATE INDEX failure_reason ON failure (reason);
"""

FUNCTIONS = """
-- Makes the days to come, and drops those that are past their keeping.
CREATE FUNCTION keep_days(p_days int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_catalog SET timezone = 'UTC' AS $$
DECLARE
    parent text;
    child text;
    start date;
    oldest date := now()::date - p_days;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('casetrace.keep_days'));
    FOREACH parent IN ARRAY ARRAY['span', 'failure'] LOOP
        FOR start IN SELECT generate_series(oldest, now()::date + 3, interval '1 day')::date LOOP
            child := parent || '_' || to_char(start, 'YYYYMMDD');
            IF to_regclass('public.' || child) IS NULL THEN
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
                    child, parent, start, start + 1);
            END IF;
        END LOOP;
        FOR child IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = ('public.' || parent)::regclass
              AND right(c.relname, 8) < to_char(oldest, 'YYYYMMDD') LOOP
            EXECUTE format('DROP TABLE public.%I', child);
        END LOOP;
    END LOOP;
END $$;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(FUNCTIONS)
    op.execute("SELECT keep_days(7)")
