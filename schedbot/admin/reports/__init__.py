"""Named reports of the configuration: list and check them."""
