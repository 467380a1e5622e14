"""State of a running pool, held in memory."""
