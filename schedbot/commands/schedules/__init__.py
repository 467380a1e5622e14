"""Commands that add, change and show schedules."""
