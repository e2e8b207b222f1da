"""Conditions such as `url_host_registered_domain = 'example.org' and fetch_status = 200`: read, and made a filter.

The language is a small part of SQL's WHERE: comparisons of a column with a value, `in (...)`, `like '...'`,
`is null`, joined by and, or, not and brackets. Nothing is ever evaluated but this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from obelics_like.errors import OptionError, UnknownName

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc

TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<text>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign><=|>=|<>|!=|==|=|<|>|\(|\)|,))"
)
SIGNS = {"=": "==", "==": "==", "<>": "!=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
DEEPEST = 40
VALID = "COLUMN = 'text', COLUMN in ('a', 'b'), COLUMN like 'x%', COLUMN is null, joined by and, or, not and brackets"


@dataclass(frozen=True, slots=True)
class Compare:
    """A column and values: `sign` is ==, !=, <, <=, >, >=, in, like or null (no value)."""

    column: str
    sign: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """Conditions joined: `word` is and, or, or not (then there is one)."""

    word: str
    parts: tuple[Condition, ...]


Condition = Compare | Join


def parse(text: str, option: str = "--cc-index") -> Condition:
    """The condition that the text states. Raises OptionError with the place where it can't be understood.

    >>> parse("a = 'x' and not b in (1, 2)")
    Join(word='and', parts=(Compare(column='a', sign='==', values=('x',)), \
Join(word='not', parts=(Compare(column='b', sign='in', values=(1, 2)),))))
    """
    return _Parser(text, option).whole()


class _Parser:
    def __init__(self, text: str, option: str) -> None:
        self._text, self._option, self._depth = text, option, 0
        self._tokens: list[tuple[str, str, int]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            match = TOKEN.match(text, at)
            if match is None:
                raise self._wrong(at)
            kind = match.lastgroup or ""
            self._tokens.append((kind, match[kind], match.start(kind)))
            at = match.end()
        self._next = 0

    def whole(self) -> Condition:
        condition = self._either()
        if self._next < len(self._tokens):
            raise self._wrong(self._tokens[self._next][2])
        return condition

    def _either(self) -> Condition:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._wrong(self._place())
        parts = [self._all()]
        while self._word("or"):
            parts.append(self._all())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Join("or", tuple(parts))

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._word("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Join("and", tuple(parts))

    def _one(self) -> Condition:
        negated = False
        while self._word("not"):
            negated = not negated
        if self._sign("("):
            found = self._either()
            self._need(")")
        else:
            found = self._compare()
        return Join("not", (found,)) if negated else found

    def _compare(self) -> Condition:
        column = self._take("name")
        negated = self._word("not")
        if self._word("in"):
            self._need("(")
            values = [self._value()]
            while self._sign(","):
                values.append(self._value())
            self._need(")")
            found = Compare(column, "in", tuple(values))
        elif self._word("like"):
            found = Compare(column, "like", (self._take("text"),))
        elif not negated and self._word("is"):
            negated = self._word("not")
            if not self._word("null"):
                raise self._wrong(self._place())
            found = Compare(column, "null")
        elif not negated:
            sign = self._take("sign")
            if sign not in SIGNS:
                raise self._wrong(self._tokens[self._next - 1][2])
            found = Compare(column, SIGNS[sign], (self._value(),))
        else:
            raise self._wrong(self._place())
        return Join("not", (found,)) if negated else found

    def _value(self) -> Any:
        kind, text, at = self._tokens[self._next] if self._next < len(self._tokens) else ("", "", len(self._text))
        self._next += 1
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "text":
            return text[1:-1].replace(text[0] * 2, text[0])
        if kind == "name" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise self._wrong(at)

    def _take(self, kind: str) -> str:
        if self._next >= len(self._tokens) or self._tokens[self._next][0] != kind:
            raise self._wrong(self._place())
        if kind == "text":
            return str(self._value())
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _word(self, word: str) -> bool:
        return self._skip("name", word)

    def _sign(self, sign: str) -> bool:
        return self._skip("sign", sign)

    def _need(self, sign: str) -> None:
        if not self._sign(sign):
            raise self._wrong(self._place())

    def _skip(self, kind: str, text: str) -> bool:
        if self._next < len(self._tokens):
            found = self._tokens[self._next]
            if found[0] == kind and found[1].lower() == text:
                self._next += 1
                return True
        return False

    def _place(self) -> int:
        return self._tokens[self._next][2] if self._next < len(self._tokens) else len(self._text)

    def _wrong(self, at: int) -> OptionError:
        rest = self._text[at:].strip()
        got = f"{rest[:40]!r} at character {at + 1}" if rest else "an end where more should follow"
        return OptionError(self._option, got=got, valid=VALID, do="correct the condition; texts stand in '...'")


def columns(condition: Condition) -> set[str]:
    """The columns that a condition speaks of."""
    if isinstance(condition, Compare):
        return {condition.column}
    return set().union(*map(columns, condition.parts))


def expression(condition: Condition, schema: pa.Schema, option: str = "--cc-index") -> pc.Expression:
    """The condition as a filter over a table of this schema, in a form that row groups can be judged by.

    Raises UnknownName for a column that the table has not, OptionError for a value that is not of its type.
    """
    if isinstance(condition, Join):
        parts = [expression(part, schema, option) for part in condition.parts]
        out = parts[0]
        for part in parts[1:]:
            out = out & part if condition.word == "and" else out | part
        return ~out if condition.word == "not" else out
    if condition.column not in schema.names:
        raise UnknownName(f"{option}, column", condition.column, schema.names)
    return _filter(condition, schema.field(condition.column).type, option)


def _filter(one: Compare, type: pa.DataType, option: str) -> pc.Expression:
    import pyarrow as pa
    import pyarrow.compute as pc

    field = pc.field(one.column)
    if one.sign == "null":
        return field.is_null()
    try:
        values = [_typed(value, type, pa) for value in one.values]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        got = f"{', '.join(map(repr, one.values))} for the column {one.column} ({error})"
        raise OptionError(option, got=got, valid=f"a value of the type {type}", do="correct it") from None
    if one.sign == "in":
        return field.isin(pa.array([v.as_py() for v in values], type))
    if one.sign == "like":
        return _like(field, str(one.values[0]), pc)
    value = values[0]
    by_sign = {"==": field == value, "!=": field != value, "<": field < value, "<=": field <= value,
               ">": field > value, ">=": field >= value}  # fmt: skip
    return by_sign[one.sign]


def _typed(value: Any, type: pa.DataType, pa: Any) -> Any:
    """The value as a scalar of the column's type; a text may stand for a moment in time. Raises ArrowTypeError."""
    types = pa.types
    if isinstance(value, bool):
        fits = types.is_boolean(type)
    elif isinstance(value, str):
        fits = types.is_string(type) or types.is_large_string(type) or types.is_temporal(type)
    else:
        fits = types.is_integer(type) or types.is_floating(type)
    if not fits:
        raise pa.ArrowTypeError("another type")
    return pa.scalar(value).cast(type)


def _like(field: Any, pattern: str, pc: Any) -> Any:
    """SQL's LIKE; `x%` also as a range, since row groups know their least and greatest value."""
    found = pc.match_like(field, pattern)
    start = re.match(r"[^%_\\]*", pattern)
    prefix = start[0] if start else ""
    if not prefix:
        return found
    found = found & (field >= prefix)
    last = ord(prefix[-1])
    if last < 0xD7FF:  # the next code point is the next in the order of UTF-8 too
        found = found & (field < prefix[:-1] + chr(last + 1))
    return found
