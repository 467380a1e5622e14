"""Sources of a sync: the tables `[sync.NAME]` of schedbot.toml, and the rows of their query or function."""
