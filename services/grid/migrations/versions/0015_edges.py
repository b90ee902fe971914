"""How urgent dispatches are, and departments' numbers for apps that keep copies.

A routing rule may say how urgent what it sends is; a dispatch keeps how urgent it was and who said so; empty: nobody. A
department's number that comes, goes or changes is a change of its incident, whoever makes it. The release before names
none of the columns: what it imports and dispatches meanwhile says nothing.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

URGENCY = """
ALTER TABLE routing_rule ADD COLUMN urgency text NOT NULL DEFAULT ''
    CHECK (urgency IN ('', 'normal', 'urgent', 'very_urgent'));
ALTER TABLE dispatch ADD COLUMN urgency text NOT NULL DEFAULT '', ADD COLUMN urgent_by text;
"""

# The incident's own trigger marks it as changed by this transaction.
NUMBERS = """
CREATE FUNCTION mark_number_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE incident SET changed_in = changed_in
        WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.incident_id ELSE NEW.incident_id END;
    RETURN NULL;
END $$;
CREATE TRIGGER department_number_changed AFTER INSERT OR UPDATE OR DELETE ON department_number
    FOR EACH ROW EXECUTE FUNCTION mark_number_changed();
"""


def upgrade() -> None:
    op.execute(URGENCY)
    op.execute(NUMBERS)
