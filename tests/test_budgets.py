"""Templates of others within a budget: nothing that one can say takes for ever, or all memory."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import toolkit
from toolkit.files import budgeted, templating

PEOPLE = "id,age,role\n" + "".join(f"{number},{20 + number % 50},seller\n" for number in range(60))
PLAIN = (
    "A {{ role }} of {{ age }}.",
    "{% if age|int > 30 %}Older{% else %}Young{% endif %}, {{ role|upper }}{{ '!' if role == 'seller' }}",
    "{% for name, value in row.items() %}{{ name }}: {{ value }}. {% endfor %}",
    "{{ row['role'] }} {{ (role ~ ', ' ~ age)|title }} {{ age|int + 1 }}",
)
BOUNDED = (
    "{% for a in range(30) %}{% if loop.index == age|int %}{{ a }}{% endif %}{% endfor %}{{ role }}",
    "{% set who = role %}{{ who }} of {{ age }}",
    "{{ [role, age|string]|join(', ') }}",
)
ENDLESS = (
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% macro again(n) %}{% for a in range(9) %}{{ again(n) }}{% endfor %}{% endmacro %}{{ again(1) }}",
    "{{ 'a' * 9999999999 }}",
    "{{ ('a' * 99999)|replace('a', 'b' * 99999) }}",
    "{{ '%999999999999d' % age }}",
    "{{ 'a'|center(9999999999) }}",
    "{{ 9 ** (9 ** (9 ** 9)) }}",
    "{% set a = role ~ role %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
    "{% for a in range(99999) %}{{ role }}{{ role }}{% endfor %}",
    "{{ lipsum(99999, max=99999) }}",
    "{% for a in row %}{% for b in range(99999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
)


@pytest.mark.parametrize("source", [*PLAIN, *BOUNDED])
def test_a_template_says_the_same_with_a_budget(tmp_path: Path, source: str) -> None:
    """What a child process fills in is what is filled in here, to the last character, for people of a table."""
    rows = tmp_path / "people.csv"
    rows.write_text(PEOPLE)
    (tmp_path / "people.j2").write_text(source)
    found = [person.about for person in toolkit.load_audience(rows).personas]
    compiled = templating.make_environment(None).from_string(source)
    cells = [{"age": str(20 + number % 50), "role": "seller"} for number in range(60)]
    rows_said = [{**one, "row": one} for one in cells]
    assert found == [compiled.render(**said).strip() for said in rows_said]


def test_plain_templates_need_no_other_process() -> None:
    """Columns, choices and one loop over a row are filled in at once; whatever can grow is not."""
    environment = templating.make_environment(None)
    assert [one for one in PLAIN if not budgeted.is_plain(environment, one)] == []
    assert [one for one in (*BOUNDED, *ENDLESS) if budgeted.is_plain(environment, one)] == []


@pytest.mark.slow
@pytest.mark.parametrize("source", ENDLESS, ids=range(len(ENDLESS)))
def test_nothing_takes_for_ever(source: str) -> None:
    """Nested ranges, recursion, long repeats, powers: one line that names the template, within seconds."""
    began = time.monotonic()
    with pytest.raises(toolkit.InputError, match=r"people\.j2") as caught:
        budgeted.Filler(source, "people.j2", seconds=2.0).fill({"role": "seller", "age": 30, "row": {"age": 30}})
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 60


@pytest.mark.slow
def test_a_fault_is_told_as_before(tmp_path: Path) -> None:
    """An unknown name and a slip in the template are told alike, whoever fills it in; the next row goes on."""
    for source, said in (("{% set a = b %}{{ a }}", "'b' is undefined"), ("{% set a = 1 / 0 %}", "division by zero")):
        with pytest.raises(toolkit.InputError, match=said):
            templating.compile_text(source, name="one.j2")({"role": "seller"})
    fill = templating.compile_text("{% set a = role %}{{ a }}", name="two.j2")
    with pytest.raises(toolkit.InputError, match="'role' is undefined"):
        fill({})
    assert fill({"role": "seller"}) == "seller"
    rows = tmp_path / "people.csv"
    rows.write_text("id,age,role\n1,30,\n2,31,buyer\n")
    (tmp_path / "people.j2").write_text("{% set a = row['role'] %}{{ 'none' if a == '' else a }} {{ role }}")
    assert [one.about for one in toolkit.load_audience(rows).personas] == ["none", "buyer buyer"]
