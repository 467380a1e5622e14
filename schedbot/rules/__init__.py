"""Pure rules: recurrence, windows, calendars, holidays, misfires, backoff and the lifecycle of a job."""
