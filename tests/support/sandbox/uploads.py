"""Uploads to a sandbox over plain HTTP."""

from urllib.parse import urlsplit

from tests.support.sandbox.client import SandboxClient


def upload(server: SandboxClient, name: str = "a.csv", content: bytes = b"a,b\n") -> str:
    """Upload the bytes of a file, without completing the upload. Returns the file's id."""
    response = server("files.getUploadURLExternal", filename=name, length=len(content)).body
    path = urlsplit(response["upload_url"]).path
    assert server.send("POST", path, content).status == 200
    return str(response["file_id"])
