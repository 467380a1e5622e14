"""Child processes: posters and renderers, and the pipe to each."""
