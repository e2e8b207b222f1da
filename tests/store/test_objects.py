"""An address of an object store that can't be opened is told, whatever the library behind it raises."""

from __future__ import annotations

import pytest

from obelics_like.errors import MissingPiece
from obelics_like.store.objects import Objects


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nowhere://x", "Protocol not known"),
        ("dbfs://x/y", "TypeError: .*'instance' and 'token'"),
        ("dir://x/y", "AttributeError"),
        ("cached://x/y", "target_protocol"),
    ],
)
def test_an_address_that_can_not_be_opened_is_told(address: str, said: str) -> None:
    with pytest.raises(MissingPiece, match=f"--out {address}: got .*{said}.*; valid: .*; set up"):
        Objects(f"{address}/", "--out")
