"""One small file for each command: its options, one call, one print."""
