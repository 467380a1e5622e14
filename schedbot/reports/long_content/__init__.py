"""Long content: a message that exceeds Slack's sizes becomes several messages, in order and whole."""
