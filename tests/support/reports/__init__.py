"""Support of tests of reports."""
