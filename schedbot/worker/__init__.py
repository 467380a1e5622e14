"""The pool: a parent that alone opens the database, and children that render and post."""
