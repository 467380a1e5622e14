"""Take a recorded change back, as a change of its own."""
