"""Which rows are wanted: conditions such as "age >= 18 and country = GB"."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from toolkit.errors import InputError, name_option, suggest
from toolkit.files.tables.headings import simplify

_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_CONDITION = re.compile(r"\s*(?:'([^']+)'|\"([^\"]+)\"|(.+?))\s*(<=|>=|!=|==|=|<|>)\s*(.*?)\s*")
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
    "=": operator.eq, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip

_AS_WRITTEN: Mapping[str, Any] = MappingProxyType({})


class RowTest(Protocol):
    """Tells whether a row is wanted, by its cells."""

    def __call__(self, cells: Mapping[str, Any], numbers: Mapping[str, Any] = _AS_WRITTEN) -> bool:
        """Return whether the cells fulfil every condition; `numbers` stand for cells that are read as such."""


def read_conditions(expression: str, columns: Sequence[str], aliases: Mapping[str, str] | None = None) -> RowTest:
    """Return a test of a row's cells; `aliases` names the column of a field, such as age.

    Conditions are joined by "and". A column with odd characters stands between quotes. Numbers are compared as numbers,
    words regardless of case; an empty cell fulfils only "!=". Raises InputError where the expression cannot be read.
    """
    tests = [_read_condition(part, expression, columns, aliases or {}) for part in _AND.split(expression.strip())]

    def fulfils_all(cells: Mapping[str, Any], numbers: Mapping[str, Any] = _AS_WRITTEN) -> bool:
        return all(test(cells, numbers) for test in tests)

    return fulfils_all


def say_unwanted(unwanted: int, rows: int) -> str:
    """Return how many rows the conditions leave out, such as "2 of 12 rows are not what --where asks for"."""
    return f"{unwanted:,} of {rows:,} rows are not what {name_option('where')} asks for"


def _read_condition(part: str, expression: str, columns: Sequence[str], aliases: Mapping[str, str]) -> RowTest:
    found = _CONDITION.fullmatch(part)
    if found is None or not found[5]:
        said = name_option("where", expression)
        raise InputError(f"{said}: not COLUMN OPERATOR VALUE, such as 'age >= 18 and country = GB'")
    name = found[1] or found[2] or found[3]
    plain = {simplify(column): column for column in reversed(columns)}
    column = name if name in columns else aliases.get(name) or plain.get(simplify(name))
    if column is None:
        said = name_option("where", expression)
        raise InputError(f"{said}: no column {name!r}{suggest(name, columns)}; it has: {', '.join(columns)}")
    test, wanted = _TESTS[found[4]], found[5].strip("'\"")
    number = _read_number(wanted)
    if number is None and found[4] not in {"=", "==", "!="}:
        said = name_option("where", expression)
        raise InputError(f"{said}: {found[4]} compares numbers, and {wanted!r} is none")

    def fulfils(cells: Mapping[str, Any], numbers: Mapping[str, Any] = _AS_WRITTEN) -> bool:
        cell = cells.get(column) if number is None else numbers.get(column, cells.get(column))
        if cell is None or cell == "":
            return found[4] == "!="
        held = _read_number(str(cell)) if number is not None else None
        if number is not None and held is not None:
            return test(held, number)
        if found[4] in {"=", "==", "!="}:
            return test(str(cell).strip().casefold(), wanted.casefold())
        return False

    return fulfils


def _read_number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
