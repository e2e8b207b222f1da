"""The shell scripts a newcomer runs: they parse, stop at the first error, and set up once and no more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ("pipelines/sample.sh", "pipelines/setup.sh", "tests/run.sh", ".ci/run")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_parses(script: str) -> None:
    done = subprocess.run(["bash", "-n", str(ROOT / script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("script", [s for s in SCRIPTS if s != "pipelines/setup.sh"])
def test_a_script_stops_at_the_first_error_and_starts_from_the_checkout(script: str) -> None:
    text = (ROOT / script).read_text("utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail\n" in text
    assert 'cd "$(dirname "$0")/.."\n' in text


PYTHON = f"""#!/usr/bin/env bash
# the .venv's python: what pip is asked for is written down, all else is done
if [ "$1 $2" = "-m pip" ]; then echo "$@" >> "$LOG"; exit "${{PIP_FAILS:-0}}"; fi
exec {sys.executable} "$@"
"""
COMMAND = """#!/usr/bin/env bash
echo "obelics-like $@" >> "$LOG"
exit "${FETCH_FAILS:-0}"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose .venv only writes down what it is asked to do."""
    (tmp_path / "pipelines").mkdir()
    shutil.copy(ROOT / "pipelines" / "setup.sh", tmp_path / "pipelines")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for name, text in (("python", PYTHON), ("obelics-like", COMMAND)):
        (binaries / name).write_text(text)
        (binaries / name).chmod(0o755)
    return tmp_path


def set_up(checkout: Path, extras: str = "", **environment: str) -> tuple[int, list[str], str]:
    """(exit code, what was asked for, what was said) of one `set_up`."""
    log = checkout / "log"
    log.write_text("")
    command = f'set -euo pipefail; . pipelines/setup.sh; set_up "{extras}"; echo went on'
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=checkout,
        env=os.environ | {"PYTHON": sys.executable, "LOG": str(log)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == ("went on" in done.stdout)
    return done.returncode, log.read_text().splitlines(), done.stdout + done.stderr


def test_it_installs_once_and_again_only_when_the_project_changed(checkout: Path) -> None:
    code, asked, _ = set_up(checkout, "dev")
    assert code == 0
    assert [line.split()[-1] for line in asked] == [".[dev]", "lid176"]
    code, asked, _ = set_up(checkout, "dev")
    assert (code, asked) == (0, ["obelics-like models fetch lid176"])
    (checkout / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert [line.split()[-1] for line in set_up(checkout, "dev")[1]] == [".[dev]", "lid176"]


def test_other_extras_are_installed_too(checkout: Path) -> None:
    set_up(checkout)
    assert [line.split()[-1] for line in set_up(checkout, "clip,dev")[1]] == [".[clip,dev]", "lid176"]


def test_a_failed_installation_is_not_taken_for_done(checkout: Path) -> None:
    code, asked, _ = set_up(checkout, PIP_FAILS="1")
    assert code != 0
    assert len(asked) == 1
    assert [line.split()[-1] for line in set_up(checkout)[1]] == [".", "lid176"]


def test_a_model_that_can_not_be_fetched_stops_it(checkout: Path) -> None:
    assert set_up(checkout, FETCH_FAILS="1")[0] != 0


@pytest.mark.parametrize("version", ["(3, 10, 13)", "(3, 14, 0)"])
def test_a_python_of_another_version_is_told_with_the_way_out(checkout: Path, version: str) -> None:
    other = checkout / "python"
    code = (
        f"import sys; sys.version_info = {version}; sys.version = '.'.join(map(str, {version})); exec(sys.stdin.read())"
    )
    other.write_text(f'#!/usr/bin/env bash\nexec {sys.executable} -c "{code}"\n')
    other.chmod(0o755)
    status, asked, said = set_up(checkout, PYTHON=str(other))
    assert status != 0
    assert asked == []
    assert "3.11, 3.12 or 3.13" in said
    assert "PYTHON=" in said
