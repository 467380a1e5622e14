"""Steps of one turn of the pool."""
