"""Terminal output: tables, JSON Lines, CSV, and the streams of the shell."""
