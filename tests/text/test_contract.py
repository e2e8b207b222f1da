"""What every stage of this room owes the run: cheap to import, picklable, idempotent, declared."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest

from obelics_like.document import Document, Drop
from obelics_like.models import tokenizer
from obelics_like.stage import Context
from obelics_like.text.clean import Clean
from obelics_like.text.counts import Counts
from obelics_like.text.node_rules import NodeRules
from obelics_like.text.page_gate import PageGate
from obelics_like.text.page_rules import PageRules
from tests.text.helpers import page

STAGES = [
    PageGate(id="text.page_gate", statuses=(200,), banned_words=("x",)),
    Clean(id="text.clean", no_urls=True, collapse=("!",)),
    NodeRules(id="text.node_rules", min_words=3, max_capitals=0.4, max_flagged_words=0.1, no_repeats=True),
    PageRules(id="text.page_rules", min_words=4, min_stop_words=0.2, max_word_repetition=0.3),
    Counts(id="text.counts"),
]


def pages() -> list[Document]:
    made = [
        page("See https://example.org now!!", "Too short", "One two three four", "One two three four", language="en"),
        page("นี่คือภาษาไทย", "这是中文文本", "एक दो तीन चार", language="th", status=404),
        page("LOUD AND PROUD", "porn is what it is", language="en"),
        page("dros y byd i gyd", language="cy"),
        page(),
    ]
    made[0].nodes[1].drop = Drop("extract", "boilerplate", 1, 2)
    return made


def context() -> Context:
    return Context(model=lambda spec: tokenizer.load(spec.removeprefix("tokenizer:")))


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.id)
def test_contract(stage) -> None:  # type: ignore[no-untyped-def]
    assert pickle.loads(pickle.dumps(stage)) == stage
    before, batch = pages(), pages()
    opened = stage.open(context())
    after = stage.process(batch, opened)
    assert after is batch
    assert [document.id for document in after] == [document.id for document in before]
    for old, new in zip(before, after):
        assert [(n.pos, n.text) for n in new.nodes] == [(n.pos, n.text) for n in old.nodes]
        for was, node in zip([old, *old.nodes], [new, *new.nodes]):
            if was.drop is not None:
                assert node == was
            elif node.drop is not None:
                assert (node.drop.stage, node.drop.rule in stage.rules) == (stage.id, True)
            assert set(node.facts) <= set(stage.facts)
    again = copy.deepcopy(after)
    alive = [document for document in again if document.drop is None]
    stage.process(alive, opened)
    assert again == after
    apart = [stage.process([document], stage.open(context()))[0] for document in pages()]
    assert apart == after


def test_stage_modules_are_cheap_to_import() -> None:
    heavy = "numpy,pyarrow,scipy,onnxruntime,torch,PIL,fasttext,datasketch,selectolax,fastwarc,bpe_openai"
    code = (
        "import sys, obelics_like.text.page_gate, obelics_like.text.clean, obelics_like.text.node_rules, "
        "obelics_like.text.page_rules, obelics_like.text.counts, obelics_like.models.tokenizer\n"
        f"print([name for name in '{heavy}'.split(',') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert told.stdout.strip() == "[]"
