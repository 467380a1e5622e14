"""How a message gets to Slack, and what Slack's answers mean. The only package that knows slack_sdk.

`replies`, `answers` and `channels` load nothing but the standard library, so that `audit` and `add` start fast;
`client` loads slack_sdk and aiohttp.
"""
