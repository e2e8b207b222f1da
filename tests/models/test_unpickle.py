"""The restricted unpickler: reads plain tensors, runs nothing, and refuses everything else with a DataError."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import struct
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obelics_like.errors import DataError
from obelics_like.models.unpickle import MAGIC, PROTOCOL, read_tensors
from tests.pace import least

MACHINE = {"protocol_version": PROTOCOL, "little_endian": True, "type_sizes": {"int": 4}}


class Global:
    """Pickles as a bare global `module.name`, whether such a thing exists or not."""

    def __init__(self, module: str, name: str) -> None:
        self.path = (module, name)


class Call:
    """Pickles as a call of a global."""

    def __init__(self, function: Global, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments


class Writer(pickle._Pickler):  # type: ignore[misc]
    """The pure-Python pickler, so that globals can be written that are not there."""

    def persistent_id(self, thing: Any) -> Any:
        return thing.pid if isinstance(thing, Storage) else None

    def save(self, thing: Any, save_persistent_id: bool = True) -> Any:
        if isinstance(thing, Global):
            self.write(pickle.GLOBAL + "{}\n{}\n".format(*thing.path).encode())
            return None
        if isinstance(thing, Call):
            self.save(thing.function)
            self.save(thing.arguments)
            self.write(pickle.REDUCE)
            return None
        return super().save(thing, save_persistent_id)


class Storage:
    def __init__(self, key: str, array: np.ndarray, kind: str = "FloatStorage", place: str = "cpu") -> None:
        self.array = array
        self.pid = ("storage", Global("torch", kind), key, place, array.size, None)


REBUILD = Global("torch._utils", "_rebuild_tensor_v2")


def tensor(storage: Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Call:
    return Call(REBUILD, storage, offset, shape, strides, False, Call(Global("collections", "OrderedDict")))


def dump(thing: Any) -> bytes:
    out = io.BytesIO()
    Writer(out, 2).dump(thing)
    return out.getvalue()


def checkpoint(named: Any, storages: list[Storage], **other: Any) -> bytes:
    head = [other.get("magic", MAGIC), other.get("protocol", PROTOCOL), other.get("machine", MACHINE), named]
    parts = [dump(part) for part in head] + [dump([storage.pid[2] for storage in storages])]
    parts += [struct.pack("<q", storage.array.size) + storage.array.tobytes() for storage in storages]
    return b"".join(parts)


def good() -> bytes:
    storage = Storage("7", np.arange(12, dtype="<f4"))
    counts = Storage("8", np.array([5], dtype="<i8"), "LongStorage")
    named = {
        "whole": tensor(storage, 0, (3, 4), (4, 1)),
        "part": tensor(storage, 4, (4,), (1,)),
        "turned": tensor(storage, 0, (4, 3), (1, 4)),
        "count": tensor(counts, 0, (), ()),
    }
    return checkpoint(OrderedDict(named), [storage, counts])


def write(tmp_path: Path, data: bytes) -> Path:
    (tmp_path / "net.pth").write_bytes(data)
    return tmp_path / "net.pth"


def test_tensors_come_back(tmp_path: Path) -> None:
    found = read_tensors(write(tmp_path, good()))
    whole = np.arange(12, dtype="<f4").reshape(3, 4)
    assert found.keys() == {"whole", "part", "turned", "count"}
    np.testing.assert_array_equal(found["whole"], whole)
    np.testing.assert_array_equal(found["part"], whole[1])
    np.testing.assert_array_equal(found["turned"], whole.T)
    assert found["count"].shape == ()
    assert found["count"] == 5


def test_the_default_scorers_checkpoint() -> None:
    from obelics_like.models.label_bridge import _checkpoint

    found = read_tensors(_checkpoint())
    assert len(found) == 296
    assert found["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert found["_fc.bias"].dtype == np.float32


@pytest.mark.parametrize(
    "function", [("os", "system"), ("posix", "system"), ("builtins", "exec"), ("builtins", "open")]
)
@pytest.mark.parametrize("at", ["magic", "machine", "named", "inside"])
def test_nothing_is_run(tmp_path: Path, function: tuple[str, str], at: str) -> None:
    mark = tmp_path / "was-run"
    call = Call(Global(*function), f"touch {mark}" if function[1] == "system" else f"open({str(mark)!r}, 'w')")
    if function[1] == "open":
        call = Call(Global(*function), str(mark), "w")
    evil = {
        "magic": lambda: checkpoint({}, [], magic=call),
        "machine": lambda: checkpoint({}, [], machine=call),
        "named": lambda: checkpoint(call, []),
        "inside": lambda: checkpoint({"weight": call}, []),
    }[at]()
    with pytest.raises(DataError, match="which no tensor needs"):
        read_tensors(write(tmp_path, evil))
    assert not mark.exists()


def test_an_ordinary_pickle_with_a_reduce_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'was-run'}",)

    with pytest.raises(DataError):
        read_tensors(write(tmp_path, pickle.dumps(Evil())))
    assert not (tmp_path / "was-run").exists()


def test_what_may_be_called_cannot_be_rewritten(tmp_path: Path) -> None:
    """A BUILD on the stand-in for torch's function must not give it new parts that a later load would meet."""
    data = pickle.PROTO + b"\x02" + b"ctorch._utils\n_rebuild_tensor_v2\n"
    data += pickle.EMPTY_DICT + pickle.MARK + dump("__call__")[2:-1] + pickle.NONE + pickle.SETITEMS
    data += pickle.BUILD + pickle.STOP
    with pytest.raises(DataError):
        read_tensors(write(tmp_path, dump(MAGIC) + dump(PROTOCOL) + dump(MACHINE) + data))
    assert len(read_tensors(write(tmp_path, good()))) == 4


