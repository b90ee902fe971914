"""Which departments there are, as the folder of the city says.

The release before does not ask. The table is empty until the city is loaded again: until then any code may be one.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE department (code text PRIMARY KEY)")
