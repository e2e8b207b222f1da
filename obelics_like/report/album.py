"""Pictures as small data URIs, within a budget of bytes for the whole page; what may be shown is decided here.

A kept picture has passed the recipe. A picture of a dropped page is shown only if it passed too: it is one of the kept
ones, or it was scored and stayed. Anything else might be what the rules are there to keep out.
"""

from __future__ import annotations

import base64
import hashlib
import io

import pyarrow.parquet as pq

from obelics_like.document import Blob, Document, Image
from obelics_like.report.reread import find_picture, read_picture
from obelics_like.store.folder import Output
from obelics_like.store.tables import reading

SIDE = 320
"""Longest side of a thumbnail, in pixels."""

BUDGET = 2_400_000
"""Characters of all data URIs together; a thumbnail has about 20,000."""


class Album:
    """Makes thumbnails until the budget is spent."""

    def __init__(self, output: Output) -> None:
        self.output, self.left = output, BUDGET

    def kept(self, image: Image) -> str | None:
        """The data URI of a kept picture, or None if it has no bytes, they are gone, or the budget is spent."""
        if self.left <= 0 or image.blob is None or image.blob.place.kind != "pack" or not image.blob.place.path:
            return None
        try:
            return self._thumbnail(self.output.picture(image.blob))
        except OSError:
            return None

    def dropped(self, image: Image, document: Document) -> str | None:
        """The data URI of a picture of a dropped page, if it is known to have passed the rules."""
        if image.drop is not None or self.left <= 0:
            return None
        try:
            blob = image.blob or self._found(image, document)
            if blob is None:
                return None
            data = read_picture(self.output, blob)
        except Exception:  # archives may be gone, changed or damaged, the index of a later version
            return None
        scored = "nsfw" in image.facts and image.blob is not None
        return self._thumbnail(data) if scored or self._is_kept(hashlib.sha256(data).hexdigest()) else None

    def _found(self, image: Image, document: Document) -> Blob | None:
        for url in [image.url, *image.facts.get("alternatives", ())][:4]:
            if blob := find_picture(self.output, url, document):
                return blob
        return None

    def _is_kept(self, digest: str) -> bool:
        for path in self.output.paths("images", "index"):
            with reading(path):
                if pq.read_table(path, columns=["sha256"], filters=[("sha256", "=", digest)]).num_rows:
                    return True
        return False

    def _thumbnail(self, data: bytes) -> str | None:
        from PIL import Image as Pillow

        from obelics_like.pixels import PixelError, open_rgb

        try:
            picture = open_rgb(data, SIDE)
        except PixelError:
            return None
        picture.thumbnail((SIDE, SIDE), Pillow.Resampling.LANCZOS)
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=78, optimize=True, progressive=True)
        uri = "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
        if len(uri) > self.left:
            self.left = 0
            return None
        self.left -= len(uri)
        return uri
