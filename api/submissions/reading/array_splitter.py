"""Split a JSON array into arrays of about a chunk, without decoding it."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

_QUOTE, _BACKSLASH, _COMMA = b'"\\,'
_DEPTH_CHANGES = np.zeros(256, dtype=np.int32)
_DEPTH_CHANGES[list(b"{[")] = 1
_DEPTH_CHANGES[list(b"}]")] = -1


def split_array(content: bytes, *, chunk_bytes: int) -> Iterator[bytes]:
    """Yield the elements of a valid JSON array in arrays of at least `chunk_bytes`, the last one smaller.

    Decoding an array in one step holds the interpreter lock throughout. Decoding chunks lets other threads run.
    """
    text = content.strip()
    begin, depth, is_in_string, is_escaped = 1, 0, False, False
    for start in range(1, len(text) - 1, chunk_bytes):
        window = np.frombuffer(text, dtype=np.uint8, count=min(chunk_bytes, len(text) - 1 - start), offset=start)
        is_quote, is_escaped = _find_quotes(window, is_escaped=is_escaped)
        in_string = (np.cumsum(is_quote, dtype=np.int32) + is_in_string) & 1 == 1
        depths = np.cumsum(np.where(in_string, 0, _DEPTH_CHANGES[window]), dtype=np.int32) + depth
        separators = np.flatnonzero((window == _COMMA) & (depths == 0) & ~in_string)
        depth, is_in_string = int(depths[-1]), bool(in_string[-1])
        if separators.size:
            end = start + int(separators[-1])
            yield b"[%b]" % text[begin:end]
            begin = end + 1
    yield b"[%b]" % text[begin:-1]


def _find_quotes(window: Bytes, *, is_escaped: bool) -> tuple[npt.NDArray[np.bool_], bool]:
    """Return which bytes are quotes without an escape, and whether the byte after the window is escaped.

    `is_escaped` states whether the first byte is.
    """
    is_quote = window == _QUOTE
    is_backslash = window == _BACKSLASH
    if not is_backslash.any():
        is_quote[0] &= not is_escaped
        return is_quote, False
    positions = np.arange(len(window), dtype=np.int32)
    last_other = np.maximum.accumulate(np.where(is_backslash, -1, positions))
    run_lengths = positions - last_other  # of backslashes that end at each byte; 0 for other bytes
    run_lengths += (last_other == -1) & is_backslash & is_escaped  # an escaped backslash begins no escape
    ends_escape = is_backslash & (run_lengths % 2 == 1)
    is_quote[1:] &= ~ends_escape[:-1]
    is_quote[0] &= not is_escaped
    return is_quote, bool(ends_escape[-1])
