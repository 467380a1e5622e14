"""Worker pool: a parent process that alone opens the database, and child processes that render and post."""
