"""Types as a user sees them: a script checked by mypy and pyright against the installed wheel."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from documented import ROOT, list_blocks
from installed import Installed
from openai_server import PATIENCE

HERE = Path(__file__).parent
SCRIPT = HERE / "typing" / "script.py"
PYRIGHT = HERE / "node" / "node_modules" / "pyright" / "index.js"
BLOCKS = ("block_0.py", "block_1.py", "block_2.py")
"""Those of docs/studies.md, as files of their own."""
REFUSED = {
    line for line, text in enumerate(SCRIPT.read_text(encoding="utf-8").splitlines(), 1) if text.endswith("# refused")
}
pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the user's script, the blocks of a page, and nothing else."""
    place = tmp_path / "work"
    place.mkdir()
    shutil.copy(SCRIPT, place)
    for name, block in zip(BLOCKS, list_blocks(ROOT / "docs" / "studies.md"), strict=True):
        (place / name).write_text(block.code, encoding="utf-8")
    return place


def test_the_script_holds_what_is_refused() -> None:
    """The calls that must fail are among its lines: a misspelt option, a wrong word and a wrong kind."""
    refused = [SCRIPT.read_text(encoding="utf-8").splitlines()[line - 1] for line in REFUSED]
    for fault in ("sampel=3", 'rating="likert"', 'repeats="two"', "max_costs=0.01", "concurency=3"):
        assert any(fault in line for line in refused), fault


def test_mypy_accepts_what_is_right_and_refuses_the_rest(installed: Installed, folder: Path) -> None:
    """With --strict, mypy finds an error on each line marked so, and on no other."""
    done = installed.start(
        folder, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", SCRIPT.name, *BLOCKS
    )
    found = {int(line) for line in re.findall(r"^script\.py:(\d+): error:", done.stdout, re.MULTILINE)}
    assert found == REFUSED, done.stdout + done.stderr
    assert re.findall(r"^(?!script\.py)\S+: error:.*", done.stdout, re.MULTILINE) == []


@pytest.mark.skipif(not PYRIGHT.is_file() and not os.environ.get("CI"), reason="needs npm: npm --prefix tests/node ci")
def test_pyright_accepts_what_is_right_and_refuses_the_rest(installed: Installed, folder: Path) -> None:
    """Pyright in strict mode finds an error on each line marked so, and on no other."""
    (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict"}))
    done = subprocess.run(
        ["node", str(PYRIGHT), "--pythonpath", installed.python, "--outputjson", SCRIPT.name, *BLOCKS],
        cwd=folder,
        env=installed.surroundings(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    told = json.loads(done.stdout)["generalDiagnostics"]
    errors = [one for one in told if one["severity"] == "error"]
    assert {Path(one["file"]).name for one in errors} == {SCRIPT.name}
    found = {one["range"]["start"]["line"] + 1 for one in errors}
    assert found == REFUSED, "\n".join(f"{one['range']['start']['line'] + 1}: {one['message']}" for one in errors)
