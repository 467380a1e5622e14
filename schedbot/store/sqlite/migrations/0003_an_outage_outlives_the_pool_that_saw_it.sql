-- How many posts in a row Slack has left without an answer, and whose the last one was: what one pool saw, the next one
-- knows.
CREATE TABLE circuit (
  one         INTEGER NOT NULL PRIMARY KEY,
  failures    INTEGER NOT NULL,
  silent      TEXT NOT NULL, -- a workspace
  changed_at  INTEGER NOT NULL,
  CONSTRAINT one_row CHECK (one = 1)
) STRICT;
