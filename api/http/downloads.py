"""Responses that browsers download as a file."""

from litestar import Response


def csv_response(content: bytes, filename: str) -> Response[bytes]:
    """Return a CSV file whose first line has the column names."""
    return Response(
        content,
        media_type="text/csv; header=present",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )
