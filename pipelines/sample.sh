#!/usr/bin/env bash
# The first command: sets up, builds a corpus from the samples, prints its tables and names its report.
# Needs Python 3.11 to 3.13 with pip, nothing else; no torch, no account, nothing but packages is fetched.
set -euo pipefail
cd "$(dirname "$0")/.."
. pipelines/setup.sh
set_up ""
.venv/bin/python samples/make.py
.venv/bin/obelics-like build samples/crawl --out out/samples "$@"
