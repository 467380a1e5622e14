"""Methods of Slack's API beside the post: their requests, and the meaning of their refusals."""
