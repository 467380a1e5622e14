"""The bytes of an upload, raw or as a multipart form, as Slack takes them.

Source: docs.slack.dev/reference/methods/files.getUploadURLExternal
"""

from aiohttp import BodyPartReader, web

from schedbot.sandbox.api_responses import ApiResponse
from schedbot.sandbox.files import SandboxFile

TEXT = "text/plain"


async def read_content(request: web.Request) -> bytes:
    """Return the body, or the first file of a multipart form. There is no limit of the size."""
    if not request.content_type.startswith("multipart/"):
        return await request.content.read()
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.filename:
            return bytes(await part.read())
    return b""


def store_content(file: SandboxFile | None, content: bytes) -> ApiResponse:
    """Store the bytes if their number is the announced length."""
    if file is None or file.is_complete:
        return ApiResponse(b"The upload does not exist or has ended.", "http_404", 404, content_type=TEXT)
    if len(content) != file.size:
        text = f"The length is {len(content)} instead of {file.size}."
        return ApiResponse(text.encode(), "http_400", 400, content_type=TEXT)
    file.content = content
    return ApiResponse(f"OK - {file.size}".encode(), content_type=TEXT)
