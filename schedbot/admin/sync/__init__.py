"""Make the schedules of a source equal to a list: a file, a query, a function, or mappings of the Python API."""
