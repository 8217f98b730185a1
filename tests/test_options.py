"""Options that nobody knows or that cannot be used: refused before anything is asked, in the words of the reader."""

from __future__ import annotations

import copy
import pickle

import pytest

from toolkit.errors import (
    FLAGS,
    PYTHON,
    BudgetReached,
    InputError,
    Vocabulary,
    check_options,
    name_option,
    name_step,
    speaking,
    spell_out,
)


def test_an_unknown_option_is_answered_with_the_nearest() -> None:
    """The refusal names what was typed and what was meant; without anything near, all that is allowed."""
    with pytest.raises(InputError, match=r"^unknown option 'concurency'; did you mean 'concurrency'\?$"):
        check_options(["concurency"], {"concurrency": int, "seed": int}, "run")
    with pytest.raises(InputError, match=r"^unknown option 'batch'; talk takes: model, seed$"):
        check_options(["model", "batch"], ["seed", "model"], "talk")
    check_options([], [], "run")


def test_a_message_speaks_the_words_of_its_reader() -> None:
    """One error says `sample=61` in Python and `--sample 61` on the command line, whoever raised it."""
    error = InputError(f"{name_option('sample', 61)}: draw fewer; {name_step('help')}")
    assert str(error) == "sample=61: draw fewer; see help(toolkit.run)"
    assert error.say(FLAGS) == "--sample 61: draw fewer; see `audience run --help`"
    with speaking(FLAGS):
        assert str(error) == error.say(FLAGS)
    assert str(error) == error.say(PYTHON)
    page = Vocabulary(lambda name, value: f"the field {name}" if value is ... else f"{value} people", {})
    assert error.say(page) == "61 people: draw fewer; see help(toolkit.run)"


def test_an_error_knows_its_option() -> None:
    """A door can ask an error which option it is about; repr and copies show no marks and lose none."""
    error = BudgetReached(f"{name_option('max_cost')} is reached; raise {name_option('price')}")
    assert error.option == "max_cost"
    assert InputError("no such file").option is None
    assert repr(error) == "BudgetReached('max_cost is reached; raise price')"
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - made a line above
        assert again.say(FLAGS) == "--max-cost is reached; raise --price"


@pytest.mark.parametrize(
    ("name", "value", "keyword", "flag"),
    [
        ("price", (0.25, 2.0), "price=(0.25, 2.0)", "--price 0.25,2.0"),
        ("base_url", "http://a\x0f/v1", "base_url='http://a\\x0f/v1'", "--base-url http://a\x0f/v1"),
        ("engine", "gpt\x0esample\x0f", "engine='gpt\\x0esample\\x0f'", "--engine gpt\x0esample\x0f"),
        ("head_to_head", True, "head_to_head=True", "--head-to-head"),
        ("control", False, "control=False", "--no-control"),
        ("max_cost", float("nan"), "max_cost='nan'", "--max-cost nan"),
        ("engine", print, "engine='<built-in function print>'", "--engine <built-in function print>"),
    ],
)
def test_values_stand_with_their_options(name: str, value: object, keyword: str, flag: str) -> None:
    """Numbers, texts and anything else are shown as each reader writes them, whatever signs they hold."""
    marked = name_option(name, value)
    assert spell_out(marked) == keyword
    assert spell_out(marked, FLAGS) == flag
