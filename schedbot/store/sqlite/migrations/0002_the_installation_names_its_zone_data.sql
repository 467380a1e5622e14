-- The IANA version that what is not yet enqueued was computed with; null: not known.
ALTER TABLE installation ADD COLUMN zone_data TEXT;
