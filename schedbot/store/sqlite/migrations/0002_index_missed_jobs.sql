-- health counts them.
CREATE INDEX jobs_missed ON jobs (due_at) WHERE state = 'missed';
