"""The control API `/sandbox/...` and its client."""
