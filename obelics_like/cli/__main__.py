"""`python -m obelics_like.cli`: the command line where the entry point is not installed."""

from obelics_like.cli.commands import main

main(prog_name="obelics-like")
