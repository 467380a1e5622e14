"""Tokens from slack_sdk's installation stores, where an app that customers install keeps them."""
