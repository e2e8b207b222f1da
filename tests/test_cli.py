"""The command line as a user meets it: what it prints where, its exit codes, and what wrong use is told."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from obelics_like import launch, registry
from obelics_like.cli import main, telling
from obelics_like.cli import progress as progress_module
from obelics_like.engines.inline import InlineEngine
from obelics_like.errors import DataError, MissingPiece, ObelicsLikeError
from obelics_like.recipe import recipe_names
from obelics_like.store.folder import Output
from tests.test_run import workers_of

ROOT = Path(__file__).resolve().parent.parent
CRAWL = ROOT / "samples" / "crawl"
BROKEN = ROOT / "samples" / "broken"
QUICK = ("--scorer", "none", "--workers", "1")
FOUR_PARTS = re.compile(r"obelics-like: .+?: got .+?; valid: .+; .+", re.DOTALL)
COMMAND = [sys.executable, "-m", "obelics_like.cli"]


@pytest.fixture(scope="session", autouse=True)
def samples() -> None:
    if not CRAWL.is_dir() or not BROKEN.is_dir():
        subprocess.run([sys.executable, str(ROOT / "samples" / "make.py")], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs the work in this process, so that faults can be injected below the store."""
    monkeypatch.setattr(launch, "make_engine", lambda *_: InlineEngine())


def call(*args: object) -> Result:
    """A command in this process."""
    return CliRunner().invoke(main, [str(a) for a in args], prog_name="obelics-like")


def shell(*args: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    return subprocess.run([*COMMAND, *map(str, args)], capture_output=True, text=True, check=False, **options)


def contents(out: Path) -> dict[str, str]:
    """Each published file with its digest."""
    manifest = json.loads((out / "manifest.json").read_text())
    names = [f"{section}/{line['name']}" for section, lines in manifest.items() for line in lines]
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in names}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = tmp_path_factory.mktemp("built") / "out"
    return out, shell("build", CRAWL, "--out", out, *QUICK, "--json")


@pytest.fixture
def corpus(built: tuple[Path, subprocess.CompletedProcess[str]]) -> Path:
    return built[0]


# --- what is said where ---------------------------------------------------------------------------------------------


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    out: list[tuple[tuple[str, ...], click.Command]] = []
    for name, command in group.commands.items():
        out.append(((*path, name), command))
        if isinstance(command, click.Group):
            out += _commands(command, (*path, name))
    return out


COMMANDS = _commands(main)


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(p) for p, _ in COMMANDS])
def test_every_command_option_and_argument_is_documented(path: tuple[str, ...], command: click.Command) -> None:
    result = call(*path, "--help")
    assert result.exit_code == 0
    assert command.help
    for param in command.params:
        if isinstance(param, click.Option):
            assert param.help, f"{param.opts} has no help"
            assert param.opts[-1] in result.output
        else:
            name = (param.metavar or str(param.name).upper()).removesuffix("...")
            assert name in command.help, f"the help does not say what {name} is"


def test_the_commands_are_those_that_were_promised() -> None:
    assert set(main.commands) == {
        "build",
        "report",
        "explain",
        "check",
        "export",
        "clean",
        "recipes",
        "models",
        "doctor",
    }
    options = {o for p in main.commands["build"].params if isinstance(p, click.Option) for o in p.opts}
    wanted = "--out --recipe --set --workers --images --scorer --limit --keep-dropped --offline --json"
    wanted += " --engine --ray-address --dry-run --keep-work --work --sample --seed --cc-index --cc-base"
    assert options == set(wanted.split())
    assert "Exit codes: 0 done; 1" in " ".join(call("--help").output.split())


