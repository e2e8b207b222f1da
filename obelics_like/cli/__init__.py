"""The command line, `obelics_like.cli:main`; it loads nothing but click."""

from obelics_like.cli.commands import main

__all__ = ["main"]
