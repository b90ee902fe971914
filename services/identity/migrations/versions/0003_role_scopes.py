"""Which scopes a role may use."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Empty until reference data is loaded again: till then staff get no token, rather than one that may do everything.
TABLES = """
CREATE TABLE role_scope (
    role  text NOT NULL,
    scope text NOT NULL,
    PRIMARY KEY (role, scope)
);
"""


def upgrade() -> None:
    op.execute(TABLES)
