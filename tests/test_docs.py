"""Whether what is written about the project is true of it, and gives nothing of a machine away."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from pathlib import Path

import click
import pytest

import obelics_like
from obelics_like.cli import main
from obelics_like.recipe import recipe_names
from obelics_like.registry import EXPORTS, STAGES, stage_class
from obelics_like.stage import DocumentStage, Stage, ThingStage

ROOT = Path(__file__).resolve().parent.parent


def _tracked() -> list[Path]:
    done = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout:
        pytest.skip("not a git checkout: which files are tracked is not known")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def _text(name: str) -> str:
    path = ROOT / name
    if not path.is_file():
        pytest.skip(f"{name} is not written yet")
    return path.read_text("utf-8")


def _documents() -> list[Path]:
    return [path for path in _tracked() if path.suffix == ".md"]


# --- what is told -----------------------------------------------------------------------------------------------------


def _code(text: str) -> str:
    """What stands in code blocks and code spans, a line each."""
    blocks = re.findall(r"```.*?\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join([*blocks, *spans])


def test_the_readme_tells_every_command_recipe_and_export() -> None:
    code = _code(_text("README.md"))
    for name, command in main.commands.items():
        assert re.search(rf"^{name}\b|obelics-like {name}\b", code, re.MULTILINE), f"README.md does not tell `{name}`"
        for part in command.commands if isinstance(command, click.Group) else ():
            assert re.search(rf"\b{part}\b", code), f"README.md does not tell `{name} {part}`"
    for name in [*recipe_names(), *EXPORTS]:
        assert re.search(rf"\b{name}\b", code), f"README.md does not tell `{name}`"


def test_the_readme_tells_of_no_command_or_option_that_is_not_there() -> None:
    code = _code(_text("README.md")).replace("\\\n", " ")
    for name in re.findall(r"obelics-like ([a-z]+)", code):
        assert name in main.commands, f"README.md tells of `obelics-like {name}`"
    known = {o for p in main.commands["build"].params for o in p.opts}
    for line in re.findall(r"obelics-like build .*", code):
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)) <= known, line


def test_what_the_readme_says_an_example_gives_is_what_it_gives() -> None:
    """Those that need no model and no corpus: the answer stands behind them, up to a colon."""
    examples = re.findall(r"^(obelics_like\.assign_images\(.*\))  # (.*?):", _text("README.md"), re.MULTILINE)
    assert examples
    for code, said in examples:
        assert eval(code, {"obelics_like": obelics_like}) == eval(said), code


def test_the_recipes_are_told_of_beside_them() -> None:
    told = _text("pipelines/README.md")
    assert [name for name in recipe_names() if f"`{name}`" not in told] == []


def test_contributing_tells_every_stage_and_its_shape() -> None:
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| ([\w ]+) \|", _text("CONTRIBUTING.md"), re.MULTILINE))
    assert set(rows) == set(STAGES)
    for name, said in rows.items():
        kind = stage_class(name, "CONTRIBUTING.md")
        shapes = [shape.__name__ for shape in (Stage, DocumentStage, ThingStage) if issubclass(kind, shape)]
        assert said == (shapes[0] if shapes else "options only"), name


def test_contributing_names_files_that_are_there() -> None:
    for name in re.findall(
        r"`((?:obelics_like|pipelines|langid_models|tests|samples)/[\w./-]*)`", _text("CONTRIBUTING.md")
    ):
        assert (ROOT / name).exists() or "NAME" in name or "ROOM" in name, name


def test_contributing_draws_every_room_of_the_package() -> None:
    drawing = _text("CONTRIBUTING.md").split("```")[3]
    there = {p.stem for p in (ROOT / "obelics_like").iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}
    assert [name for name in sorted(there - {"__init__"}) if not re.search(rf"\b{name}\b", drawing)] == []


def test_the_changelog_has_a_heading_for_what_is_or_will_be_released() -> None:
    assert re.search(r"^## \[?(Unreleased|\d+\.\d+\.\d+)", _text("CHANGELOG.md"), re.MULTILINE)


# --- links ------------------------------------------------------------------------------------------------------------


def _anchors(path: Path) -> set[str]:
    """The anchors of a Markdown file's headings, as the usual viewers make them."""
    out = set()
    for heading in re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE):
        text = unicodedata.normalize("NFC", re.sub(r"[`*]", "", heading).strip().lower())
        out.add(re.sub(r"[^\w\- ]", "", text).replace(" ", "-"))
    return out


def _links(path: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    text = re.sub(r"`[^`\n]*`", "", text)
    found = re.findall(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)", text)
    found += re.findall(r"^\[[^\]]+\]:\s*(\S+)", text, re.MULTILINE)
    return found + re.findall(r"<(?:img|a)\b[^>]*?(?:src|href)=\"([^\"]+)\"", text)


def test_relative_links_lead_to_files_that_are_there() -> None:
    tracked = set(_tracked())
    for document in _documents():
        for link in _links(document):
            if re.match(r"[a-z][a-z0-9+.-]*:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (document.parent / name).resolve() if name else document
            where = f"{document.relative_to(ROOT)}: {link}"
            assert target.is_dir() or target in tracked, where
            if anchor and target.suffix == ".md":
                assert anchor in _anchors(target), where


def test_links_are_found_in_all_their_forms(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        '[a](one.md) ![b](two.png "t") <img src="three.png"> `[no](four.md)`\n```\n[no](five.md)\n```\n[r]: six.md\n'
        "# Why *it* is `so`\n"
    )
    assert _links(page) == ["one.md", "two.png", "six.md", "three.png"]
    assert "why-it-is-so" in _anchors(page)


# --- what must not be given away --------------------------------------------------------------------------------------

WORK = "/" + "work"
MACHINE = re.compile(rf"(?<![\w.)}}\]>*-]){WORK}/|/root/")
HOSTS = [
    f"{name}.{end}"
    for name, end in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("anaconda", "org"),
        ("proxy.golang", "org"),
        ("deb.debian", "org"),
        ("archive.ubuntu", "com"),
    )
]


def _given_away(text: str) -> list[str]:
    found = [match[0] for match in MACHINE.finditer(text)]
    return found + [host for host in HOSTS if re.search(rf"(?<![\w-]){re.escape(host)}\b", text.lower())]


def test_no_tracked_file_names_a_path_of_a_machine_or_the_host_of_a_package_registry() -> None:
    faults = []
    for path in _tracked():
        raw = path.read_bytes()
        if b"\0" in raw[:1024] or path == Path(__file__):
            continue
        faults += [f"{path.relative_to(ROOT)}: {what}" for what in _given_away(raw.decode("utf-8", "replace"))]
    assert faults == []


def test_what_gives_away_is_recognised() -> None:
    host = HOSTS[0]
    for text in (f"see {WORK}/shared", f'"{WORK}/x"', f"https://{host}/simple", f"files.{HOSTS[1]}"):
        assert _given_away(text), text
    for text in ("DIR/work/index", "out/work/", "https://example.org/work/a", f"my{host}"):
        assert _given_away(text) == [], text
