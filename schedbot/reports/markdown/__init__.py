"""Markdown of a report: Slack's own `markdown` block, and other blocks for what that block lacks.

markdown-it-py finds the parts of the text; it is a dependency of rich too, and has releases every few months. The
converters slackify-markdown and markdown-to-mrkdwn make mrkdwn alone, which has no headers, tables and lists.
"""
