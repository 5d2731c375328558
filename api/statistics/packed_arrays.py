"""Arrays as bytes for storage, each in the narrowest type that represents it exactly."""

from typing import Any

import numpy as np
import numpy.typing as npt

PackedArray = tuple[str, bytes]
"""A type as numpy names it, such as `<i2`, and the numbers."""

_NARROWER_DTYPES = {"i": (np.int8, np.int16, np.int32), "f": (np.float16, np.float32)}
_WIDEST_DTYPES = {"i": np.int64, "f": np.float64}


def narrow_array(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the numbers in the narrowest type that represents all of them exactly."""
    for kind in _NARROWER_DTYPES.get(array.dtype.kind, ()):
        with np.errstate(over="ignore"):
            narrow = array.astype(kind)
        if np.array_equal(narrow, array):
            return narrow
    return array


def pack_array(array: npt.NDArray[Any]) -> PackedArray:
    narrow = narrow_array(array)
    return narrow.dtype.newbyteorder("<").str, narrow.astype(narrow.dtype.newbyteorder("<")).tobytes()


def view_array(packed: PackedArray) -> npt.NDArray[Any]:
    """Return the numbers in their narrow type, without copying them."""
    dtype, content = packed
    return np.frombuffer(content, dtype=dtype)


def unpack_array(packed: PackedArray) -> npt.NDArray[Any]:
    """Return integers as int64 and floats as float64."""
    array = view_array(packed)
    return array.astype(_WIDEST_DTYPES[array.dtype.kind])
