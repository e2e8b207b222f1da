"""The two shapes of stage, and nothing else: what marks pages one by one, and what must see them all.

A stage is a frozen dataclass whose fields are its options. It measures and marks; it never deletes, counts, logs or
writes: the run notices the new marks and accounts for them. It declares the `rules` it may drop by and the `facts` it
may set; anything undeclared is an error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.document import Blob, Document, Drop, Origin
from obelics_like.errors import OptionError, StageError

if TYPE_CHECKING:
    import pyarrow as pa

    from obelics_like.rows import Rows

Batch = list[Document]


def _none(*_: Any) -> Any:
    raise StageError("this run gave its stages no such service")


@dataclass(slots=True)
class Context:
    """What a stage may ask of the run when it is opened in a worker.

    `images` holds the sources that pictures may come from ("warc", "page", "web"), empty for `--images none`. `scorer`
    is the scorer's spec or None. `offline` forbids any connection. `scratch` is a folder the stage may write under,
    shared by all workers. `model(spec)` loads a model once a worker; `find_image(url, origin)` names the records that
    hold the picture, best first; `read_blob(blob)` gives a picture's bytes (raises OSError if they are gone).
    """

    images: frozenset[str] = frozenset()
    scorer: str | None = None
    offline: bool = False
    scratch: Path = Path(".")
    model: Callable[[str], Any] = _none
    find_image: Callable[[str, Origin], list[Blob]] = _none
    read_blob: Callable[[Blob], bytes] = _none


@dataclass(frozen=True)
class AnyStage:
    """What both shapes share. `id` is the stage's name in the recipe, unique there; it is no option."""

    id: str = field(default="", kw_only=True)

    rules: ClassVar[dict[str, str]] = {}
    """Rule name to one line that says what is wrong with what it drops."""
    facts: ClassVar[dict[str, str]] = {}
    """Name of each fact that it may set on documents or nodes, to one line with its unit."""

    def open(self, context: Context) -> Any:
        """Load what the stage needs, once in each worker; the result is handed back as `opened`."""
        return None

    def active(self, context: Context) -> bool:
        """Whether the stage has anything to do in this run; a stage over pixels has not, when none may be read."""
        return True

    def needs(self, context: Context) -> dict[str, float]:
        """What a worker holds while it does the stage, beside a processor: "gpu" (a share of one; it asks for nothing
        where there is none), "memory" (MB), "cpu" where it is more than one."""
        return {}

    def check(self) -> None:
        """Raise OptionError where the options contradict one another; called once, when the recipe is loaded."""

    def not_negative(self, *names: str) -> None:
        """Raise OptionError for one of these options, which count something, that is below 0."""
        for name in names:
            value = getattr(self, name)
            if value is not None and value < 0:
                do = "correct it, or leave it out to turn the rule off"
                raise OptionError(f"option {self.id}.{name}", got=value, valid="0 or more", do=do)

    def drop(self, rule: str, value: float | int | str | None = None, limit: float | int | str | None = None) -> Drop:
        """A Drop in this stage's name; an undeclared rule is a StageError."""
        if rule not in self.rules:
            raise StageError(f"stage {self.id}", got=f"rule {rule!r}", valid=", ".join(self.rules))
        return Drop(self.id, rule, value, limit)


@dataclass(frozen=True)
class Stage(AnyStage, ABC):
    """Marks documents one by one: same documents, same order; it may set facts, blobs, languages and first drops.

    The result for a document may not depend on its batch; a batch exists so that models can be fed well. Documents
    that are dropped already are not handed in, and nodes that are dropped are to be left alone. A stage that makes
    nodes and drops most of them at once may lay these in the document's `aside`, if it has one.
    """

    @abstractmethod
    def process(self, batch: Batch, opened: Any) -> Batch: ...


@dataclass(frozen=True)
class Step:
    """A piece of a decision that several workers take: part `part` of `parts` of what `name` says.

    `told` is what it must know of the steps before it: numbers and texts, as JSON has them. A `last` one gives drops.
    """

    name: str
    part: int = 0
    parts: int = 1
    told: dict[str, Any] = field(default_factory=dict)
    last: bool = False


