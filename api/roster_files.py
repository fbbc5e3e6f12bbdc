"""A roster's files as answers."""

from fastapi import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"


def attachment(content: bytes, name: str) -> Response:
    """Give a file to be kept."""
    media_type = XLSX if name.endswith(".xlsx") else f"{CSV}; charset=utf-8"
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
