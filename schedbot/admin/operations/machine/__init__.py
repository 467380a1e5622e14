"""Processes and disk of this machine, as far as health depends on them."""
