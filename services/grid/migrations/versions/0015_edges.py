"""How urgent dispatches are, departments' numbers for apps that keep copies, and what rules leave to a person.

A routing rule may say how urgent what it sends is; a dispatch keeps how urgent it was and who said so; empty: nobody. A
department's number that comes, goes or changes is a change of its incident, whoever makes it. Of a filed incident it is
kept why rules did not say who takes it. The release before names none of the columns: what it imports, dispatches and
files meanwhile says nothing. All of it may be run again where it was cut off: the index comes after the rest.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

URGENCY = """
ALTER TABLE routing_rule ADD COLUMN IF NOT EXISTS urgency text NOT NULL DEFAULT ''
    CHECK (urgency IN ('', 'normal', 'urgent', 'very_urgent'));
ALTER TABLE dispatch
    ADD COLUMN IF NOT EXISTS urgency text NOT NULL DEFAULT '', ADD COLUMN IF NOT EXISTS urgent_by text;
"""

# The incident's own trigger marks it as changed by this transaction.
NUMBERS = """
CREATE OR REPLACE FUNCTION mark_number_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE incident SET changed_in = changed_in
        WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.incident_id ELSE NEW.incident_id END;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER department_number_changed AFTER INSERT OR UPDATE OR DELETE ON department_number
    FOR EACH ROW EXECUTE FUNCTION mark_number_changed();
"""

UNDECIDED = "ALTER TABLE incident ADD COLUMN IF NOT EXISTS undecided text"
OF_UNDECIDED = """
CREATE INDEX IF NOT EXISTS incident_undecided ON incident (owner, coalesce(deadline, filed_at), id)
    INCLUDE (state, stage, region, escalation_level, deadline, filed_at)
    WHERE state = 'FILED' AND undecided IS NOT NULL
"""


def upgrade() -> None:
    for short in (URGENCY, NUMBERS, UNDECIDED):
        op.execute(short)
    with op.get_context().autocommit_block():
        op.execute(OF_UNDECIDED)
