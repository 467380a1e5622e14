"""Pure rules: recurrence, calendars, misfires, backoff and the life cycle of a job."""
