"""obelics_like: interleaved image-text corpora from web archives."""

from obelics_like.document import Document, Drop, Image, Text

__all__ = ["Document", "Drop", "Image", "Text"]
__version__ = "0.1.0"
