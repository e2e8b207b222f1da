"""The open_clip scorer: its scores are open_clip's own, from a tiny checkpoint with honest random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from obelics_like.errors import InputError, MissingPiece, OptionError, UnknownName

pytestmark = pytest.mark.clip
torch = pytest.importorskip("torch", reason="needs the extra clip: pip install 'obelics-like[clip]'")
open_clip = pytest.importorskip("open_clip", reason="needs the extra clip: pip install 'obelics-like[clip]'")

from obelics_like.models.clip import OpenClip  # noqa: E402
from obelics_like.models.scorers import load  # noqa: E402

TINY = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
SENTENCES = [
    "A cat.",
    "",
    "Two dogs run along the beach in the evening light, and a child runs after them.",
    "word " * 200,
    "Ein Satz mit Umlauten: äöü. 猫",
    "a",
] + [f"sentence number {i} of many" for i in range(80)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model config and a checkpoint of it, as a user with a model of their own would have them."""
    folder = tmp_path_factory.mktemp("clip")
    (folder / "tiny-test.json").write_text(json.dumps(TINY))
    open_clip.add_model_config(folder / "tiny-test.json")
    torch.manual_seed(7)
    model = open_clip.create_model("tiny-test")
    torch.save(model.state_dict(), folder / "tiny.pt")
    return folder


@pytest.fixture(scope="module")
def scorer(folder: Path) -> Any:
    return load(f"open_clip:{folder}/tiny-test.json/{folder}/tiny.pt")


@pytest.fixture(scope="module")
def reference(folder: Path) -> tuple[Any, Any, Any]:
    model, preprocess = open_clip.create_model_from_pretrained("tiny-test", pretrained=str(folder / "tiny.pt"))
    return model.eval(), preprocess, open_clip.get_tokenizer("tiny-test")


def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(3)
    sizes = [(40, 30), (32, 32), (17, 90), (200, 150)] * 10
    return [Image.fromarray(rng.integers(0, 256, (h, w, 3), dtype=np.uint8)) for w, h in sizes]


def test_pictures_as_open_clip_encodes_them(scorer: Any, reference: tuple[Any, Any, Any]) -> None:
    model, preprocess, _ = reference
    with torch.no_grad():
        expected = model.encode_image(torch.stack([preprocess(p) for p in pictures()]), normalize=True).numpy()
    found = scorer.embed_images(iter(pictures()))
    assert found.shape == (40, scorer.dimensions)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_sentences_as_open_clip_encodes_them(scorer: Any, reference: tuple[Any, Any, Any]) -> None:
    model, _, tokenizer = reference
    with torch.no_grad():
        expected = model.encode_text(tokenizer(SENTENCES), normalize=True).numpy()
    assert scorer._load()._trims, "the standard text tower is to be trimmed"
    np.testing.assert_allclose(scorer.embed_sentences(SENTENCES, ["en"] * len(SENTENCES)), expected, atol=1e-5)


def test_scores_as_open_clips(scorer: Any, reference: tuple[Any, Any, Any]) -> None:
    model, preprocess, tokenizer = reference
    with torch.no_grad():
        images = model.encode_image(torch.stack([preprocess(p) for p in pictures()]), normalize=True)
        expected = (images @ model.encode_text(tokenizer(SENTENCES), normalize=True).T).numpy()
    found = scorer.embed_images(pictures()) @ scorer.embed_sentences(SENTENCES, ["en"] * len(SENTENCES)).T
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("text_cfg", [{"no_causal_mask": True}, {"pool_type": "last"}, {"pool_type": "first"}])
def test_a_tower_that_cannot_be_trimmed_is_not(tmp_path: Path, text_cfg: dict[str, Any]) -> None:
    name = f"tiny-{next(iter(text_cfg))}-{next(iter(text_cfg.values()))}".lower()
    (tmp_path / f"{name}.json").write_text(json.dumps({**TINY, "text_cfg": {**TINY["text_cfg"], **text_cfg}}))
    open_clip.add_model_config(tmp_path / f"{name}.json")
    torch.manual_seed(8)
    model = open_clip.create_model(name).eval()
    torch.save(model.state_dict(), tmp_path / "net.pt")
    scorer = OpenClip(f"{name}.json/{tmp_path}/net.pt".replace(name, f"{tmp_path}/{name}", 1))
    with torch.no_grad():
        expected = model.encode_text(open_clip.get_tokenizer(name)(SENTENCES), normalize=True).numpy()
    np.testing.assert_allclose(scorer.embed_sentences(SENTENCES, ["en"] * len(SENTENCES)), expected, atol=1e-5)
    assert not scorer._load()._trims


