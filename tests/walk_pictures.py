"""Pictures of pages, kept where PICTURES says: PICTURES=docs/pictures pytest tests/test_walk.py."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from PIL import Image

PICTURES = os.environ.get("PICTURES")
WIDTHS = (1280, 390)
MOST = 2_600
"""Pixels of height that a picture keeps of a long page."""
COLOURS = 128
SCROLL = """
(end) => { const main = document.querySelector('[data-testid=stMain]'); main.scrollTop = end ? main.scrollHeight : 0; }
"""
WITHOUT_FOLDERS = """
() => document.querySelectorAll('[data-testid=stText]').forEach(one => {
  const parts = one.textContent.split('/');
  if (parts[1] === 'tmp') one.textContent = ['/home/ada', ...parts.slice(-2)].join('/');
})
"""
"""The folder of a test is no place a reader has."""


def keep_pictures(page: Any, name: str, *, dark: bool = False, end: bool = False) -> None:
    """Keep the page at both widths, in the light and, where `dark`, in the dark too; its end, where `end`."""
    if not PICTURES:
        return
    for scheme in ("light", "dark") if dark else ("light",):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            keep_picture(page, f"{name}-{width}{'-dark' if scheme == 'dark' else ''}", width, end=end)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def keep_picture(page: Any, name: str, width: int, *, end: bool) -> None:
    """Keep the page as it is drawn at a width, down to the end or as far as a picture goes."""
    page.set_viewport_size({"width": width, "height": 900})
    page.mouse.move(0, 0)
    page.evaluate(WITHOUT_FOLDERS)
    page.wait_for_timeout(600)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(int(height), MOST)})
    page.evaluate(SCROLL, end)
    page.wait_for_timeout(900)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS)
    picture.save(Path(str(PICTURES)) / f"{name}.png", optimize=True)
