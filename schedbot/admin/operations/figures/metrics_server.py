"""HTTP server on loopback with the metrics of the installation, in a thread beside the pool.

It reads the database through a connection of its own, opened for each scrape.
"""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from schedbot import log
from schedbot.admin.operations.figures import metrics
from schedbot.errors import SchedbotError
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.open_database import open_database

LOOPBACK = "127.0.0.1"
PATHS = ("/", "/metrics")


class MetricsServer(ThreadingHTTPServer):
    """Server of the metrics of one installation."""

    daemon_threads = True

    def __init__(self, settings: Settings, port: int) -> None:
        self.settings = settings
        super().__init__((LOOPBACK, port), MetricsRequest)


class MetricsRequest(BaseHTTPRequestHandler):
    """A scrape."""

    server: MetricsServer
    timeout = 10

    def do_GET(self) -> None:
        """Send the metrics, or 503 while the database cannot be read."""
        from prometheus_client.exposition import CONTENT_TYPE_LATEST

        if self.path.partition("?")[0] not in PATHS:
            self.send(404, "text/plain; charset=utf-8", "The metrics are at /metrics.\n")
            return
        try:
            with closing(open_database(self.server.settings.database)) as db:
                text = metrics.render(Session(self.server.settings, db))
        except SchedbotError as error:
            self.send(503, "text/plain; charset=utf-8", f"{error}\n")
        else:
            self.send(200, CONTENT_TYPE_LATEST, text)

    def send(self, code: int, content_type: str, text: str) -> None:
        """Send a response."""
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *values: object) -> None:
        """Log nothing for a scrape."""


@contextmanager
def serve(settings: Settings, port: int) -> Iterator[None]:
    """Serve the metrics while the block runs. Raises SchedbotError for a port that cannot be used."""
    try:
        server = MetricsServer(settings, port)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        hint = "Choose another port for --metrics-port."
        raise SchedbotError(f"Port {port} of {LOOPBACK} cannot be used: {reason}.", hint) from None
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    log.event("metrics_served", address=f"http://{LOOPBACK}:{port}/metrics")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
