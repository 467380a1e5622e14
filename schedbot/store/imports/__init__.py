"""Many new schedules at once: staged beside the database, then moved into it by one statement for each table."""
