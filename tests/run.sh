#!/usr/bin/env bash
# The second command: sets up and passes the tests.   bash tests/run.sh [--core] [pytest arguments]
# --core leaves out torch and what needs it. Slow, gate and browser tests are left to .ci/run (OBELICS_LIKE_ALL_TESTS=1).
set -euo pipefail
cd "$(dirname "$0")/.."
. pipelines/setup.sh
extras="clip,dev"
[ "${1:-}" = "--core" ] && { extras="dev"; shift; }
set_up "$extras"
.venv/bin/python samples/make.py
marks="not gate and not browser and not slow"
[ -n "${OBELICS_LIKE_ALL_TESTS:-}" ] && marks=""
[ "$extras" = "dev" ] && marks="${marks:+$marks and }not clip"
export OMP_NUM_THREADS=1
exec .venv/bin/python -m pytest ${marks:+-m "$marks"} "$@"
