"""What a spec of the scorer open_clip says, read without importing open_clip or torch.

It loads no weights; it looks at the spec, at the model configs that open_clip ships, and at local files.
"""

from __future__ import annotations

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from obelics_like.errors import InputError, OptionError, UnknownName

_SCHEMES = ("hf-hub:", "local-dir:")
_CHECKPOINTS = (".pt", ".pth", ".bin", ".safetensors", ".ckpt", ".npz", ".npy")
_MULTILINGUAL = ("xlm-roberta", "xlm-v", "mt5", "i18n", "siglip2")
# CC-100, which XLM-R was trained on (arXiv 1911.02116, appendix A), by primary subtag; no is also nb and nn, tl fil
_CC100 = """
af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fil fr fy ga gd gl gu ha he hi hr hu hy id is it ja
jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my nb ne nl nn no om or pa pl ps pt ro ru sa sd si sk sl so sq sr
su sv sw ta te th tl tr ug uk ur uz vi xh yi zh
"""


def parse(spec: str) -> tuple[str, str | None]:
    """The architecture and the weights, of "ARCH/PRETRAINED", "CONFIG.json/PRETRAINED" or a scheme of open_clip's."""
    if spec.startswith(_SCHEMES):
        return spec, None
    if ".json/" in spec:
        arch, _, pretrained = spec.partition(".json/")
        arch += ".json"
    else:
        arch, _, pretrained = spec.partition("/")
    if not arch or not pretrained:
        raise OptionError(
            "scorer",
            got=f"open_clip:{spec}",
            valid="open_clip:ARCH/PRETRAINED-or-path",
            do="name the weights after a slash: open_clip:ViT-B-32/laion2b_s34b_b79k, open_clip:ViT-B-32//path/file.pt",
        )
    if is_path(pretrained) and not Path(pretrained).is_file():
        raise InputError(
            "scorer open_clip, checkpoint",
            got=f"no such file: {pretrained}",
            valid="a tag of open_clip or the path of a checkpoint",
            do="correct the path",
        )
    return arch, pretrained


def is_path(pretrained: str) -> bool:
    """Whether the weights are named by a path, and not by one of open_clip's tags."""
    return "/" in pretrained or pretrained.endswith(_CHECKPOINTS)


def config_of(arch: str) -> dict[str, Any]:
    """The model's config as open_clip ships it, read without importing it; empty for what only the hub knows."""
    if arch.startswith("hf-hub:"):
        return {}
    if arch.startswith("local-dir:"):
        return dict(_read(Path(arch.removeprefix("local-dir:")) / "open_clip_config.json").get("model_cfg", {}))
    if arch.endswith(".json"):
        return _read(Path(arch))
    found = find_spec("open_clip")
    assert found is not None
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0]) / "model_configs"
    if not (folder / f"{arch}.json").is_file():
        raise UnknownName("scorer open_clip, architecture", arch, [path.stem for path in folder.glob("*.json")])
    return _read(folder / f"{arch}.json")


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError(
            "scorer open_clip, model config",
            got=f"{path}: {error}",
            valid="a JSON file with embed_dim, vision_cfg and text_cfg",
            do="correct the path or the file",
        ) from None


def without_folders(spec: str) -> str:
    """A spec without the folders of this machine."""
    arch, slash, rest = spec.partition(".json/") if ".json/" in spec else spec.partition("/")
    return f"{Path(arch).name}{slash}{Path(rest).name}" if slash and not spec.startswith("hf-hub:") else spec


def name_of(arch: str, pretrained: str | None) -> str:
    """What the corpus says of the model: no path, but for a local file its name and the start of its sha256."""
    if arch.startswith("local-dir:"):
        folder = Path(arch.removeprefix("local-dir:"))
        weights = sorted(path for path in folder.iterdir() if path.suffix in _CHECKPOINTS)
        return f"local-dir:{folder.name}" + (f"@{_digest(*weights)}" if weights else "")
    model = Path(arch).stem if arch.endswith(".json") else arch
    if pretrained is None or not is_path(pretrained):
        return f"{model}/{pretrained}" if pretrained else model
    return f"{model}/{Path(pretrained).name}@{_digest(Path(pretrained))}"


def _digest(*paths: Path) -> str:
    """The start of the sha256 of the files one after another."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                whole.update(block)
    return whole.hexdigest()[:12]


def languages_of(arch: str, config: dict[str, Any]) -> frozenset[str]:
    """The primary subtags that the text tower was made for, judged by its tokenizer: English, or those of CC-100."""
    text = config.get("text_cfg", {})
    tower = f"{arch} {text.get('hf_tokenizer_name', '')} {text.get('hf_model_name', '')}".lower()
    return frozenset(_CC100.split() if any(mark in tower for mark in _MULTILINGUAL) else ("en",))
