"""Files to save: their names may be Chinese, headers may not (RFC 6266, S59)."""

from urllib.parse import quote

from flask import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def attachment(content: bytes, name: str, mimetype: str = XLSX) -> Response:
    """``content`` as a file called ``name``, with a plain name for browsers of old."""
    suffix = name.rpartition(".")[2]
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"download.{suffix}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    return response
