"""Decode the bytes of a file: UTF-8, UTF-16 or a declared charset in, UTF-8 with line feeds out."""

import codecs

from api.submissions.reading.faults import Fault

ZIP_SIGNATURE = b"PK\x03\x04"  # of an .xlsx or .ods file
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotDecodable(Exception):  # noqa: N818  the reader reports its fault to the sender
    """The bytes are not text. `line` counts line breaks before the fault."""

    def __init__(self, fault: Fault, *, line: int = 0) -> None:
        super().__init__(fault.message)
        self.fault, self.line = fault, line


class TextDecoder:
    """Decodes pieces of a file, cut anywhere. A byte order mark prevails over the charset that was declared."""

    def __init__(self, charset: str | None = None) -> None:
        """`charset` is Python's name of it; None for UTF-8 without a declaration."""
        self._charset = charset
        self._decoder: codecs.IncrementalDecoder | None = None
        self._has_started = False
        self._pending_cr = b""  # a carriage return that a line feed may follow

    def decode(self, data: bytes, *, final: bool) -> bytes:
        """Return the text with line feeds as line ends. Raises NotDecodable.

        UTF-8 is not checked here, because the reader knows the row of a wrong byte.
        """
        if not self._has_started:
            self._has_started = True
            if data.startswith(ZIP_SIGNATURE):
                raise NotDecodable(_not_text_fault("It is a workbook"))
            if data.startswith(_UTF_16_MARKS):
                self._charset = "utf-16"
            elif data.startswith(codecs.BOM_UTF8):
                data, self._charset = data.removeprefix(codecs.BOM_UTF8), None
            if self._charset not in (None, "utf-8"):
                self._decoder = codecs.getincrementaldecoder(self._charset)()
        if self._decoder is not None:
            data = self._transcode(self._decoder, data, final=final)
        data, self._pending_cr = self._pending_cr + data, b""
        if b"\r" in data:
            if data.endswith(b"\r") and not final:
                data, self._pending_cr = data[:-1], b"\r"
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if (position := data.find(b"\0")) >= 0:
            raise NotDecodable(_not_text_fault("It has a NUL byte"), line=data.count(b"\n", 0, position))
        return data

    def _transcode(self, decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool) -> bytes:
        try:
            return decoder.decode(data, final).encode()
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") if self._charset == "cp1252" else 0
            fault = wrong_encoding_fault(f"bytes that are not {self._charset}")
            raise NotDecodable(fault, line=line) from error


def _not_text_fault(reason: str) -> Fault:
    return Fault(code="not-text", message=f"The file is not text. {reason}.")


def wrong_encoding_fault(content: str) -> Fault:
    return Fault(code="wrong-encoding", message=f"From this row on, the file has {content}.", expected="UTF-8")