def test_local_dir(folder: Path, reference: tuple[Any, Any, Any], tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY, "preprocess_cfg": {}}))
    (tmp_path / "open_clip_pytorch_model.bin").write_bytes((folder / "tiny.pt").read_bytes())
    scorer = load(f"open_clip:local-dir:{tmp_path}")
    model, _, tokenizer = reference
    with torch.no_grad():
        expected = model.encode_text(tokenizer(["A cat."]), normalize=True).numpy()
    np.testing.assert_allclose(scorer.embed_sentences(["A cat."], ["en"]), expected, atol=1e-5)
    assert scorer.name.startswith(f"open_clip:local-dir:{tmp_path.name}@")
    assert str(tmp_path) not in scorer.name


def test_the_name_tells_the_file_and_its_digest_but_no_folder(scorer: Any, folder: Path) -> None:
    import hashlib

    digest = hashlib.sha256((folder / "tiny.pt").read_bytes()).hexdigest()
    assert scorer.name == f"open_clip:tiny-test/tiny.pt@{digest[:12]}"


def test_made_without_loading(folder: Path) -> None:
    made = OpenClip(f"ViT-B-32//{folder}/tiny.pt")
    assert made.dimensions == 512
    assert made._loaded is None


@pytest.mark.parametrize(
    ("arch", "served", "not_served"),
    [
        ("ViT-B-32", ["en", "en-GB"], ["de", "und", ""]),
        ("xlm-roberta-base-ViT-B-32", ["en", "de", "zh-TW", "nb"], ["und", "yo", ""]),
        ("ViT-B-16-SigLIP2", ["fr"], ["und"]),
        ("ViT-B-16-SigLIP", ["en"], ["fr"]),
        ("roberta-ViT-B-32", ["en"], ["fr"]),
        ("nllb-clip-base", ["en"], ["fr"]),
    ],
)
def test_served_languages(folder: Path, arch: str, served: list[str], not_served: list[str]) -> None:
    made = OpenClip(f"{arch}/{folder}/tiny.pt")
    assert all(map(made.serves, served))
    assert not any(map(made.serves, not_served))


def test_nothing_in_nothing_out(scorer: Any) -> None:
    assert scorer.embed_images([]).shape == (0, 32)
    assert scorer.embed_sentences([], []).shape == (0, 32)


def test_unknown_architecture_gets_the_near_ones(folder: Path) -> None:
    with pytest.raises(UnknownName, match="ViT-B-32"):
        OpenClip(f"ViT-B32/{folder}/tiny.pt")


@pytest.mark.parametrize("spec", ["ViT-B-32", "/tiny.pt", "ViT-B-32/", ""])
def test_a_spec_without_weights_is_refused(spec: str) -> None:
    with pytest.raises(OptionError, match="slash"):
        OpenClip(spec)


@pytest.mark.parametrize("spec", ["ViT-B-32/no/such.pt", "ViT-B-32//no/such/file", "/no/config.json/tiny.pt"])
def test_a_path_that_is_not_there(spec: str) -> None:
    with pytest.raises(InputError, match="path"):
        OpenClip(spec)


def test_an_unknown_tag_names_the_known() -> None:
    with pytest.raises(UnknownName, match="laion2b_s34b_b79k"):
        OpenClip("ViT-B-32/laion2b", offline=True).prepare()


def test_a_tag_that_is_not_cached_is_not_fetched_offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(MissingPiece, match="give its path"):
        OpenClip("ViT-B-32/laion2b_s34b_b79k", offline=True).prepare()


def test_a_checkpoint_of_another_model(folder: Path) -> None:
    with pytest.raises(MissingPiece, match="can't be loaded"):
        OpenClip(f"ViT-B-32/{folder}/tiny.pt").prepare()


def test_a_checkpoint_that_runs_code_is_refused(folder: Path, tmp_path: Path) -> None:
    import os

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'was-run'}",)

    torch.save({"state_dict": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(MissingPiece, match="can't be loaded"):
        OpenClip(f"{folder}/tiny-test.json/{tmp_path}/evil.pt").prepare()
    assert not (tmp_path / "was-run").exists()
