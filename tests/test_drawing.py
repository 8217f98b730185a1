"""People drawn from tables of any size: the same as from a table that is loaded, at the memory of those drawn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from conftest import ROOT, Command

from toolkit.audiences import load_audience
from toolkit.audiences.sampling import draw_sample, fill_quotas
from toolkit.audiences.streaming import Draw
from toolkit.errors import InputError
from toolkit.models import Audience, Draft
from toolkit.panel import plan

OPTIONS = {"segments": ["role"], "columns": {"id": "caseid", "weight": "wt"}}
MOST_KILOBYTES = 250_000


def make_rows(count: int, **more: object) -> pl.DataFrame:
    """Return people with ids, ages, roles (some unknown) and weights (some missing)."""
    generator = np.random.default_rng(5)
    weights = pl.Series(generator.gamma(2.0, 1.0, count).round(3) + 0.001)
    return pl.DataFrame(
        {
            "caseid": [f" c{number} " for number in range(count)],
            "age": generator.integers(18, 90, count),
            "role": generator.choice(["buyer", "seller", "", "both"], count, p=[0.7, 0.1, 0.1, 0.1]),
            "wt": weights.scatter(list(range(0, count, 11)), None),
            **more,
        }
    )


def agree(streamed: Audience, loaded: Audience) -> bool:
    """Tell whether two audiences are the same people with the same weights, to rounding of sums."""
    same = [one.model_copy(update={"weight": 1.0}) for one in streamed.personas] == [
        one.model_copy(update={"weight": 1.0}) for one in loaded.personas
    ]
    weights = [[one.weight for one in audience.personas] for audience in (streamed, loaded)]
    return same and weights[0] == pytest.approx(weights[1])


@pytest.mark.parametrize("columns", [{"id": "caseid", "weight": "wt"}, {"weight": "wt"}, {}])
def test_the_same_people_as_from_a_loaded_table(tmp_path: Path, columns: dict[str, str]) -> None:
    """Sample and quotas draw whom they draw from the loaded table, with and without ids, weights and empty rows."""
    rows = make_rows(400)
    empty = pl.DataFrame({name: [None] for name in rows.columns}, schema=rows.schema)
    path = tmp_path / "people.parquet"
    pl.concat([rows[:50], empty, rows[50:]]).write_parquet(path)
    whole = load_audience(path, segments=["role"], columns=columns)
    quotas = {"seller": 7, "unknown": 3, "buyer": 20}
    for seed in (0, 7):
        sample = load_audience(path, segments=["role"], columns=columns, draw=Draw(seed=seed, sample=31))
        assert agree(sample, draw_sample(whole, 31, seed))
        draw = Draw(seed=seed, key="role", quotas=quotas)
        assert agree(
            load_audience(path, segments=["role"], columns=columns, draw=draw), fill_quotas(whole, "role", quotas, seed)
        )


def test_another_order_draws_the_same_people(tmp_path: Path) -> None:
    """Whoever is drawn depends on seed and id, never on where the row stands."""
    rows = make_rows(3_000)
    drawn = []
    for number, table in enumerate((rows, rows.reverse(), rows.sample(fraction=1, shuffle=True, seed=1))):
        path = tmp_path / f"{number}.parquet"
        table.write_parquet(path)
        draw = Draw(seed=3, key="role", quotas={"buyer": 40, "both": 10})
        drawn.append({(one.id, round(one.weight, 9)) for one in load_audience(path, **OPTIONS, draw=draw).personas})
    assert drawn[0] == drawn[1] == drawn[2]
    assert len(drawn[0]) == 50


def test_weights_speak_for_their_group(tmp_path: Path) -> None:
    """The weights of those drawn add up to the weight of everybody of the same value, whatever the quota."""
    rows = make_rows(5_000)
    rows.write_parquet(tmp_path / "p.parquet")
    draw = Draw(seed=1, key="role", quotas={"seller": 25, "buyer": 25})
    people = load_audience(tmp_path / "p.parquet", **OPTIONS, draw=draw).personas
    for role in ("seller", "buyer"):
        total = rows.filter(role=role)["wt"].fill_null(1.0).sum()
        assert sum(one.weight for one in people if one.segments["role"] == role) == pytest.approx(total)


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (Draw(seed=0, sample=501), "sample=501: there are 500 personas"),
        (Draw(seed=0, key="rôle", quotas={"buyer": 1}), "no such segment; did you mean role?"),
        (Draw(seed=0, key="role", quotas={"byer": 1}), "0 have it; did you mean buyer?"),
        (Draw(seed=0, key="role", quotas={"seller": 400}), "quotas='role=seller:400'"),
    ],
)
def test_what_cannot_be_drawn_is_said(tmp_path: Path, draw: Draw, said: str) -> None:
    """Too many, an unknown segment and an unknown value are one line with what there is."""
    make_rows(500).write_parquet(tmp_path / "p.parquet")
    with pytest.raises(InputError, match=said.replace("?", r"\?")):
        load_audience(tmp_path / "p.parquet", **OPTIONS, draw=draw)


@pytest.mark.parametrize(("weight", "line"), [("-1", 4), ("nan", 4), ("heavy", 4)])
def test_a_wrong_weight_names_its_line(tmp_path: Path, weight: str, line: int) -> None:
    """A weight that is no number above 0 is refused wherever it stands, for it would spoil every other weight."""
    rows = make_rows(50).with_columns(pl.col("wt").cast(pl.String))
    rows[line - 1, "wt"] = weight
    rows.write_parquet(tmp_path / "p.parquet")
    with pytest.raises(InputError, match=rf"p.parquet:{line}: weight"):
        load_audience(tmp_path / "p.parquet", **OPTIONS, draw=Draw(seed=0, sample=3))


def test_a_run_draws_from_a_large_table(tmp_path: Path) -> None:
    """Above 100,000 rows a run reads only its sample: the people that it would draw from the audience of all."""
    path = tmp_path / "many.parquet"
    make_rows(100_500).rename({"caseid": "id", "wt": "weight"}).with_columns(
        pl.col("id").str.strip_chars()
    ).write_parquet(path)
    planned = plan(Draft(id="d", text="Hello"), path, sample=12, seed=4)
    expected = load_audience(path, draw=Draw(seed=4, sample=12))
    assert sorted(one.id for one in planned.panel) == sorted(one.id for one in expected.personas)
    assert len(planned.audiences[0].personas) == 12


@pytest.mark.slow
def test_a_quota_of_a_large_table_takes_little_memory(tmp_path: Path, command: Command) -> None:
    """`personas import --quota` from 200,000 wide rows stays far under the memory of the table."""
    rows = make_rows(200_000, about=["Lives in a town by the sea and counts every penny. " * 20] * 200_000)
    assert rows.estimated_size("mb") > 200
    path = tmp_path / "many.parquet"
    rows.write_parquet(path, row_group_size=20_000)
    out = tmp_path / "drawn.yaml"
    code = (
        "import pathlib, sys\nfrom toolkit.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(pathlib.Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    asked = ["personas", "import", str(path), "-o", str(out), "--segment", "role", "--quota", "role=buyer:60,seller:40"]
    shown = subprocess.run(
        [sys.executable, "-c", code, *asked, "--id", "caseid", "--weight", "wt", "--yes"],
        capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "POLARS_MAX_THREADS": "2"},  # each thread has buffers of its own
    )  # fmt: skip
    kilobytes = int(shown.stdout.split()[-1])
    assert kilobytes < MOST_KILOBYTES
    listed = json.loads(command("personas", "show", str(out), "--json").stdout)
    assert len(listed["personas"]) == 100
