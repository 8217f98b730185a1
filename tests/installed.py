"""The product as people have it: the built wheel in a virtual environment of its own, started from elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

from openai_server import PATIENCE

ROOT = Path(__file__).parent.parent


class Installed(NamedTuple):
    """A virtual environment with the wheel in it; what it depends on is this interpreter's own."""

    folder: Path

    @property
    def python(self) -> str:
        """The environment's interpreter."""
        return str(self.folder / "bin" / "python")

    @property
    def site(self) -> Path:
        """Where its packages are."""
        return next((self.folder / "lib").glob("python*/site-packages"))

    def start(self, folder: Path, *command: object, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment, or a module after "-m", in a folder of a user's."""
        words = [str(word) for word in command]
        first = [self.python] if words[0].startswith("-") else [str(self.folder / "bin" / words.pop(0))]
        return subprocess.run(
            [*first, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env=self.surroundings(folder) | environment,
            timeout=PATIENCE,
        )

    def surroundings(self, folder: Path) -> dict[str, str]:
        """Return the environment of a shell in which this one is active, with a home that nobody has used yet."""
        home = folder.parent / f"{folder.name}-home"
        home.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "XDG_", "PYTEST"))}
        return kept | {"HOME": str(home), "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}


def install(folder: Path) -> Installed:
    """Build the wheel, and install it alone into a new environment that also sees this interpreter's packages."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, cwd=folder)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    made = Installed(folder / "venv")
    pip = [sys.executable, "-m", "pip", "--python", made.python, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(next(folder.glob("*.whl")))], check=True, cwd=folder)
    ours = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    seen = [place for place in sys.path if place in ours or Path(place).name == "site-packages"]
    (made.site / "dependencies.pth").write_text("".join(f"{place}\n" for place in dict.fromkeys(seen)))
    command = made.folder / "bin" / "pytest"  # as an installer writes it
    command.write_text(f"#!{made.python}\nimport sys\nimport pytest\nsys.exit(pytest.main())\n")
    command.chmod(0o755)
    return made
