"""One page with a draft drawn on every surface, to look at: `python benchmarks/preview_page.py previews.html`."""

from __future__ import annotations

import sys
from pathlib import Path

from toolkit.drafts.preview import load_style, render_preview
from toolkit.drafts.surfaces import find_surface, surface_names
from toolkit.models import Draft

TEXT = (
    "The coat was up for eight pounds because of its lining. Mended, it went for forty-five. Show us yours and we will "
    "say what it needs, by message, the same day. 🧥 Zips, hems and linings since 1987."
)
PARTS = {
    "headline": "The coat that sold for £45",
    "description": "Mending for resale",
    "cta": "Send message",
    "link": "https://example.org/mending",
    "alt": "A grey coat with a new lining",
    "price": "£45",
    "place": "Headingley, Leeds",
    "greeting": "Hello! Send a photo of what needs mending.",
    "ice_breakers": ("What do you charge for a zip?", "How long does it take?"),
    "buttons": ("Send a photo", "See prices"),
    "quick_replies": ("Yes please", "Not now"),
}


def draw_page() -> str:
    """Return the page: every surface with the parts it shows, on a phone and on a desktop."""
    figures = []
    for name in surface_names():
        surface = find_surface(name)
        parts = {part: value for part, value in PARTS.items() if part in surface.fields}
        draft = Draft.model_validate({"id": name, "text": TEXT, "surface": name, **parts})
        for device in ("phone", "desktop"):
            html = render_preview(draft, device=device)  # type: ignore[arg-type]
            figures.append(f'<figure class="preview-figure"><figcaption>{name}, {device}</figcaption>{html}</figure>')
    body = "".join(figures)
    page = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Previews</title>'
    return f'{page}<style>{load_style()}</style><body><div class="preview-row">{body}</div></body></html>'


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(draw_page(), encoding="utf-8")
