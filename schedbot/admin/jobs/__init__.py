"""Filter, retry, backfill and settle jobs."""
