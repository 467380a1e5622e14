"""Requests to Slack and the meaning of its responses. The only package that imports slack_sdk.

`response_parser`, `error_codes`, `channels`, `users` and `scopes` import only the standard library, so that `audit`
and `add` start fast; `client` imports slack_sdk and aiohttp.
"""
