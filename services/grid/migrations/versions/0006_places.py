"""The net of unit grids, and the position of an incident.

The release before names none of the new columns, which are nullable: what it files has no position.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NET = """
CREATE TABLE net (
    version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL,
    grids integer NOT NULL,
    in_force_from timestamptz NOT NULL
);
CREATE TABLE unit_grid (
    code text NOT NULL CHECK (code ~ '^[1-9][0-9]{14}$'),
    in_force_from timestamptz NOT NULL,
    in_force_until timestamptz CHECK (in_force_until > in_force_from),
    boundary bytea NOT NULL,
    area_m2 double precision NOT NULL CHECK (area_m2 > 0),
    PRIMARY KEY (code, in_force_from)
);
CREATE UNIQUE INDEX unit_grid_in_force ON unit_grid (code) WHERE in_force_until IS NULL;
"""

POSITION = """
ALTER TABLE incident
    ADD COLUMN latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    ADD COLUMN longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    ADD COLUMN accuracy_m double precision CHECK (accuracy_m >= 0),
    ADD CONSTRAINT incident_position_check CHECK (num_nulls(latitude, longitude, accuracy_m) IN (0, 3));
"""


def upgrade() -> None:
    op.execute(NET)
    op.execute(POSITION)
