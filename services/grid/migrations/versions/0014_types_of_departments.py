"""Which types go with which departments, for PostgreSQL's guesses; and a VACUUM after a fiftieth has changed.

A type goes to one or two departments of a county. Taken for chance, what is of a type and a department was thought to
be little: all of it was looked up and sorted where the newest fill a page at once. What is known of both together costs
no write.

Queues are counted in an index alone, but for what changed since the last VACUUM, which is looked up in the table. What
is open is what changes: by default all of it had, before a fifth of the table.

The release before is helped as well; it may be run again where it was cut off.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# So many pairs are known: what is rarer than one in 400 may be looked up.
TOGETHER = """
CREATE STATISTICS IF NOT EXISTS incident_type_department (mcv) ON type_code, department FROM incident;
ALTER STATISTICS incident_type_department SET STATISTICS 400;
"""
OFTEN = "ALTER TABLE incident SET (autovacuum_vacuum_scale_factor = 0.02)"
COUNTED = "ANALYZE incident (type_code, department)"


def upgrade() -> None:
    op.execute(TOGETHER)
    op.execute(OFTEN)
    with op.get_context().autocommit_block():
        op.execute(COUNTED)
