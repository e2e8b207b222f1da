"""Finding a scorer by its spec: what there is, what there is not, and what to do then."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from obelics_like.errors import MissingPiece, UnknownName
from obelics_like.models.scorers import load


def test_label_bridge() -> None:
    scorer = load("label-bridge")
    assert (scorer.name, scorer.dimensions) == ("label-bridge", 512)


@pytest.mark.parametrize("spec", ["labelbridge", "none", "", "clip", "openclip:ViT-B-32/openai", "open_clip"])
def test_an_unknown_spec_names_the_known(spec: str) -> None:
    with pytest.raises(UnknownName, match="label-bridge") as caught:
        load(spec)
    assert caught.value.do


def test_a_misspelt_spec_is_recognised() -> None:
    with pytest.raises(UnknownName, match="did you mean label-bridge"):
        load("label_bridge")


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed here")
@pytest.mark.parametrize(
    "spec", ["open_clip:ViT-B-32/openai", "open_clip:ViT-B-32//home/someone/net.pt", "open_clip:x"]
)
def test_open_clip_without_its_extra_comes_with_the_install_line(spec: str) -> None:
    with pytest.raises(MissingPiece, match=r"pip install 'obelics-like\[clip\]'") as caught:
        load(spec)
    assert "someone" not in str(caught.value)
