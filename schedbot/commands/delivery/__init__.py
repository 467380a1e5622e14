"""Commands that post, audit and retry."""
