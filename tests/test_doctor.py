"""Whether the doctor finds what is wrong, and says how to mend it."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from obelics_like import doctor

ROOT = Path(__file__).resolve().parent.parent


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _finding(name: str) -> dict[str, Any]:
    return next(f for f in doctor.examine() if f["name"] == name)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Loading all models is left to the one test that asks for it."""
    if request.node.name != "test_here_all_that_is_needed_is_found_and_loads":
        monkeypatch.setattr(doctor, "_MODELS", ())


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make distributions look as if they were not installed, or were of another version."""
    changed: dict[str, str | None] = {}

    def version(name: str) -> str:
        if name in changed:
            if changed[name] is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return str(changed[name])
        return importlib.metadata.version(name)

    monkeypatch.setattr(doctor, "version", version)
    return changed


def test_here_all_that_is_needed_is_found_and_loads() -> None:
    findings = doctor.examine()
    assert [f for f in findings if not f["ok"] and not f["optional"]] == []
    assert {"langid:lid176", "nsfw:opennsfw", "tokenizer:o200k_base", "scorer:label-bridge"} <= {
        f["name"] for f in findings
    }
    assert len({f["name"] for f in findings}) == len(findings)


def test_it_looks_at_everything_that_the_project_depends_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {_canonical(re.split(r"[<>=\[ ]", line)[0]) for line in project["dependencies"]}
    assert {_canonical(n) for n in doctor.LIBRARIES} | {"fasttext-community"} == names


def test_a_missing_library_is_named_with_what_installs_it(without: dict[str, str | None]) -> None:
    without["rensa"] = None
    found = _finding("rensa")
    assert not found["ok"]
    assert not found["optional"]
    assert "pip install rensa" in found["said"]


def test_a_missing_extra_is_optional_and_named(without: dict[str, str | None]) -> None:
    without["ray"] = without["open_clip_torch"] = None
    for name, extra in (("ray", "ray"), ("open_clip_torch", "clip")):
        found = _finding(name)
        assert (found["ok"], found["optional"]) == (False, True)
        assert f"obelics-like[{extra}]" in found["said"]


def test_fastwarc_and_resiliparse_must_be_of_one_version(without: dict[str, str | None]) -> None:
    without["resiliparse"] = "1.9.0"
    found = _finding("fastwarc and resiliparse agree")
    assert not found["ok"]
    assert "1.9.0" in found["said"]
    assert "pip install" in found["said"]


def _distribution(folder: Path, name: str) -> None:
    """What pip leaves of a package that brings the module fasttext."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("fasttext\n")
    (info / "RECORD").write_text("fasttext/__init__.py,,\n")


def test_two_fasttext_bindings_at_once_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _finding("one fastText binding")["ok"]
    _distribution(tmp_path, "fasttext-wheel")
    monkeypatch.syspath_prepend(tmp_path)
    found = _finding("one fastText binding")
    assert not found["ok"]
    assert "fasttext-community and fasttext-wheel" in found["said"]
    assert "pip uninstall -y" in found["said"]


def test_another_binding_alone_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _distribution(tmp_path, "fasttext-wheel")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert doctor._binding() == "fasttext-wheel 1.0"
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(Exception, match="no package"):
        doctor._binding()


def test_a_model_that_can_not_be_loaded_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    from obelics_like.errors import MissingPiece
    from obelics_like.models import load

    def broken(spec: str, offline: bool = False) -> Any:
        if spec == "langid:lid176":
            raise MissingPiece("language model lid176", got="no file", do="run: obelics-like models fetch lid176")
        raise RuntimeError("libcuda is not what it was")

    monkeypatch.setattr(load, "load", broken)
    monkeypatch.setattr(doctor, "_MODELS", ("langid:lid176", "nsfw:opennsfw"))
    assert "models fetch lid176" in _finding("langid:lid176")["said"]
    assert "libcuda" in _finding("nsfw:opennsfw")["said"]
    assert not _finding("nsfw:opennsfw")["ok"]


def test_a_python_that_is_too_old_or_too_new_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14, 0, "final", 0))
    with pytest.raises(Exception, match=r"3\.14\.0"):
        doctor._python()
