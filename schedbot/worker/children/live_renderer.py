"""Live renderer of the pool: see `schedbot.reports.live_child`."""

import socket

from schedbot.worker.protocol import Ready, encode


def run(end: socket.socket, python_path: list[str]) -> None:
    """Run a live renderer until the pool closes the socket. `python_path`: folders of the reports' modules."""
    from schedbot.reports import live_child

    live_child.serve(end, python_path, encode(Ready()))
