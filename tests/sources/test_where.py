"""Conditions on the index: what they mean, and what is no condition."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like.errors import OptionError, UnknownName
from obelics_like.sources.where import columns, expression, parse

TABLE = pa.table(
    {
        "name": ["a.org", "b.org", "a.com", None, "it's", "A.org", "a_b%", "\u00e9"],
        "status": pa.array([200, 404, 200, 301, 200, 500, -1, 0], pa.int16()),
        "when": pa.array([datetime(2024, 5, d) for d in range(1, 9)], pa.timestamp("ms")),
        "ok": [True, False, True, None, False, True, True, False],
    }
)


def hits(text: str) -> list[int]:
    table = TABLE.append_column("row", pa.array(range(8)))
    return ds.dataset(table).to_table(filter=expression(parse(text), TABLE.schema))["row"].to_pylist()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("name = 'a.org'", [0]),
        ("name == 'a.org' or status>=404", [0, 1, 5]),
        ("status = 200 and not name = 'a.org'", [2, 4]),
        ("not (status = 200 or status = 404) and name is not null", [5, 6, 7]),
        ("name is null", [3]),
        ("status in (200, 404) AND name LIKE 'a%'", [0, 2]),
        ("status not in (200,404)", [3, 5, 6, 7]),
        ("name like '%.org'", [0, 1, 5]),
        ("name like 'a_org'", [0]),
        ("name like 'a\\_b\\%'", [6]),
        ("name not like '%org' and name is not null", [2, 4, 6, 7]),
        ("name = 'it''s'", [4]),
        ('name = "it\'s"', [4]),
        ("status < 0", [6]),
        ("status <> 200", [1, 3, 5, 6, 7]),
        ("when >= '2024-05-07'", [6, 7]),
        ("ok = true and status = 200", [0, 2]),
        ("a_b = 1 or status = 1", None),
        ("name like '\u00e9%'", [7]),
        ("not not status = 404", [1]),
        ("status = 200 or status = 404 and name = 'x'", [0, 2, 4]),
    ],
)
def test_what_conditions_mean(text: str, rows: list[int] | None) -> None:
    if rows is None:
        with pytest.raises(UnknownName):
            hits(text)
    else:
        assert hits(text) == rows


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "name", "name =", "= 'a'", "name = a", "name = 'a", "name = 'a' and", "name = 'a' 'b'", "name in ()",
        "name in 'a'", "(name = 'a'", "name = 'a')", "name like 3", "name is 3", "__import__('os')", "name = 'a'; drop",
        "name not = 'a'", "name = 1 + 1", "lambda: 0", "name = 'a' or or status = 1", "status = 2x", "not",
        "(" * 50 + "name = 'a'" + ")" * 50, "status = 1e3",
    ],
)  # fmt: skip
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse(text)
    assert caught.value.got
    assert caught.value.do


@pytest.mark.parametrize(
    "text", ["status = 'x'", "name = 3", "when = 3", "ok = 'yes'", "status = 99999", "when > 'soon'"]
)
def test_values_of_another_type(text: str) -> None:
    with pytest.raises(OptionError, match="a value of the type"):
        hits(text)


def test_the_columns_of_a_condition() -> None:
    assert columns(parse("a = 1 and (b = 2 or not c like 'x%') and a > 0")) == {"a", "b", "c"}


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_told(text: str) -> None:
    with suppress(OptionError):
        parse(text)


@given(
    st.text(alphabet="ab%_\u00e9\ud7fe\uffff\U0010ffff", max_size=4),
    st.lists(st.text(alphabet="ab\u00e9\ud7fe\uffff\U0010ffff", max_size=5)),
)
def test_like_with_a_range_finds_what_like_finds(pattern: str, names: list[str]) -> None:
    import pyarrow.compute as pc

    table = pa.table({"name": pa.array(names, pa.string())})
    text = "name like '" + pattern + "'"
    found = ds.dataset(table).to_table(filter=expression(parse(text), table.schema))["name"].to_pylist()
    assert found == table.filter(pc.match_like(table["name"], pattern))["name"].to_pylist()
