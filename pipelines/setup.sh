# Sets up .venv beside the checkout and the language model; sourced by sample.sh and tests/run.sh, which give the extras.
# usage: set_up EXTRAS   (EXTRAS as in pip install -e ".[EXTRAS]", may be empty)
# It is quick when nothing changed: a stamp in .venv remembers what was installed, from which pyproject.toml and which C.

set_up() {
  local extras="${1:-}" python="${PYTHON:-python3}" target="." stamp want
  "$python" - <<'PY' || return 1
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(f"python {sys.version.split()[0]} found; obelics-like needs 3.11, 3.12 or 3.13: set PYTHON=/path/to/python3.11")
PY
  [ -n "$extras" ] && target=".[$extras]"
  [ -x .venv/bin/python ] || { echo "setting up .venv"; "$python" -m venv .venv || return 1; }
  stamp=".venv/stamp-${extras:-core}"
  want="$(.venv/bin/python -c '
import glob, hashlib, sys
files = ["pyproject.toml", *sorted(glob.glob("obelics_like/native/*.[ch]"))]
print(hashlib.sha256(b"".join(open(f, "rb").read() for f in files)).hexdigest(), sys.version.split()[0])')"
  if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then
    echo "installing obelics-like${extras:+ with $extras} (a minute or two, once)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -e "$target" || return 1
    echo "$want" > "$stamp"
  fi
  .venv/bin/obelics-like models fetch lid176 > /dev/null || return 1
}
