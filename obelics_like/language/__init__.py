"""Which language a text or a page is in. It loads no model itself: stages get theirs from the run."""

from obelics_like.language.api import identify_language

__all__ = ["identify_language"]
