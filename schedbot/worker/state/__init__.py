"""State that the pool keeps in memory."""
