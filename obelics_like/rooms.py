"""Where the data rooms beside the package lie: in the wheel, or in the checkout. It reads none of them."""

from __future__ import annotations

from pathlib import Path

from obelics_like.errors import DataError

_PACKAGE = Path(__file__).resolve().parent


def room(name: str) -> Path:
    """The folder of the data room `name` ("pipelines/recipes", "langid_models").

    A wheel carries the rooms inside the package, a checkout beside it; both are tried in that order.
    Raises DataError if neither is there.
    """
    places = (_PACKAGE / "_rooms" / name, _PACKAGE.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise DataError(
        f"data room {name}", got="no such folder", valid=" or ".join(map(str, places)), do="reinstall obelics-like"
    )
