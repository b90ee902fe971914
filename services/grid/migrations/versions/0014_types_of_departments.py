"""Which types go with which departments, for PostgreSQL's guesses.

A type goes to one or two departments of a county. Taken for chance, what is of a type and a department was thought to
be little: all of it was looked up and sorted where the newest fill a page at once. What is known of both together costs
no write. The release before is helped, too; it may be run again where it was cut off.
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
COUNTED = "ANALYZE incident (type_code, department)"


def upgrade() -> None:
    op.execute(TOGETHER)
    with op.get_context().autocommit_block():
        op.execute(COUNTED)
