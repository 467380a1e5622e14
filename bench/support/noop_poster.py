"""Poster of a bench: it answers each post at once, as Slack answers a post that it takes, and sends nothing."""

import socket

from schedbot.model import AttemptResult, Outcome
from schedbot.slack.token_stores.place import RotationSettings
from schedbot.worker.post_protocol import PostRequest, PostResponse
from schedbot.worker.protocol import Ready, decode_requests, encode, encode_responses

CHUNK = 1 << 18
POSTED = AttemptResult(Outcome.POSTED, ts="1700000000.000100", http_status=200)


def run(end: socket.socket, slack: RotationSettings, in_flight: int) -> None:
    """Answer until the pool closes the socket. The parameters are those of `poster.run`."""
    end.sendall(encode(Ready()))
    received = b""
    while chunk := end.recv(CHUNK):
        *lines, received = (received + chunk).split(b"\n")
        requests = [request for line in lines for request in decode_requests(line)]
        posts = [request for request in requests if isinstance(request, PostRequest)]
        end.sendall(encode_responses([PostResponse(post.key, POSTED) for post in posts]))