def test_build_with_json_prints_json_alone_and_the_law_can_be_read_off_it(
    built: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = built
    assert done.returncode == 0
    assert done.stderr == ""
    summary = json.loads(done.stdout)
    assert set(summary["in"]) >= {"records", "pages", "images", "texts"}
    assert set(summary["kept"]) >= {"documents", "images", "unresolved", "texts"}
    assert {tuple(sorted(row)) for row in summary["dropped"]} >= {("count", "kind", "rule", "stage")}
    assert summary["languages"]
    for tokens in summary["tokens"].values():
        assert tokens["total"] == sum(tokens["by_language"].values()) > 0
    lost = {kind: sum(r["count"] for r in summary["dropped"] if r["kind"] == kind) for kind in ("page", "image")}
    assert summary["in"]["pages"] == summary["kept"]["documents"] + lost["page"]
    assert summary["in"]["images"] == summary["kept"]["images"] + lost["image"]


@pytest.mark.parametrize("command", ["report", "check"])
def test_json_of_a_finished_corpus_is_json_alone(corpus: Path, command: str) -> None:
    result = call(command, corpus, "--json")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert isinstance(json.loads(result.stdout), dict)
    if command == "check":
        assert json.loads(result.stdout) == {"ok": True, "breaches": []}


def test_report_prints_tables_and_names_the_page(corpus: Path) -> None:
    result = call("report", corpus)
    assert result.exit_code == 0
    assert str(corpus / "report" / "index.html") in result.stdout
    assert (corpus / "report" / "index.html").is_file()


def test_explain_tells_of_kept_and_dropped_pages(corpus: Path) -> None:
    import obelics_like

    kept = next(obelics_like.read_corpus(corpus))
    by_url, by_id = call("explain", corpus, kept.url), call("explain", corpus, kept.id, "--json")
    assert (by_url.exit_code, by_id.exit_code) == (0, 0)
    assert kept.url in by_url.stdout
    assert json.loads(by_id.stdout)["found"]
    unknown = call("explain", corpus, kept.url + "x")
    assert unknown.exit_code == 2
    assert "did you mean" in unknown.stderr


def test_check_exits_with_1_on_a_breach_and_names_it(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(corpus, out)
    part = next((out / "corpus").glob("*.parquet"))
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.unlink()  # a link to the file in work/
    part.write_bytes(data)
    plain, as_json = call("check", out), call("check", out, "--json")
    assert (plain.exit_code, as_json.exit_code) == (1, 1)
    assert part.name in plain.stdout
    assert json.loads(as_json.stdout)["ok"] is False
    assert any(part.name in breach for breach in json.loads(as_json.stdout)["breaches"])


def test_a_corpus_file_that_was_cut_is_a_breach_and_no_fault_of_the_code(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(corpus, out)
    part = next((out / "corpus").glob("*.parquet"))
    data = part.read_bytes()[:1000]
    part.unlink()  # a link to the file in work/
    part.write_bytes(data)
    checked = call("check", out)
    assert checked.exit_code == 1
    assert f"{part.name}: 1000 bytes" in checked.stdout
    exported = call("export", out, "--to", "obelics", "--out", tmp_path / "exported")
    for result in (call("report", out), call("explain", out, "https://a.example/"), exported):
        assert result.exit_code == 1
        assert FOUR_PARTS.match(result.stderr), result.stderr
        assert str(part) in result.stderr
        assert "Traceback" not in result.stderr
    assert not (tmp_path / "exported").exists()


@pytest.mark.parametrize("form", ["obelics", "mmc4"])
def test_export_names_what_it_wrote(corpus: Path, tmp_path: Path, form: str) -> None:
    result = call("export", corpus, "--to", form, "--out", tmp_path / "x")
    assert result.exit_code == 0
    assert result.stdout.split()
    assert all(Path(line).is_file() for line in result.stdout.splitlines())


@pytest.mark.parametrize("held", ["[1]", '{"corpus": 1}', '{"corpus": [1]}', '{"images": [{"name": "x"}]}', "{", ""])
def test_a_manifest_that_is_none_is_told_by_its_name(corpus: Path, tmp_path: Path, held: str) -> None:
    out = tmp_path / "out"
    shutil.copytree(corpus, out, ignore=shutil.ignore_patterns("work"))
    (out / "manifest.json").unlink()
    (out / "manifest.json").write_text(held)
    for command in ("report", "check"):
        result = call(command, out)
        assert result.exit_code == 1
        assert FOUR_PARTS.match(result.stderr), result.stderr
        assert str(out / "manifest.json") in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_export_says_how_much_the_form_has_no_place_for(corpus: Path, tmp_path: Path) -> None:
    documents = json.loads(call("report", corpus, "--json").stdout)["kept"]["documents"]
    result = call("export", corpus, "--to", "mmc4", "--out", tmp_path / "x")
    said = (
        f"{documents} of {documents} documents were left out: no_image_with_similarity"  # it was built without scorer
    )
    assert f"obelics-like: {said} ({tmp_path / 'x' / 'export.json'})\n" in result.stderr
    assert call("export", corpus, "--to", "obelics", "--out", tmp_path / "y").stderr == ""


@pytest.mark.parametrize("held", ['{"version": 1}', "[1]", '{"rows": {"in": 3}}'])
def test_an_export_of_others_may_write_an_export_json_of_its_own(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    class Other:
        def write(self, output: object, folder: Path) -> list[Path]:
            folder.mkdir()
            (folder / "export.json").write_text(held)
            return [folder / "export.json"]

    monkeypatch.setattr(registry, "export_class", lambda *_: Other)
    result = call("export", corpus, "--to", "other", "--out", tmp_path / "x")
    assert (result.exit_code, result.stderr) == (0, "")


def test_recipes_are_listed_and_shown_as_they_run() -> None:
    listed = call("recipes")
    assert listed.exit_code == 0
    assert {line.split()[0] for line in listed.stdout.splitlines()[1:]} == set(recipe_names())
    assert {r["name"] for r in json.loads(call("recipes", "--json").stdout)} == set(recipe_names())
    for name in recipe_names():
        shown = call("recipes", "show", name)
        assert shown.exit_code == 0
        assert shown.stdout.startswith("[recipe]\n")
    changed = call("recipes", "show", "default", "--set", "minhash.threshold=0.55")
    assert "threshold = 0.55\n" in changed.stdout
    assert "threshold = 0.55\n" not in call("recipes", "show", "default").stdout


def test_a_shown_recipe_runs_as_the_recipe_itself(tmp_path: Path) -> None:
    from obelics_like.recipe import load_recipe

    (tmp_path / "shown.toml").write_text(call("recipes", "show", "mmc4").stdout)
    assert load_recipe(tmp_path / "shown.toml").fingerprint == load_recipe("mmc4").fingerprint


def test_models_are_listed_with_their_state() -> None:
    listed = call("models", "list")
    assert listed.exit_code == 0
    assert call("models").stdout == listed.stdout
    heading, *rows = listed.stdout.splitlines()
    assert heading.split() == ["model", "here", "size", "languages", "licence", "use"]
    assert {row.split()[0]: row.split()[1] for row in rows}["py3langid"] == "yes"
    found = json.loads(call("models", "list", "--json").stdout)
    assert [m["name"] for m in found] == [row.split()[0] for row in rows]
    path = call("models", "path", "py3langid")
    assert Path(path.stdout.strip()).is_file()
    assert call("models", "fetch", "py3langid", "--offline").stdout == path.stdout


def test_doctor_prints_a_line_a_piece_and_exits_with_1_if_one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from obelics_like import doctor

    good = {"name": "rensa", "ok": True, "optional": False, "said": "0.5.0"}
    extra = {"name": "ray", "ok": False, "optional": True, "said": "optional: pip install"}
    monkeypatch.setattr(doctor, "examine", lambda: [good, extra])
    assert call("doctor").exit_code == 0
    assert "absent" in call("doctor").stdout
    assert json.loads(call("doctor", "--json").stdout) == [good, extra]
    monkeypatch.setattr(doctor, "examine", lambda: [good | {"ok": False, "said": "pip install rensa"}])
    result = call("doctor")
    assert result.exit_code == 1
    assert "MISSING" in result.stdout
    assert "pip install rensa" in result.stdout


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_bars_on_a_terminal_and_lines_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(to: io.StringIO, quiet: bool = False) -> str:
        monkeypatch.setattr(sys, "stderr", to)
        with progress_module.progress(quiet) as tell:
            for done in range(4):
                tell("1 dedup.url", done, 3)
        return to.getvalue()

    monkeypatch.setenv("TERM", "xterm")
    assert "━" in told(Terminal())
    assert "3/3" in told(Terminal())
    assert told(io.StringIO()) == "1 dedup.url: 3/3\n"
    assert told(Terminal(), quiet=True) == ""
    monkeypatch.setattr(progress_module, "SAY_EVERY", -1)
    assert told(io.StringIO()).splitlines() == [f"1 dedup.url: {n}/3" for n in range(4)]


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "recipes", "show", "default"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as p:
        assert p.stdout is not None
        assert p.stderr is not None
        p.stdout.close()
        said = p.stderr.read()
    assert b"Traceback" not in said
    assert b"please report" not in said


# --- wrong use ------------------------------------------------------------------------------------------------------


def _empty(folder: Path) -> list[object]:
    (folder / "empty").mkdir()
    return ["build", folder / "empty"]


def _notes(folder: Path) -> list[object]:
    (folder / "notes").mkdir()
    (folder / "notes" / "todo.md").write_text("buy bread")
    return ["build", folder / "notes"]


def _pattern(folder: Path) -> list[object]:
    return ["build", folder / "*.warc.gz"]


def _text(folder: Path) -> list[object]:
    (folder / "a.warc.gz").write_text("hello, this is no archive\n")
    return ["build", folder / "a.warc.gz"]


def _packed_text(folder: Path) -> list[object]:
    (folder / "a.warc.gz").write_bytes(gzip.compress(b"hello, this is no archive\n"))
    return ["build", folder / "a.warc.gz"]


def _picture(folder: Path) -> list[object]:
    (folder / "a.warc.gz").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    return ["build", folder / "a.warc.gz"]


def _pdf(folder: Path) -> list[object]:
    (folder / "a.pdf").write_text("%PDF-1.4\n1 0 obj\n")
    return ["build", folder / "a.pdf"]


def _recipe(text: str) -> Callable[[Path], list[object]]:
    def given(folder: Path) -> list[object]:
        (folder / "mine.toml").write_text(text)
        return ["build", CRAWL, "--recipe", folder / "mine.toml"]

    return given


def _options(*options: object) -> Callable[[Path], list[object]]:
    return lambda folder: ["build", CRAWL, *options]


EXTENDS = '[recipe]\nextends = "default"\n'
WRONG = {
    "folder without archive: empty": (_empty, "empty folder"),
    "folder without archive: other files": (_notes, "a folder of 1 file that"),
    "folder without archive: a pattern": (_pattern, "pattern"),
    "text named .warc.gz: plain": (_text, "text file that begins 'hello"),
    "text named .warc.gz: gzip of a text": (_packed_text, "gzip-compressed text"),
    "text named .warc.gz: a picture": (_picture, "no archive"),
    "input: a PDF of nothing but text": (_pdf, "no archive (it is of the type application/pdf)"),
    "input: none of that name": (lambda f: ["build", f / "crawl.warc"], "no such file"),
    "input: a crawl of no such form": (lambda f: ["build", "cc:CC-MAIN-24-22"], "CC-MAIN-2024-22"),
    "recipe: unknown name": (_options("--recipe", "obelix"), "did you mean obelics?"),
    "recipe: no such file": (_options("--recipe", "./mine.toml"), "no such file"),
    "recipe: unknown stage": (_recipe(EXTENDS + '[[stage]]\nuse = "dedup.minhsh"\n'), "did you mean dedup.minhash"),
    "recipe: no TOML": (_recipe("[recipe\n"), "TOML"),
    "option: of the command": (_options("--recipee", "default"), "did you mean --recipe"),
    "option: of a stage": (_options("--set", "minhash.treshold=0.7"), "did you mean threshold"),
    "option: of a stage in a file": (_recipe(EXTENDS + '[[stage]]\nid = "minhash"\ntreshold = 0.7\n'), "did you mean"),
    "option: stage of --set": (_options("--set", "minhsh.threshold=0.7"), "did you mean minhash"),
    "option: --set without a value": (_options("--set", "minhash.threshold"), "ID.OPTION=VALUE"),
    "value: of the wrong type": (_options("--set", "minhash.threshold=high"), "a number"),
    "value: images": (_options("--images", "wark"), "did you mean warc"),
    "value: keep-dropped": (_options("--keep-dropped", "sampel:0.1"), "sample:P"),
    "value: workers": (_options("--workers", "0"), "a whole number"),
    "value: keep-dropped with a share of nothing": (_options("--keep-dropped", "none:3"), "did you mean none?"),
    "value: keep-dropped with a colon alone": (_options("--keep-dropped", "all:"), "did you mean all or"),
    "value: limit": (_options("--limit", "-1"), "a whole number"),
}


@pytest.mark.parametrize(("make", "said"), WRONG.values(), ids=list(WRONG))
def test_wrong_use_is_told_in_four_parts_and_starts_nothing(
    tmp_path: Path, here: None, make: Callable[[Path], list[object]], said: str
) -> None:
    result = call(*make(tmp_path), "--out", tmp_path / "out", "--scorer", "none")
    assert result.exit_code == 2
    assert FOUR_PARTS.match(result.stderr), result.stderr
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "out" / "work" / "index").exists()
    assert not (tmp_path / "out" / "run.json").exists()


def test_cleaning_says_what_it_freed_and_refuses_what_is_no_corpus(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(corpus, out)
    assert json.loads(call("clean", out, "--unused", "--json").stdout)["freed"] >= 0
    assert call("clean", out).stdout.endswith(" MB freed\n")
    assert not (out / "work").exists()
    assert call("check", out).exit_code == 0
    assert call("clean", tmp_path).exit_code == 2


def test_an_unknown_engine_and_an_address_that_is_out_of_place_are_wrong_use(tmp_path: Path) -> None:
    for wrong, said in (
        (["--engine", "locl"], "did you mean local?"),
        (["--ray-address", "auto"], "valid: an address with --engine ray"),
        (["--work", tmp_path / "work"], "leave --work out"),
    ):
        result = call("build", CRAWL, "--out", tmp_path / "out", *wrong)
        assert result.exit_code == 2
        assert said in result.stderr


def test_a_language_that_the_model_does_not_know_is_wrong_use_before_the_first_record(tmp_path: Path) -> None:
    result = call("build", CRAWL, "--out", tmp_path / "out", *QUICK, "--set", "language.keep=eng")
    assert result.exit_code == 2
    assert FOUR_PARTS.search(result.stderr)
    assert "did you mean en" in result.stderr
    assert not (tmp_path / "out" / "work" / "index").exists()


def test_an_unknown_scorer_is_wrong_use(tmp_path: Path, here: None) -> None:
    result = call("build", CRAWL, "--out", tmp_path / "out", "--scorer", "label-brige")
    assert result.exit_code == 2
    assert "did you mean label-bridge?" in result.stderr
    assert "valid: label-bridge, none, open_clip" in result.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["buidl"], "obelics-like: command: got 'buidl'; valid: build, "),
        (["buidl"], "did you mean build?"),
        (["recipes", "shwo", "x"], "obelics-like: recipes, command: got 'shwo'; valid: show; did you mean show?"),
        (["recipes", "default"], "valid: show; did you mean `obelics-like recipes show default`?"),
        (["recipes", "mine.toml"], "did you mean `obelics-like recipes show mine.toml`?"),
        (["models", "lid176"], "did you mean `obelics-like models fetch lid176`?"),
        (["recipes", "show", "obelix"], "did you mean obelics"),
        (
            ["recipes", "show", str(ROOT / "tests")],
            "got a folder; valid: a .toml file, or a name: default, mmc4, obelics",
        ),
        (["models", "fecth", "lid176"], "did you mean fetch"),
        (["models", "fetch", "lid177"], "did you mean lid176"),
        (["models", "path", "glotlit"], "did you mean glotlid"),
        (["--versoin"], "obelics-like: option: got '--versoin'; valid: --help, --version; did you mean --version"),
        (["build"], "build [OPTIONS] INPUT...; see"),
        (["build", "x"], "--out: got none"),
        (["build", "x", "--out"], "--out: got no value; valid: Folder of the corpus"),
        (["report"], "obelics-like: report DIR: got none"),
        (["report", "nowhere-at-all"], "no such folder"),
        (["report", __file__], "got a file; valid: the --out folder"),
        (["build", str(CRAWL), "--out", "x\udcff"], "--out x\\xff: got a name that is no UTF-8"),
        (["build", "x", "--out", ""], "--out: got nothing; valid: a folder"),
        (["build", "x", "--out", "s3://bucket/x", "--work", ""], "--work: got nothing; valid: a folder"),
        (["check", "a", "b"], "unexpected extra argument (b)"),
        (["explain", "nowhere-at-all", "https://example.org/"], "no such folder"),
    ],
)
def test_wrong_use_of_any_command_exits_with_2_and_says_what_was_meant(args: list[str], said: str) -> None:
    result = call(*args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert FOUR_PARTS.match(result.stderr), result.stderr


def test_an_unknown_export_is_told_before_anything_is_written(corpus: Path, tmp_path: Path) -> None:
    result = call("export", corpus, "--to", "obelisk", "--out", tmp_path / "x")
    assert result.exit_code == 2
    assert "did you mean obelics?" in result.stderr
    assert not (tmp_path / "x").exists()
    missing = call("export", corpus, "--out", tmp_path / "x")
    assert missing.exit_code == 2
    assert "--to: got none" in missing.stderr


def _is_file(folder: Path) -> Path:
    (folder / "out").write_text("precious")
    return folder / "out"


def _under_file(folder: Path) -> Path:
    return _is_file(folder) / "deeper"


def _others(folder: Path) -> Path:
    (folder / "out").mkdir()
    (folder / "out" / "thesis.tex").write_text("precious")
    return folder / "out"


@pytest.mark.parametrize("make", [_is_file, _under_file, _others])
def test_an_output_that_can_not_be_written_is_wrong_use_and_nothing_there_is_touched(
    tmp_path: Path, here: None, make: Callable[[Path], Path]
) -> None:
    result = call("build", CRAWL, "--out", make(tmp_path), "--scorer", "none")
    assert result.exit_code == 2
    assert FOUR_PARTS.match(result.stderr), result.stderr
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert [p.read_text() for p in files] == ["precious"]


# --- faults that are nobody's wrong use -----------------------------------------------------------------------------


class _Failing:
    """A call of the system that fails at its nth time."""

    def __init__(self, real: Callable[..., Any], at: int, number: int) -> None:
        self.real, self.left, self.number = real, at, number

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise OSError(self.number, os.strerror(self.number), str(args[0]))
        return self.real(*args, **options)


@pytest.mark.parametrize(
    ("point", "at", "number"),
    [("fsync", 3, errno.ENOSPC), ("fsync", 11, errno.EIO), ("replace", 5, errno.EDQUOT), ("replace", 14, errno.EROFS)],
)
def test_a_write_that_fails_half_way_exits_with_1_and_loses_nothing(
    corpus: Path, tmp_path: Path, here: None, monkeypatch: pytest.MonkeyPatch, point: str, at: int, number: int
) -> None:
    out = tmp_path / "out"
    failing = _Failing(getattr(os, point), at, number)
    monkeypatch.setattr(os, point, failing)
    result = call("build", CRAWL, "--out", out, *QUICK)
    monkeypatch.setattr(os, point, failing.real)
    assert failing.left == 0
    assert result.exit_code == 1
    assert FOUR_PARTS.search(result.stderr), result.stderr
    assert os.strerror(number) in result.stderr
    assert "run the same command again" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (out / "manifest.json").exists()
    assert [p.name for p in out.rglob("*.part")] == []
    assert call("report", out).exit_code == 2
    assert call("build", CRAWL, "--out", out, *QUICK).exit_code == 0
    assert contents(out) == contents(corpus)


LIMITED = """
import resource, sys
size = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
from obelics_like.cli import main
main(sys.argv[2:], prog_name="obelics-like")
"""


@pytest.mark.slow
def test_a_limit_on_the_size_of_files_stops_a_run_wherever_it_is_met_and_loses_nothing(
    corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    places = []
    for size in (3_000, 20_000, 200_000):  # met by an index, by a shard of documents, by a pack of pictures
        command = [sys.executable, "-c", LIMITED, str(size), "build", str(CRAWL), "--out", str(out), *QUICK]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert os.strerror(errno.EFBIG) in done.stderr
        places.append(re.search(r"obelics-like: (.*?): got", done.stderr))
        assert not (out / "manifest.json").exists()
    assert len({p and p[1] for p in places}) == 3
    assert shell("build", CRAWL, "--out", out, *QUICK).returncode == 0
    assert contents(out) == contents(corpus)


def test_a_disk_that_is_full_where_no_one_expected_it_is_told_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/some/where")

    monkeypatch.setattr(launch, "build", full)
    result = call("build", CRAWL, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert FOUR_PARTS.match(result.stderr)
    assert "/some/where" in result.stderr


@pytest.mark.parametrize(
    "error",
    [MissingPiece("scorer x", got="no weights", valid="weights", do="fetch them"), DataError("x", got="y", valid="z")],
)
def test_an_error_of_ours_that_is_not_wrong_use_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: ObelicsLikeError
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(launch, "build", fail)
    result = call("build", CRAWL, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.endswith(f"obelics-like: {error}\n")
    assert "Traceback" not in result.stderr


def test_a_model_that_is_not_there_stops_the_run_before_the_first_record(tmp_path: Path, here: None) -> None:
    lacking = f"language.model={tmp_path / 'mine.ftz'}"
    result = call("build", CRAWL, "--out", tmp_path / "out", "--scorer", "none", "--set", lacking)
    assert result.exit_code == 1
    assert FOUR_PARTS.search(result.stderr), result.stderr
    assert "mine.ftz" in result.stderr
    assert not (tmp_path / "out" / "work" / "index").exists()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/a/run.json"), "/a/run.json: got Permission denied; "),
        (DataError("a\x1b[31m\u202e", got="b\nc", valid="d", do="e"), "a\ufffd[31m\ufffd: got b c; valid: d; e\n"),
    ],
)
def test_a_fault_of_files_is_told_in_one_line_that_steers_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, said: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(launch, "build", fail)
    result = call("build", CRAWL, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"obelics-like: {said}")
    assert len(result.stderr.splitlines()) == 1


def test_a_fault_of_the_code_shows_its_traceback_and_asks_to_be_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a page of no size")

    monkeypatch.setattr(launch, "build", fail)
    result = call("build", CRAWL, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert "a page of no size" in result.stderr
    assert "please report it" in result.stderr


def test_broken_archives_exit_with_1_and_are_named(tmp_path: Path, here: None) -> None:
    result = call("build", BROKEN, "--out", tmp_path / "out", *QUICK)
    assert result.exit_code == 1
    assert "truncated.warc.gz: 1 record could not be read whole: the file ends inside the record" in result.stderr
    assert "members.warc.gz: 13 records could not be read whole, the first: 64 NUL bytes at byte 298" in result.stderr
    assert "Traceback" not in result.stderr
    records = result.stderr.splitlines()[-1].removeprefix("obelics-like: each with its place and reason: ")
    assert pq.read_table(records).num_rows > 13
    assert "report: " in result.stdout
    assert call("check", tmp_path / "out").exit_code == 0


def test_of_very_many_broken_archives_the_first_are_named_and_the_others_counted(tmp_path: Path, here: None) -> None:
    given = tmp_path / "in"
    given.mkdir()
    for number in range(22):
        (given / f"{number:02d}.warc.gz").write_bytes(b"no archive at all")
    result = call("build", given, "--out", tmp_path / "out", *QUICK)
    assert result.exit_code == 1
    assert "19.warc.gz: 1 record" in result.stderr
    assert "20.warc.gz" not in result.stderr
    assert "obelics-like: and 2 more of the 22 inputs\n" in result.stderr


def test_of_what_could_not_be_read_no_more_is_looked_at_than_is_told(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(*_: object) -> Iterator[dict[str, str]]:
        for name in ("a", "a", "b"):
            yield {"input": name, "reason": f"cut {name}"}
        raise AssertionError("read on")

    monkeypatch.setattr(Output, "dropped", rows)
    inputs = [{"name": name, "failed": None, "unread": n} for name, n in (("a", 2), ("b", 1), ("c", 0))]
    told = telling.lost({"inputs": inputs, "failures": []}, corpus)
    assert [next(told), next(told)] == [
        "a: 2 records could not be read whole, the first: cut a",
        "b: 1 record could not be read whole: cut b",
    ]


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


HELD = """
import sys
from obelics_like.cli import main
from obelics_like.engines.local import LocalEngine
from tests.engines.tasks_for_tests import never
real = LocalEngine.map
def held(self, task, items, *needs):
    return real(self, never if task.__name__ == "map_shards" else task, items, *needs)
LocalEngine.map = held
main(sys.argv[1:], prog_name="obelics-like")
"""
"""A run whose workers never end what they do once all is scanned: it can't be over before it is stopped."""


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_a_run_that_is_stopped_ends_its_workers_and_says_how_to_go_on(
    corpus: Path, tmp_path: Path, here: None, sent: signal.Signals, code: int
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", HELD, "build", str(CRAWL), "--out", str(out), *QUICK]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    ) as driver:
        deadline = time.monotonic() + 240
        while not list(out.glob("work/index/*.json")) and driver.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        workers = workers_of(driver.pid)
        driver.send_signal(sent)
        _, said = driver.communicate(timeout=120)
    assert driver.returncode == code
    assert "run the same command again" in said
    assert "Traceback" not in said
    assert workers
    assert all(_gone(pid) for pid in workers)
    assert not (out / "manifest.json").exists()
    assert call("build", CRAWL, "--out", out, *QUICK).exit_code == 0
    assert contents(out) == contents(corpus)
