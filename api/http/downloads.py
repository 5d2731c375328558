"""Responses that browsers download as a file."""

from litestar import Response


def csv_response(content: bytes, filename: str) -> Response[bytes]:
    """Return a CSV file whose first line has the column names."""
    return file_response(content, filename, "text/csv; header=present")


def file_response(content: bytes, filename: str, media_type: str) -> Response[bytes]:
    return Response(
        content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{filename}"'}
    )
