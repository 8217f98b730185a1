"""The built wheel, in a folder of its own: what people install is what was tested."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from openai_server import PATIENCE

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it into an empty folder, as an installer does."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, cwd=folder)
    site = folder / "site"
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    return site


def start(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a folder outside the repository."""
    code = (
        "import sys, toolkit; assert sys.argv[1] in toolkit.__file__; "
        "from toolkit.cli.main import main; main(sys.argv[2:])"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(installed), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed)},
        timeout=PATIENCE,
    )


def test_everything_travels_with_the_wheel(installed: Path) -> None:
    """Personas, prompts, examples, data and the page are inside the package."""
    package = installed / "toolkit"
    for name in ("personas/uk-small-sellers.yaml", "prompts/wordings.yaml", "examples/paypal-invoices.yaml", "app.py"):
        assert (package / name).is_file(), name
    assert (package / "data" / "surfaces" / "messenger_message.yaml").is_file()
    assert {"weights.npz", "words.yaml"} <= {path.name for path in (package / "data" / "outcome_model").iterdir()}


def test_the_installed_command_knows_its_audiences(installed: Path, tmp_path: Path) -> None:
    """In an empty folder the bundled audiences are listed."""
    done = start(installed, tmp_path, "personas", "list")
    assert "uk-small-sellers" in done.stdout, done.stderr


@pytest.mark.model
def test_the_installed_demo_reaches_a_verdict(installed: Path, tmp_path: Path) -> None:
    """In an empty folder the demo runs on the embedded model; eight people are enough for a verdict."""
    done = start(installed, tmp_path, "demo", "--sample", "8", "--no-control")
    assert done.returncode == 0, done.stderr
    assert "Simulated reactions from AI personas." in done.stdout
    assert len(list((tmp_path / "runs").glob("*/run.json"))) == 1
