-- Causes of alerts that are on. A cause ends after it has not been seen for a while; then one note of recovery is sent.
CREATE TABLE alert_streaks (
  cause         TEXT    NOT NULL PRIMARY KEY,
  sentence      TEXT    NOT NULL,                      -- with the remedy
  since         INTEGER NOT NULL,
  seen_at       INTEGER NOT NULL,
  message_id    INTEGER REFERENCES alert_messages (id) -- that announced it; null: not announced yet
) STRICT, WITHOUT ROWID;

-- Messages about alerts: of all causes that began or ended at the time.
CREATE TABLE alert_messages (
  id          INTEGER NOT NULL PRIMARY KEY,
  created_at  INTEGER NOT NULL,
  content     TEXT    NOT NULL,                        -- JSON, as a command gets it
  CONSTRAINT content_is_json CHECK (json_valid(content))
) STRICT;

-- Deliveries of a message, to each place. sent_at is committed before the message leaves.
CREATE TABLE alert_deliveries (
  message_id  INTEGER NOT NULL REFERENCES alert_messages (id),
  place       TEXT    NOT NULL,                        -- channel, command or webhook
  sent_at     INTEGER,
  ended_at    INTEGER,
  ts          TEXT,
  error       TEXT,                                    -- null: delivered, or not tried yet
  attempts    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (message_id, place),
  CONSTRAINT place_known CHECK (place IN ('channel', 'command', 'webhook'))
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_deliveries_open ON alert_deliveries (message_id) WHERE ended_at IS NULL;
