"""Run the example notebooks, and write each as a page: `python benchmarks/notebook_pages.py [--run]`.

With --run, every notebook of examples/notebooks/ is executed first, in a kernel of its own, and its outputs are kept in
the file. Without, the pages are written from the outputs that are there. Needs the extra `dev`.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "examples" / "notebooks"
PAGES = ROOT / "docs" / "notebooks"
PATIENCE = 120
_ADDRESS = re.compile(r"0x[0-9a-f]{8,}")
_FRAME = 'class="dataframe"'
_WIDGET = "application/vnd.jupyter.widget-view+json"


def list_notebooks() -> list[Path]:
    """Return the example notebooks, by name."""
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def run_notebook(path: Path) -> Any:
    """Return a notebook executed in a kernel of its own, with a store that is empty and no key."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "AUDIENCE_"))}
        surroundings = kept | {"PYTHONPATH": str(ROOT), "AUDIENCE_STORE": f"{folder}/reactions.sqlite"}
        client = NotebookClient(notebook, timeout=PATIENCE, resources={"metadata": {"path": str(path.parent)}})
        client.execute(env=surroundings)
    tidy(notebook)
    return notebook


def tidy(notebook: Any) -> None:
    """Leave out what differs from run to run and says nothing: times, versions, progress bars, addresses."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.pop("language_info", None)
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type != "code":
            continue
        cell.outputs = [one for one in cell.outputs if _is_lasting(one)]
        for output in cell.outputs:
            data = output.get("data", {})
            if _FRAME in data.get("text/html", ""):
                data.pop("text/html")  # a frame of Polars as text says the same in a tenth of the room
            if "image/svg+xml" in data or "text/html" in data:
                data.pop("text/plain", None)
            elif "text/plain" in data:
                data["text/plain"] = _ADDRESS.sub("0x...", data["text/plain"])


def _is_lasting(output: Any) -> bool:
    return output.get("name") != "stderr" and _WIDGET not in output.get("data", {}) and not _is_renderer(output)


def _is_renderer(output: Any) -> bool:
    return "RendererRegistry" in output.get("data", {}).get("text/plain", "")


def write_page(path: Path) -> str:
    """Return the page of a notebook: its words, its code, and what the code showed."""
    notebook = nbformat.read(path, as_version=4)
    parts = [part for cell in notebook.cells for part in _write_cell(cell)]
    source = f"The notebook is `examples/notebooks/{path.name}`."
    return (
        "\n\n".join([f"<!-- benchmarks/notebook_pages.py writes this page -->\n\n{parts[0]}", source, *parts[1:]])
        + "\n"
    )


def _write_cell(cell: Any) -> Iterator[str]:
    if cell.cell_type == "markdown":
        yield cell.source
        return
    yield f"```py\n{cell.source}\n```"
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/svg+xml" in data:
            yield f'<div class="output">{_join_lines(data["image/svg+xml"])}</div>'
        elif "text/html" in data:
            yield f'<div class="output">{_join_lines(data["text/html"])}</div>'
        else:
            text = output.get("text") or data.get("text/plain", "")
            yield f"```text\n{text.rstrip()}\n```"


def _join_lines(markup: str) -> str:
    """Return markup on one line: a blank line would end it in Markdown."""
    return " ".join(markup.split())


def main() -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="store_true", help="execute the notebooks first")
    options = parser.parse_args()
    PAGES.mkdir(exist_ok=True)
    for path in list_notebooks():
        if options.run:
            nbformat.write(run_notebook(path), path)
        (PAGES / f"{path.stem}.md").write_text(write_page(path), encoding="utf-8")


if __name__ == "__main__":
    main()
