"""Commands that check an installation."""
