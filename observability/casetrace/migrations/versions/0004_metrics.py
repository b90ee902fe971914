"""What processes tell of themselves, in partitions of a day; and the events that consumers have not taken.

A row of `metric` is one process at one moment. `open_effect` is derived from what services answer, with events of no
case; services are read from the beginning once, so that it is whole.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE metric (
    at timestamptz NOT NULL,
    service text NOT NULL,
    instance text NOT NULL,
    began_at timestamptz,
    calls bigint,
    failed bigint,
    seconds bigint[],
    outbox_depth bigint,
    outbox_age double precision,
    leads boolean,
    ready boolean,
    restored boolean,
    pool_in_use bigint,
    pool_size bigint,
    lag bigint,
    parked bigint,
    lags jsonb NOT NULL,
    parkeds jsonb NOT NULL,
    PRIMARY KEY (service, at, instance)
) PARTITION BY RANGE (at);

CREATE TABLE open_effect (
    service text NOT NULL,
    consumer text NOT NULL,
    event_id text NOT NULL,
    event_type text NOT NULL,
    case_number text COLLATE "C" NOT NULL,
    outcome text NOT NULL,
    reason text,
    attempts int NOT NULL,
    decided_at timestamptz NOT NULL,
    due_at timestamptz,
    PRIMARY KEY (service, event_id, consumer)
);
UPDATE source SET cursor = '';
"""

FUNCTIONS = """
DROP FUNCTION keep_days(int);
-- Makes the days to come of tables, and drops those that are past their keeping.
CREATE FUNCTION keep_days(p_parents text[], p_days int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_catalog SET timezone = 'UTC' AS $$
DECLARE
    parent text;
    child text;
    start date;
    oldest date := now()::date - p_days;
BEGIN
    -- Who asks has no right to drop tables of their own choice.
    IF NOT p_parents <@ ARRAY['span', 'failure', 'metric'] THEN
        RAISE EXCEPTION 'days are kept of span, failure and metric only';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('casetrace.keep_days'));
    FOREACH parent IN ARRAY p_parents LOOP
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
    op.execute("SELECT keep_days(ARRAY['metric'], 3)")
