"""One small module for each command: options, one call, one print. Folders are the sections of `schedbot --help`."""
