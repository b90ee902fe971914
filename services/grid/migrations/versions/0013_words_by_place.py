"""Where an incident is, among the words by which it is found.

A text that many have is seldom looked for in the whole city. With county and township beside the words one index finds
what is asked for in a place; without, all of the place was passed by where none had the text. The release before asks
for words alone, and its incidents are kept by the same trigger. Those that are there are done without anybody waiting;
it may be run again where it was cut off.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Longer than a pair of characters, so that no text is taken for a place.
PLACES = """
CREATE OR REPLACE FUNCTION incident_places(region text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg('@' || left(region, digits)) FROM unnest(ARRAY[6, 9]) AS digits WHERE length(region) >= digits
$$;
CREATE OR REPLACE FUNCTION keep_incident_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM incident_text WHERE incident_id = OLD.id;
    ELSIF TG_OP = 'INSERT' OR OLD.description <> NEW.description THEN
        INSERT INTO incident_text VALUES (NEW.id, incident_words(NEW.description) || incident_places(NEW.region))
            ON CONFLICT (incident_id) DO UPDATE SET words = excluded.words;
    END IF;
    RETURN NULL;
END $$;
"""

SO_FAR = """
UPDATE incident_text AS kept SET words = words || incident_places(region)
    FROM incident WHERE id = incident_id AND NOT words @> incident_places(region)
"""


def upgrade() -> None:
    op.execute(PLACES)
    with op.get_context().autocommit_block():
        op.execute(SO_FAR)
