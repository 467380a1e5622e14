"""Set-up, health and diagnosis of an installation."""
