-- How many posts in a row Slack has left without an answer: what one pool saw, the next one knows.
CREATE TABLE circuit (
  one         INTEGER NOT NULL PRIMARY KEY,
  failures    INTEGER NOT NULL,
  changed_at  INTEGER NOT NULL,
  CONSTRAINT one_row CHECK (one = 1)
) STRICT;
