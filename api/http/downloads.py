"""An answer that is a file."""

from litestar import Response


def csv_response(content: bytes, filename: str) -> Response[bytes]:
    """A table whose first line names its columns."""
    return Response(
        content,
        media_type="text/csv; header=present",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )
