"""Read posts back from the history of channels."""
