"""Read a legacy torch checkpoint without torch and without running anything that it names.

Only what `torch.save` wrote before its zip format is read: a dictionary of plain tensors on the CPU. Everything else is
refused, above all a pickle that names any callable other than the three a tensor needs.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import struct
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obelics_like.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = 0x1950A86A20F9469CFC6C  # torch/serialization.py, the first pickle of a legacy file
PROTOCOL = 1001
_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "<u1",
}
# What the pickles of a checkpoint are made of. The others are refused before the unpickler sees them: some of them
# take gigabytes or minutes on the word of a single byte.
_OPCODES = frozenset(
    (
        *("PROTO", "STOP", "MARK", "GLOBAL", "REDUCE", "BUILD", "BINPERSID"),
        *("BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"),
        *("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE"),
        *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
        *("EMPTY_DICT", "SETITEM", "SETITEMS", "EMPTY_LIST", "APPEND", "APPENDS"),
    )
)


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a legacy torch checkpoint by name, as numpy arrays.

    The file is four pickles (magic number, protocol, the writer's machine, the dictionary), a fifth with the names of
    the storages, and then each storage: its number of elements in 8 bytes, and the elements.

    Raises DataError if the file is cut short, is no such file, or names anything but an OrderedDict and tensors.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _refused(path, str(error)) from None
    return _Reader(path, data).read()


def _refused(path: Path, what: str) -> DataError:
    return DataError(
        f"checkpoint {path.name}",
        got=what,
        valid="a legacy torch checkpoint of plain tensors",
        do="fetch the file again from a source you trust",
    )


class _Type:
    """Stands for a storage class of torch; a name and nothing to call."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


class _Tensor:
    """A tensor as its pickle tells it, before the storages are read."""

    __slots__ = ("key", "offset", "shape", "strides")

    def __init__(self, key: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.key, self.offset, self.shape, self.strides = key, offset, shape, strides


class _Rebuild:
    """What the pickle may call where torch has `_rebuild_tensor_v2`. Slotted, so that it can't be given new parts."""

    __slots__ = ()

    def __call__(self, storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
        numbers = (offset, *shape, *strides)
        if not isinstance(storage, str) or not all(type(n) is int and 0 <= n < 1 << 40 for n in numbers):
            raise pickle.UnpicklingError("a tensor of unlikely shape")
        return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _Reader(pickle.Unpickler):
    def __init__(self, path: Path, data: bytes) -> None:
        self._path, self._data, self._file = path, data, io.BytesIO(data)
        self._storages: dict[str, tuple[str, int]] = {}
        super().__init__(self._file)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Rebuild()
        if module == "torch" and name in _DTYPES:
            return _Type(_DTYPES[name])
        raise pickle.UnpicklingError(f"the name {module}.{name}, which no tensor needs")

    def persistent_load(self, pid: Any) -> str:
        match pid:
            case ("storage", _Type() as kind, str(key), str("cpu"), int(count), None) if 0 <= count <= len(self._data):
                self._storages[key] = (kind.dtype, count)
                return key
        raise pickle.UnpicklingError("a storage that is not on the CPU or is a view")

    def read(self) -> dict[str, NDArray[Any]]:
        try:
            named = self._head()
            arrays = self._tail()
            return {name: self._array(tensor, arrays[tensor.key]) for name, tensor in named.items()}
        except DataError:
            raise
        # an unpickler fed with rubbish raises nearly anything: all of it means that this is no such file
        except Exception as error:
            raise _refused(self._path, str(error) or type(error).__name__) from None

    def _next(self) -> Any:
        """The next pickle, once its opcodes have been looked at."""
        start = self._file.tell()
        for count, (opcode, argument, _) in enumerate(pickletools.genops(self._file)):
            # a memo is numbered from 0 on, one number an opcode at most; room is made up to the largest
            if opcode.name not in _OPCODES or (opcode.name == "LONG_BINPUT" and (argument or 0) > count):
                raise pickle.UnpicklingError(f"the opcode {opcode.name}, which no tensor needs")
        self._file.seek(start)
        return self.load()

    def _head(self) -> dict[str, _Tensor]:
        if self._next() != MAGIC or self._next() != PROTOCOL:
            raise _refused(self._path, "no legacy torch file")
        machine = self._next()
        if machine.get("little_endian") is not True:
            raise _refused(self._path, "a file from a big-endian machine")
        named = self._next()
        if not isinstance(named, dict) or not all(
            isinstance(name, str) and isinstance(tensor, _Tensor) for name, tensor in named.items()
        ):
            raise _refused(self._path, "something else than a dictionary of tensors")
        return dict(named)

    def _tail(self) -> dict[str, NDArray[Any]]:
        import numpy as np

        keys, arrays = self._next(), {}
        at = self._file.tell()
        for key in keys:
            dtype, expected = self._storages[key]
            (count,) = struct.unpack_from("<q", self._data, at)
            if count != expected:
                raise _refused(self._path, f"storage {key} with {count} elements instead of {expected}")
            arrays[key] = np.frombuffer(self._data, dtype, count, at + 8)
            at += 8 + arrays[key].nbytes
        if at != len(self._data):
            raise _refused(self._path, f"{len(self._data) - at} bytes after the last storage")
        return arrays

    def _array(self, tensor: _Tensor, storage: NDArray[Any]) -> NDArray[Any]:
        import numpy as np

        reach = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
        # more elements than the storage has are views on top of one another: no weights, but a way to fill the memory
        if reach >= len(storage) or math.prod(tensor.shape) > len(storage) or 0 in tensor.shape:
            raise _refused(self._path, f"a tensor of shape {tensor.shape} in a storage of {len(storage)} elements")
        strides = [s * storage.itemsize for s in tensor.strides]
        view = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides, writeable=False)
        return np.array(view, dtype=storage.dtype.newbyteorder("="))
