"""A kept outcome is found though the clock went back by more than a day since.

An outcome is kept under the day of the clock of that moment. The function looked one day ahead of today; a clock that
is 30 hours behind may be two days behind what another process wrote.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CLAIM = """
CREATE OR REPLACE FUNCTION chassis.claim(
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
          AND i.day BETWEEN p_today - 7 AND p_today + 2;
    IF NOT FOUND THEN
        RETURN QUERY SELECT true, NULL::bytea, NULL::bytea, NULL::text;
    END IF;
END $$
"""


def upgrade() -> None:
    op.execute(CLAIM)
