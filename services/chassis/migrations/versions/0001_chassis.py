"""The chassis's own tables: log of record, outbox, idempotency, audit, positions, inbox, parked events, jobs, leases.

Partitions are made and dropped by `chassis.maintain_partitions()`, which runs with the owner's rights because the
service's role has no DDL.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE chassis.event_log (
    event_id uuid NOT NULL,
    logged_at timestamptz NOT NULL,
    type text NOT NULL,
    aggregate_id text NOT NULL,
    aggregate_version bigint NOT NULL,
    case_number text,
    headers jsonb NOT NULL,
    traceparent text,
    body bytea NOT NULL,
    PRIMARY KEY (event_id, logged_at)
) PARTITION BY RANGE (logged_at);
CREATE INDEX event_log_case ON chassis.event_log (case_number, logged_at) WHERE case_number IS NOT NULL;

CREATE TABLE chassis.outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    logged_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE chassis.idempotency (
    day date NOT NULL,
    client text NOT NULL,
    subject text NOT NULL,
    method text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    response bytea NOT NULL,
    case_number text,
    PRIMARY KEY (client, subject, method, key, day)
) PARTITION BY RANGE (day);

CREATE TABLE chassis.audit_log (
    id uuid NOT NULL,
    logged_at timestamptz NOT NULL,
    workload text NOT NULL,
    client text,
    subject text,
    department text,
    region text,
    method text NOT NULL,
    case_number text,
    target text,
    outcome text NOT NULL,
    trace_id text,
    PRIMARY KEY (id, logged_at)
) PARTITION BY RANGE (logged_at);
CREATE INDEX audit_log_case ON chassis.audit_log (case_number, logged_at) WHERE case_number IS NOT NULL;

CREATE TABLE chassis.consumer_position (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE chassis.consumer_try (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    record_offset bigint NOT NULL,
    attempts int NOT NULL,
    PRIMARY KEY (consumer, topic, partition)
);

CREATE TABLE chassis.inbox (
    day date NOT NULL,
    consumer text NOT NULL,
    event_id text NOT NULL,
    event_type text NOT NULL,
    case_number text,
    outcome text NOT NULL,
    attempts int NOT NULL DEFAULT 1,
    reason text,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, event_id, day)
) PARTITION BY RANGE (day);

CREATE TABLE chassis.held_key (
    consumer text NOT NULL,
    key text NOT NULL,
    PRIMARY KEY (consumer, key)
);

CREATE TABLE chassis.parked_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    key text NOT NULL,
    event_id text NOT NULL,
    event_type text NOT NULL,
    case_number text,
    topic text NOT NULL,
    partition int NOT NULL,
    record_offset bigint NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('PARKED', 'DEFERRED', 'WAITING')),
    reason text NOT NULL,
    attempts int NOT NULL,
    once_parked boolean NOT NULL DEFAULT false,
    due_at timestamptz,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (consumer, event_id)
);
CREATE INDEX parked_event_key ON chassis.parked_event (consumer, key, id);
CREATE INDEX parked_event_due ON chassis.parked_event (due_at) WHERE state = 'DEFERRED';

CREATE TABLE chassis.job (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    key text NOT NULL,
    payload jsonb NOT NULL,
    case_number text,
    traceparent text,
    state text NOT NULL CHECK (state IN ('PENDING', 'DONE', 'FAILED')),
    attempts int NOT NULL DEFAULT 0,
    reason text,
    enqueued_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    lease_owner uuid,
    lease_until timestamptz,
    ended_at timestamptz,
    UNIQUE (name, key)
);
CREATE INDEX job_due ON chassis.job (due_at) WHERE state = 'PENDING';
CREATE INDEX job_ended ON chassis.job (ended_at) WHERE state <> 'PENDING';

CREATE TABLE chassis.lease (
    name text PRIMARY KEY,
    owner uuid NOT NULL,
    epoch bigint NOT NULL,
    expires_at timestamptz NOT NULL
);
INSERT INTO chassis.lease VALUES ('relay', '00000000-0000-0000-0000-000000000000', 0, '-infinity');

CREATE TABLE chassis.kept (
    name text PRIMARY KEY,
    value text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE SEQUENCE chassis.case_serial;
"""

FUNCTIONS = """
CREATE FUNCTION chassis.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON chassis.event_log
    FOR EACH STATEMENT EXECUTE FUNCTION chassis.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON chassis.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION chassis.append_only();

-- Claims an idempotency key without waiting and returns what is kept under it. Each query of a volatile function sees
-- what was committed before it, so the look-up after the lock cannot miss a twin that ended while the lock was taken.
CREATE FUNCTION chassis.claim(
    p_lock bigint, p_timeout text, p_today date, p_client text, p_subject text, p_method text, p_key text
) RETURNS TABLE (claimed boolean, body_hash bytea, response bytea, case_number text) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('statement_timeout', p_timeout, true);
    IF NOT pg_try_advisory_xact_lock(p_lock) THEN
        RETURN QUERY SELECT false, NULL::bytea, NULL::bytea, NULL::text;
        RETURN;
    END IF;
    RETURN QUERY SELECT true, i.body_hash, i.response, i.case_number FROM chassis.idempotency i
        WHERE i.client = p_client AND i.subject = p_subject AND i.method = p_method AND i.key = p_key
          AND i.day BETWEEN p_today - 7 AND p_today + 1;
    IF NOT FOUND THEN
        RETURN QUERY SELECT true, NULL::bytea, NULL::bytea, NULL::text;
    END IF;
END $$;

-- Makes the partitions of the days and months to come, and drops those that are past their keeping.
CREATE FUNCTION chassis.maintain_partitions() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET timezone = 'UTC' AS $$
DECLARE
    rule record;
    start date;
    child text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('chassis.maintain_partitions'));
    FOR rule IN SELECT * FROM (VALUES
        ('event_log', 'month', 3, NULL::int), ('audit_log', 'month', 3, NULL),
        ('idempotency', 'day', 14, 8), ('inbox', 'day', 14, 22)
    ) AS r (parent, step, ahead, keep) LOOP
        start := date_trunc(rule.step, now())::date
            - CASE WHEN rule.step = 'day' THEN coalesce(rule.keep, 0) ELSE 0 END;
        WHILE start <= now()::date + CASE WHEN rule.step = 'day' THEN rule.ahead
                ELSE rule.ahead * 31 END LOOP
            child := rule.parent || '_' || to_char(start, 'YYYYMMDD');
            IF to_regclass('chassis.' || child) IS NULL THEN
                EXECUTE format('CREATE TABLE chassis.%I PARTITION OF chassis.%I FOR VALUES FROM (%L) TO (%L)',
                    child, rule.parent, start, (start + ('1 ' || rule.step)::interval)::date);
                IF rule.parent = 'event_log' THEN
                    EXECUTE format('CREATE UNIQUE INDEX ON chassis.%I (aggregate_id, aggregate_version)', child);
                END IF;
            END IF;
            start := (start + ('1 ' || rule.step)::interval)::date;
        END LOOP;
        IF rule.keep IS NOT NULL THEN
            FOR child IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace
                WHERE n.nspname = 'chassis' AND p.relname = rule.parent
                  AND right(c.relname, 8) < to_char(now()::date - rule.keep, 'YYYYMMDD') LOOP
                EXECUTE format('DROP TABLE chassis.%I', child);
            END LOOP;
        END IF;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA chassis TO PUBLIC;
GRANT USAGE ON SEQUENCE chassis.case_serial TO PUBLIC;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(FUNCTIONS)
    op.execute("SELECT chassis.maintain_partitions()")
