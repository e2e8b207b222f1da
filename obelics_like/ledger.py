"""The only counter: what came in, what was kept, what was dropped where and why; ledgers add up with `+`.

It is told of a page when its fate is sealed (dropped, or written), and of a dropped node when it is taken off a page
that goes on, so that nothing can be counted twice.
The law (`breaches`): in = kept + dropped, for records, pages, images and texts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from obelics_like.document import Aside, Document, Drop, Image, Text

KINDS = ("record", "page", "image", "text")


@dataclass(slots=True)
class Ledger:
    """Counts of one task or of a whole run.

    `came` by kind ("record", "page", "image", "text", "image_record"); `kept` by ("document" | "image" | "unresolved" |
    "text", language); `drops` by (stage, rule, kind, language); `sizes` by (measure, language), where a measure is
    "words", "characters" or "tokens:NAME". The language of what has none is "".
    """

    came: Counter[str] = field(default_factory=Counter)
    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    drops: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    sizes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(
            self.came + other.came, self.kept + other.kept, self.drops + other.drops, self.sizes + other.sizes
        )

    def record(self, rule: str | None, stage: str = "sources", count: int = 1) -> None:
        """Count records of the archives; a rule says why they are neither page nor picture."""
        self.came["record"] += count
        if rule is not None:
            self.drops[stage, rule, "record", ""] += count

    def page(self, document: Document) -> None:
        """Count a page whose fate is sealed, with all its nodes."""
        language = document.language.code if document.language else ""
        self.came["page"] += 1
        if document.drop is not None:
            self.drops[document.drop.stage, document.drop.rule, "page", language] += 1
        else:
            self.kept["document", language] += 1
            self._sizes(document, language)
        self._nodes(document.nodes, document.drop, language)
        self._fallen(document.aside, language)

    def lay_down(self, document: Document) -> None:
        """Count the dropped nodes of a page that goes on; they must then be taken off it, or they count twice."""
        language = document.language.code if document.language else ""
        if dropped := [node for node in document.nodes if node.drop is not None]:
            self._nodes(dropped, None, language)
        self._fallen(document.aside, language)

    def _fallen(self, aside: Aside | None, language: str) -> None:
        """Count what lies aside, which no stage could touch."""
        for fallen in aside.fallen if aside is not None else ():
            for name, count in (("image", len(fallen.images)), ("text", len(fallen.texts))):
                if count:
                    self.came[name] += count
                    self.drops[fallen.drop.stage, fallen.drop.rule, name, language] += count

    def _nodes(self, nodes: list[Text | Image], page_drop: Drop | None, language: str) -> None:
        # where all nodes are kept, 160 of 190 share one Drop: they are counted by kind and Drop, and not one by one
        told = [node.drop for node in nodes]
        names = list(map(id, told))
        drops = dict(zip(names, told))
        for (kind, which), count in Counter(zip(map(type, nodes), names)).items():
            name, drop = "image" if issubclass(kind, Image) else "text", drops[which]
            self.came[name] += count
            if drop is not None:
                self.drops[drop.stage, drop.rule, name, language] += count
            elif page_drop is not None:
                self.drops[page_drop.stage, "page_dropped", name, language] += count
            else:
                self.kept[name, language] += count
        if page_drop is None and id(None) in drops:
            unresolved = [n for n in nodes if isinstance(n, Image) and n.drop is None and n.blob is None]
            if unresolved:
                self.kept["unresolved", language] += len(unresolved)

    def _sizes(self, document: Document, language: str) -> None:
        for measure in ("words", "characters"):
            self.sizes[measure, language] += int(document.facts.get(measure, 0))
        for tokenizer, count in document.facts.get("tokens", {}).items():
            self.sizes[f"tokens:{tokenizer}", language] += int(count)

    def total(self, kind: str) -> int:
        """How many of a kind were kept, over all languages."""
        return sum(count for (what, _), count in self.kept.items() if what == kind)

    def dropped(self, kind: str) -> int:
        """How many of a kind were dropped, over all rules."""
        return sum(count for (_, _, what, _), count in self.drops.items() if what == kind)

    def breaches(self) -> list[str]:
        """Each way in which the law does not hold, in words; empty when all is accounted for."""
        sums = {
            "record": self.came["page"] + self.came["image_record"] + self.dropped("record"),
            "page": self.total("document") + self.dropped("page"),
            "image": self.total("image") + self.dropped("image"),
            "text": self.total("text") + self.dropped("text"),
        }
        return [
            f"{kind}s: {self.came[kind]} in, {sums[kind]} accounted for"
            for kind in KINDS
            if self.came[kind] != sums[kind]
        ]

    def to_value(self) -> dict[str, Any]:
        """The ledger as a JSON value."""
        return {
            "came": dict(sorted(self.came.items())),
            "kept": [[*key, n] for key, n in sorted(self.kept.items())],
            "drops": [[*key, n] for key, n in sorted(self.drops.items())],
            "sizes": [[*key, n] for key, n in sorted(self.sizes.items())],
        }

    @classmethod
    def from_value(cls, value: dict[str, Any]) -> Ledger:
        """The inverse of `to_value`."""
        ledger = cls(came=Counter(value["came"]))
        for *key, n in value["kept"]:
            ledger.kept[key[0], key[1]] = n
        for *key, n in value["drops"]:
            ledger.drops[key[0], key[1], key[2], key[3]] = n
        for *key, n in value["sizes"]:
            ledger.sizes[key[0], key[1]] = n
        return ledger
