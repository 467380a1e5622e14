"""Read schedules from files and write them to files."""
