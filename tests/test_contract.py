"""What every stage promises, held against each stage of each recipe, unasked: see obelics_like/stage.py."""

from __future__ import annotations

import copy
import pickle
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import pyarrow as pa
import pytest

from obelics_like.document import Document
from obelics_like.errors import OptionError, StageError
from obelics_like.exchange import Verdict, thing_rows, thing_verdict, write_table
from obelics_like.plan import described
from obelics_like.recipe import load_recipe, recipe_names
from obelics_like.registry import STAGES, stage_class
from obelics_like.rows import Rows
from obelics_like.rows import tables as rows_as
from obelics_like.stage import AnyStage, Context, DocumentStage, Stage, ThingStage
from tests import fakes

RECIPES = ("default", "obelics", "mmc4")
CASES = [
    pytest.param(recipe, n, id=f"{recipe}-{n}") for recipe in RECIPES for n in range(len(load_recipe(recipe).stages))
]
ARCHIVE = fakes.FakeArchive(
    {f"https://example.org/{n}.png": fakes.picture(c) for n, c in (("a", "navy"), ("b", "green"))}
)


def _context(tmp_path: Path) -> Context:
    return fakes.context(tmp_path, ARCHIVE)


def _run(stage: AnyStage, documents: list[Document], context: Context, batch: int = 64) -> None:
    """A stage over documents, as the run would do it."""
    opened = stage.open(context)
    alive = [d for d in documents if d.drop is None]
    parts = [alive[n : n + batch] for n in range(0, len(alive), batch)]
    if isinstance(stage, Stage):
        for part in parts:
            out = stage.process(part, opened)
            assert [id(d) for d in out] == [id(d) for d in part]
    elif isinstance(stage, DocumentStage):
        tables = [stage.collect(part, opened) for part in parts]
        if tables:
            rows = pa.concat_tables(tables).append_column(
                "doc", pa.array([d.origin.ordinal for d in alive], pa.uint64())
            )
            named = {r["doc"]: r for table in stage.decide(Rows(rows_as([rows])), opened) for r in table.to_pylist()}
            for d in alive:
                if row := named.get(d.origin.ordinal):
                    d.drop = stage.drop(row["rule"], row["value"], row["limit"])
    elif isinstance(stage, ThingStage):
        verdict = _verdict(stage, [stage.collect(part, opened) for part in parts], opened, context.scratch)
        for part in parts:
            stage.apply(part, verdict, opened)


def _verdict(stage: ThingStage, tables: list[pa.Table], opened: Any, scratch: Path) -> Any:
    if not tables:
        return lambda keys: []
    rows = thing_rows(tables, stage.counted)
    assert {"key", "bucket"} <= set(rows.column_names)
    if not rows.num_rows and not stage.counted:
        return lambda keys: []
    path = scratch / f"{stage.id}-verdict.arrow"
    rows = rows.sort_by("key")
    write_table(thing_verdict(rows, stage.decide(rows, opened), stage.id, stage.counted), path)
    return Verdict([path], stage.id, stage.counted)


def _before(recipe: str, number: int, context: Context) -> list[Document]:
    """Documents as they stand before a stage of a recipe."""
    documents = fakes.documents()
    for stage in load_recipe(recipe).stages[1:number]:
        if stage.active(context):
            _run(stage, documents, context)
    return documents


@pytest.mark.parametrize(("recipe", "number"), CASES)
def test_options_are_plain_documented_and_picklable(recipe: str, number: int) -> None:
    stage = load_recipe(recipe).stages[number]
    assert pickle.loads(pickle.dumps(stage)) == stage
    values = {f.name: getattr(stage, f.name) for f in fields(stage)}
    assert type(stage)(**values) == stage
    assert described(stage) == described(copy.deepcopy(stage))
    documentation = type(stage).__doc__ or ""
    for field in fields(stage):
        assert field.name == "id" or re.search(rf"\b{field.name}\b", documentation), f"{field.name} is not documented"
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", rule) for rule in stage.rules)
    assert all(said for said in [*stage.rules.values(), *stage.facts.values()])
    with pytest.raises(StageError):
        stage.drop("no_such_rule")


@pytest.mark.parametrize(("recipe", "number"), [c for c in CASES if c.values[1] > 0])
def test_a_stage_only_marks(recipe: str, number: int, tmp_path: Path) -> None:
    context = _context(tmp_path)
    stage = load_recipe(recipe).stages[number]
    if not stage.active(context):
        pytest.skip("not active under a fake scorer")
    documents = _before(recipe, number, context)
    before = copy.deepcopy(documents)
    _run(stage, documents, context)
    for old, new in zip(before, documents):
        assert (old.id, old.url, old.origin.offset) == (new.id, new.url, new.origin.offset)
        assert old.drop is None or new.drop == old.drop, "a second drop"
        if old.nodes:
            assert [n.pos for n in new.nodes] == [n.pos for n in old.nodes]
        assert [n.pos for n in new.nodes] == list(range(len(new.nodes)))
        marks = [new.drop] if new.drop and not old.drop else []
        for n in new.nodes:
            was = old.nodes[n.pos] if old.nodes else None
            if was is not None and was.drop is not None:
                assert n == was, "touched a dropped node"
            elif n.drop is not None:
                marks.append(n.drop)
            known = was.facts if was is not None else {}
            assert {k for k in n.facts if known.get(k) != n.facts[k]} <= set(stage.facts), "undeclared fact"
        for drop in marks:
            assert drop.stage == stage.id
            assert drop.rule in stage.rules
        changed = {k for k in new.facts if old.facts.get(k) != new.facts[k]}
        assert changed <= set(stage.facts), f"undeclared facts {changed - set(stage.facts)}"


@pytest.mark.parametrize(("recipe", "number"), [c for c in CASES if c.values[1] > 0])
def test_the_result_depends_neither_on_the_batch_nor_on_a_second_time(recipe: str, number: int, tmp_path: Path) -> None:
    context = _context(tmp_path)
    stage = load_recipe(recipe).stages[number]
    if not stage.active(context):
        pytest.skip("not active under a fake scorer")
    whole = _before(recipe, number, context)
    single = copy.deepcopy(whole)
    _run(stage, whole, context)
    _run(stage, single, context, batch=1)
    assert single == whole
    if not isinstance(stage, DocumentStage):
        again = copy.deepcopy(whole)
        _run(stage, again, context)
        assert again == whole


def test_every_registered_stage_is_there_and_of_one_shape() -> None:
    for name in STAGES:
        kind = stage_class(name, "test")
        shapes = [issubclass(kind, shape) for shape in (Stage, DocumentStage, ThingStage)]
        assert sum(shapes) == (name != "sources.archive"), name
        assert kind.__doc__


def test_the_fake_pages_meet_both_fates(tmp_path: Path) -> None:
    """The suite above would prove little on pages that are all dropped at once, or never."""
    recipe = load_recipe("default")
    documents = _before("default", len(recipe.stages), _context(tmp_path))
    assert {d.drop is None for d in documents} == {True, False}
    assert set(recipe_names()) >= set(RECIPES)


@pytest.mark.parametrize("use", STAGES)
def test_nothing_that_is_counted_is_negative(use: str) -> None:
    """A page with fewer than -1 pictures, or more, is none or any: such a limit is a slip."""
    kind = stage_class(use, "here")
    hints = get_type_hints(kind)
    for option in fields(kind):
        if option.name != "id" and hints[option.name] in (int, int | None):
            with pytest.raises(OptionError, match=option.name):
                replace(kind(id="x"), **{option.name: -1}).check()
