"""Names to things: the stages a recipe may use and the forms a corpus may be exported to; it imports none until asked.

Another package adds stages through the entry-point group `obelics_like.stages` and exports through
`obelics_like.exports`, each name pointing to "module:Class".
"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import Any

from obelics_like.errors import MissingPiece, UnknownName
from obelics_like.stage import AnyStage

STAGES = {
    "sources.archive": "obelics_like.sources.archive:Archive",
    "text.page_gate": "obelics_like.text.page_gate:PageGate",
    "extract.nodes": "obelics_like.extraction.nodes:Nodes",
    "language.identify": "obelics_like.language.identify:Identify",
    "text.clean": "obelics_like.text.clean:Clean",
    "text.node_rules": "obelics_like.text.node_rules:NodeRules",
    "text.page_rules": "obelics_like.text.page_rules:PageRules",
    "text.alike": "obelics_like.text.alike:AlikeTexts",
    "text.repeated": "obelics_like.text.repeated:RepeatedTexts",
    "text.counts": "obelics_like.text.counts:Counts",
    "images.url_rules": "obelics_like.images.url_rules:UrlRules",
    "images.archive": "obelics_like.images.archive:ArchiveImages",
    "images.fetch": "obelics_like.images.fetch:FetchImages",
    "images.decode": "obelics_like.images.decode:DecodeImages",
    "images.rules": "obelics_like.images.rules:ImageRules",
    "images.repeated": "obelics_like.images.repeated:RepeatedImages",
    "images.evaluation": "obelics_like.images.evaluation:EvaluationImages",
    "images.unsafe": "obelics_like.images.unsafe:UnsafeImages",
    "images.count": "obelics_like.images.count:CountImages",
    "dedup.url": "obelics_like.dedup.url:SameUrl",
    "dedup.text": "obelics_like.dedup.text:SameText",
    "dedup.minhash": "obelics_like.dedup.minhash:NearDuplicates",
    "dedup.paragraphs": "obelics_like.dedup.paragraphs:SeenParagraphs",
    "dedup.images": "obelics_like.dedup.images:SameImages",
    "align.sentences": "obelics_like.align.sentences:Sentences",
    "align.embed": "obelics_like.align.embed:Embed",
    "align.assign": "obelics_like.align.assign:Assign",
    "align.gate": "obelics_like.align.gate:Gate",
}

EXPORTS = {
    "obelics": "obelics_like.export.obelics:Obelics",
    "mmc4": "obelics_like.export.mmc4:Mmc4",
}


def stage_class(name: str, where: str) -> type[AnyStage]:
    """The class of a stage by its name. Raises UnknownName (with the near ones) naming `where` it was asked for."""
    found: type[AnyStage] = _find(name, where, "obelics_like.stages", STAGES)
    return found


def export_class(name: str, where: str) -> Any:
    """The class of an export form by its name. Raises UnknownName with the near ones."""
    return _find(name, where, "obelics_like.exports", EXPORTS)


def _find(name: str, where: str, group: str, own: dict[str, str]) -> Any:
    places = dict(own)
    if name not in own:  # installed packages are looked through only for a name that is not ours
        places |= {point.name: point.value for point in entry_points(group=group)}
    if name not in places:
        raise UnknownName(where, name, places)
    module, _, attribute = places[name].partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise MissingPiece(
            where, got=f"{name} ({error})", valid="an installed package", do=f"install what provides {module}"
        ) from error
