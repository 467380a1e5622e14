"""A message in the terminal, as Slack shows it."""
