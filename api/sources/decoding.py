"""The text of a publisher's file, by its first bytes: CSV in the usual encodings, or a workbook served as CSV."""

import csv
import io
import zipfile
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from datetime import date

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from api.sources.tables import UnexpectedSourceFormat

ZIP_BYTES, OLE_BYTES = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_WORKBOOK_BYTES = 256 * 1024**2  # when decompressed


def decode_file(content: bytes) -> str:
    """Return the text of a file, or of the largest visible sheet of a workbook. Raises UnexpectedSourceFormat."""
    if content.startswith((ZIP_BYTES, OLE_BYTES)):
        return _read_workbook(content)
    return decode_text(content)


def decode_text(content: bytes) -> str:
    """Decode UTF-8, UTF-16 with a byte order mark, or else Windows-1252, in which every byte has a meaning."""
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _read_workbook(content: bytes) -> str:
    try:
        if content.startswith(ZIP_BYTES):
            _refuse_large_archive(content)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = [entry.name for entry in book.sheets_metadata if entry.visible is SheetVisibleEnum.Visible]
        sheets = [book.get_sheet_by_name(name) for name in visible]
        return _write_csv(max(sheets, key=lambda sheet: sheet.height * sheet.width))
    except (CalamineError, zipfile.BadZipFile, ValueError) as error:
        raise UnexpectedSourceFormat(
            f"The publisher sent a workbook or archive that is not readable: {error}"
        ) from error


def _refuse_large_archive(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        total = sum(entry.file_size for entry in archive.infolist())
    if total > MAX_WORKBOOK_BYTES:
        raise UnexpectedSourceFormat(f"The publisher sent a workbook of {total:,} bytes when decompressed.")


def _write_csv(sheet: CalamineSheet) -> str:
    """Return the sheet with the row numbers that Excel shows."""
    text = io.StringIO()
    csv.writer(text).writerows([_to_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False))
    return text.getvalue()


def _to_text(cell: object) -> str:
    """Return the text that Excel shows: 140 for 140.0 and for 139.99999999999997."""
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return cell.isoformat() if isinstance(cell, date) else str(cell)
