"""What a case is about; and fewer indexes that tell more.

Each event moves its case on, which writes an entry into every index of cases. So the indexes by which lists are sorted
hold behind moment and number what cases are passed over by: region, opening, deadline. None is there for these alone.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE case_event ADD COLUMN subject_type text;
ALTER TABLE case_file ADD COLUMN subject_type text;

CREATE INDEX case_file_order ON case_file (last_at, case_number, region, opened_at);
DROP INDEX case_file_latest;
CREATE INDEX case_file_long ON case_file (last_at, case_number, opened_at)
    WHERE last_at - opened_at > interval '30 days';
CREATE INDEX case_file_going_on ON case_file (last_at, case_number, deadline) WHERE closed_at IS NULL;
DROP INDEX case_file_open;
DROP INDEX case_file_deadline;
CREATE INDEX case_file_held_by ON case_file (holder, last_at, case_number) WHERE holder IS NOT NULL;
DROP INDEX case_file_holder;
CREATE INDEX case_file_in ON case_file (region);
DROP INDEX case_file_region;
CREATE INDEX case_file_after ON case_file (last_type, last_at, case_number);
CREATE INDEX case_file_about ON case_file (split_part(subject_type, '/', -1), last_at, case_number);
"""


def upgrade() -> None:
    op.execute(TABLES)