Plan = Generator[list[Step], list[dict[str, Any]], list[str]]
"""Gives steps that may be done side by side, is sent what each of them said, and gives the next; at the end, notes."""


@dataclass(frozen=True)
class DocumentStage(AnyStage, ABC):
    """Drops whole documents, having seen a row of every one (URL, exact and near duplicates).

    `collect` gives one row a document, in the batch's order, without the column `doc`, which the run adds: the page's
    ordinal (uint64). `decide` reads the rows of all documents that are still alive, through `rows`, and yields tables
    with the columns doc (uint64), rule (string), value (string or null), limit (string or null): one row for each
    document to drop. It must not depend on the order of the rows, nor on how `rows` cuts them; what it holds at a time
    is to stay within `rows.memory`. Documents that it does not name are kept.

    `keyed`: rows of unlike `key` (16 bytes, or null for a row that is like no other) have nothing to do with each
    other, and `decide` reads them by `rows.by_key`; the run may then hand ranges of keys to several workers.

    index: a folder in which each run leaves the rows of what its corpus holds, and finds those of the runs before it:
        pages that one of these kept go. It may be new; each stage needs one of its own. A run is known by its output
        folder and never held against itself, so that it can be resumed or run again.
    """

    index: str | None = field(default=None, kw_only=True)

    keyed: ClassVar[bool] = False

    def remembers(self) -> tuple[str, ...]:
        """The columns that an index holds; `id` is one of them."""
        return ("key", "id", "first")

    def fits(self) -> dict[str, Any]:
        """What two runs must agree on, beside the stage, so that the rows of one mean something to the other."""
        return {}

    def plan(self, memory: int) -> Plan | None:
        """How many workers may share a decision, each within `memory`; None: one does all, by `decide`.

        It must come to what `decide` does, whatever `memory` is.
        """
        return None

    def take_step(self, step: Step, rows: Rows, folder: Path) -> tuple[dict[str, Any], list[Path]]:
        """Do a step that is not a last one: what the plan is to be sent of it, and the files it left in `folder`."""
        raise StageError(f"stage {self.id}", got=f"step {step.name}", valid="no steps: it has no plan")

    def last_step(self, step: Step, rows: Rows, folder: Path) -> Iterator[pa.Table]:
        """The drops of a last step, as `decide` yields them; `folder` holds what the steps before it left."""
        raise StageError(f"stage {self.id}", got=f"step {step.name}", valid="no steps: it has no plan")

    @abstractmethod
    def collect(self, batch: Batch, opened: Any) -> pa.Table: ...

    @abstractmethod
    def decide(self, rows: Rows, opened: Any) -> Iterator[pa.Table]: ...


@dataclass(frozen=True)
class ThingStage(AnyStage, ABC):
    """Does a job once for each distinct thing (a picture to fetch, decode or embed), wherever it occurs.

    `collect` gives rows with the columns `key` (string: what makes the thing distinct), `bucket` (string: rows of one
    bucket are done by one worker, in the order of their keys; a host, an archive) and whatever the job needs. Of rows
    with an equal key the run takes that of the earliest page, whatever the shards and workers, but the result may not
    depend on which: two places of the same bytes are one picture. `decide` gets each key once, sorted by key, and
    returns one row a key (column `key` and its results): a missing one is an error. `apply` marks the documents with
    the results: `verdict` maps keys to result rows as dictionaries and raises StageError on a key it does not know.

    `counted`: the things are only counted. Of rows with an equal key the run adds up the column `count` (int64), and
    `decide` returns rows for those things alone about which something is to be done; `verdict` gives an empty row for
    all others, since nothing is applied before everything is decided.
    """

    counted: ClassVar[bool] = False

    @abstractmethod
    def collect(self, batch: Batch, opened: Any) -> pa.Table: ...

    @abstractmethod
    def decide(self, rows: pa.Table, opened: Any) -> pa.Table: ...

    @abstractmethod
    def apply(self, batch: Batch, verdict: Callable[[list[str]], list[dict[str, Any]]], opened: Any) -> Batch: ...