def shaped(shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0, **kind: str) -> bytes:
    storage = Storage("1", np.zeros(4, "<f4"), **kind)
    return checkpoint({"weight": tensor(storage, offset, shape, strides)}, [storage])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04" + b"\0" * 60,
        good()[:-1],
        good() + b"x",
        good()[: len(good()) // 2],
        checkpoint({}, [], magic=1),
        checkpoint({}, [], protocol=1000),
        checkpoint({}, [], machine={"little_endian": False}),
        checkpoint([1, 2], []),
        checkpoint({"weight": 3}, []),
        checkpoint({"weight": Global("torch", "FloatStorage")}, []),
        shaped((5,), (1,)),
        shaped((2,), (1,), offset=3),
        shaped((2,), (-1,)),
        shaped((1 << 35,), (0,)),
        shaped((4,), (1,), place="cuda:0"),
        shaped((4,), (1,), kind="QUInt8Storage"),
        checkpoint({"weight": Call(REBUILD, "1", 0, (4,), (1,))}, []),
        checkpoint({"weight": Call(REBUILD)}, []),
        # a memo with room for two billion things, and a byte array of four exabytes, on the word of a few bytes
        pickle.PROTO + b"\x02" + pickle.NONE + pickle.LONG_BINPUT + b"\xff\xff\xff\x7f" + pickle.STOP,
        pickle.PROTO + b"\x05" + pickle.BYTEARRAY8 + b"\xff\xff\xff\xff\xff\xff\xff\x3f" + pickle.STOP,
    ],
)
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(DataError) as caught:
        read_tensors(write(tmp_path, data))
    assert caught.value.do
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"net\.pth"):
        read_tensors(tmp_path / "net.pth")


@settings(max_examples=150)
@given(st.integers(0, len(good()) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_tensors_or_a_data_error(tmp_path_factory: Any, at: int, value: int) -> None:
    data = bytearray(good())
    data[at] = value
    path = write(tmp_path_factory.mktemp("flip"), bytes(data))
    before = set(sys.modules)

    def tensors() -> None:
        with contextlib.suppress(DataError):
            read_tensors(path)

    assert least(tensors, 5) < 5  # a byte must not cost seconds
    assert all(name.startswith("encodings.") for name in set(sys.modules) - before)  # opcodes in other spellings
