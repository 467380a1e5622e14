"""Add, change, pause and show schedules."""
