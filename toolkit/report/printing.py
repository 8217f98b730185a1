"""A page as a PDF, printed by a Chromium of this machine: in a child process, with no network and a time limit."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from toolkit.errors import InputError

PATIENCE_SECONDS = 60.0
_COMMANDS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge",
    "brave-browser",
)  # fmt: skip
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_PROGRAMS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
_PLAYWRIGHT = (
    "chromium-*/chrome-*/chrome",
    "chromium-*/chrome-*/*.app/Contents/MacOS/*",
    "chromium-*/chrome-*/chrome.exe",
)
"""Where Playwright keeps its own, in its folder of browsers."""
_FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-extensions", "--disable-sync", "--disable-background-networking",
    "--disable-component-update", "--disable-default-apps", "--disable-dev-shm-usage", "--no-first-run",
    "--no-default-browser-check", "--password-store=basic", "--use-mock-keychain", "--mute-audio",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--no-pdf-header-footer",
)  # fmt: skip
"""Every name is unknown and the proxy answers nobody: the page needs no network and has none."""
_NONE_HERE = (
    "a PDF is printed by Chromium, Chrome or Edge, and none is on this machine; install one, such as with `apt install "
    "chromium` or `playwright install chromium`, or write client.html and print it from any browser"
)


def find_browser() -> Path | None:
    """Return a browser of this machine that can print: on the path, where it is installed, or Playwright's."""
    named = next(filter(None, map(shutil.which, _COMMANDS)), None)
    if named is not None:
        return Path(named)
    return next((path for path in _list_places() if path.is_file() and os.access(path, os.X_OK)), None)


def require_browser() -> Path:
    """Return a browser of this machine that can print; raise InputError, with what to install, if there is none."""
    found = find_browser()
    if found is None:
        raise InputError(_NONE_HERE)
    return found


def print_pdf(html: str, *, browser: Path | None = None, patience: float = PATIENCE_SECONDS) -> bytes:
    """Return a page as the bytes of a PDF.

    Raises InputError, in one line with what to do instead, without a browser or if it fails or takes too long.
    """
    chosen = browser or require_browser()
    with tempfile.TemporaryDirectory(prefix="audience-print-", ignore_cleanup_errors=True) as folder:
        return _print(html, chosen, Path(folder), patience)


def _print(html: str, browser: Path, folder: Path, patience: float) -> bytes:
    page, printed = folder / "page.html", folder / "page.pdf"
    page.write_text(html, encoding="utf-8")
    said = ""
    for boxed in [False] if _is_root() else [True, False]:
        said = _call(browser, folder, [] if boxed else ["--no-sandbox"], page, printed, patience)
        if printed.is_file() and printed.read_bytes()[:5] == b"%PDF-":
            return printed.read_bytes()
        if "sandbox" not in said.lower():  # where a container forbids it, our own page is printed without
            break
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "it wrote nothing")
    raise InputError(f"{browser}: the browser printed no PDF: {last[:200]}; write client.html and print it yourself")


def _call(browser: Path, folder: Path, more: list[str], page: Path, printed: Path, patience: float) -> str:
    """Run the browser to its end and return what it complained of."""
    profile = folder / "profile"
    command = [
        str(browser), *_FLAGS, *more, f"--user-data-dir={profile}", f"--print-to-pdf={printed}", page.as_uri(),
    ]  # fmt: skip
    surroundings = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    try:
        child = subprocess.Popen(  # noqa: S603 - a browser of this machine
            command, cwd=folder, env=surroundings, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return (error.strerror or str(error)).lower()
    with child:
        try:
            _, said = child.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            raise InputError(
                f"{browser}: the browser printed nothing within {patience:g} seconds; "
                "write client.html and print it yourself"
            ) from None
        finally:
            _end(child)
    return said.decode(errors="replace")


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a browser with the processes that it started."""
    if child.poll() is not None:
        return
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()


def _list_places() -> Iterator[Path]:
    yield from map(Path, _APPLICATIONS)
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if root := os.environ.get(variable):
            yield from (Path(root) / program for program in _PROGRAMS)
    for folder in _list_playwright():
        for pattern in _PLAYWRIGHT:
            yield from sorted(folder.glob(pattern), reverse=True)


def _list_playwright() -> Iterator[Path]:
    if named := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        yield Path(named)
    caches = {"Darwin": "Library/Caches", "Windows": "AppData/Local"}
    yield Path.home() / caches.get(platform.system(), ".cache") / "ms-playwright"


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
