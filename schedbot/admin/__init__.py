"""Operations of administrators: each parses, writes rows and records the change in one transaction."""
