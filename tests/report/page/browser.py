"""A headless Chromium that reads a page from disk: what it asked for, what it complained about, what one sees.

Speaks the DevTools protocol over the pipe of ``--remote-debugging-pipe`` with the standard library only. The browser is
cut off from any network. Tests get it by the fixture ``browser``; without a Chromium they are skipped.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE: Final = 60.0  # seconds until a silent browser counts as broken
OPTIONS: Final = (
    "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--disable-features=Translate,OptimizationHints,MediaRouter", "--mute-audio",
    "--hide-scrollbars", "--force-color-profile=srgb", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
KEYS: Final = {"Enter": (13, "\r"), " ": (32, " "), "Tab": (9, ""), "Escape": (27, ""), "ArrowRight": (39, "")}


def find_chromium() -> str | None:
    """Return the program of a Chromium, or None."""
    named = os.environ.get("NETGEN_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def started(program: str, profile: Path) -> Iterator[Browser]:
    """Start a browser with a profile folder of its own; it ends with the block."""
    to_child, our_write = (_moved(end) for end in os.pipe())
    our_read, from_child = (_moved(end) for end in os.pipe())
    rootless = [] if os.geteuid() else ["--no-sandbox"]
    command = [program, *OPTIONS, *rootless, f"--user-data-dir={profile}", "about:blank"]
    environment = {**os.environ, "HOME": str(profile), "XDG_CONFIG_HOME": str(profile), "XDG_CACHE_HOME": str(profile)}
    actions = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, to_child, 3),
        (os.POSIX_SPAWN_DUP2, from_child, 4),
    ]
    process = os.posix_spawn(program, command, environment, file_actions=actions, setpgroup=0)
    os.close(to_child)
    os.close(from_child)
    try:
        yield Browser(our_read, our_write)
    finally:
        os.close(our_write)
        os.close(our_read)
        _end(process)


def _moved(end: int) -> int:
    """The same end of a pipe under a number that the child's 3 and 4 cannot overwrite."""
    moved = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(end)
    return moved


def _end(process: int) -> None:
    """Give the browser a moment to leave by itself: a closed pipe ends it."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if os.waitpid(process, os.WNOHANG)[0]:
            return
        time.sleep(0.02)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)


class Browser:
    """The connection: commands out, answers and events in, each a JSON text that ends with a zero byte."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._buffer = b""
        self._last = 0
        self._pages: dict[str, Page] = {}

    def send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Give a command and return its result."""
        self._last += 1
        number = self._last
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        content = json.dumps(message).encode() + b"\0"
        while content:
            content = content[os.write(self._write, content) :]
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def receive(self) -> dict[str, Any]:
        """Wait for the next message; events go to their page first."""
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._read, 1 << 20)
            if not part:
                raise ConnectionError("the browser has ended")
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(line)
        if "method" in message and message.get("sessionId") in self._pages:
            self._pages[message["sessionId"]].note(message["method"], message["params"])
        return message

    @contextmanager
    def page(
        self,
        file: Path,
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        media: str = "",
        scripts: bool = True,
    ) -> Iterator[Page]:
        """Open a file: ``scheme`` light or dark, ``media`` "" or print, with or without the page's scripts."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, scripts=scripts)
        self._pages[session] = page
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.send(f"{domain}.enable")
        page.resize(width, height)
        page.send("Emulation.setScriptExecutionDisabled", value=not scripts)
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        page.send("Emulation.setEmulatedMedia", media=media, features=features)
        page.load(file.resolve().as_uri())
        try:
            yield page
        finally:
            del self._pages[session]
            self.send("Target.closeTarget", targetId=target)


class Page:
    """One tab."""

    def __init__(self, browser: Browser, session: str, *, scripts: bool) -> None:
        self._browser, self._session, self._scripts = browser, session, scripts
        self.console: list[str] = []  # what the page and the browser complained about or logged
        self.requests: list[str] = []  # every address asked for
        self._loaded = False

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.send(method, self._session, **params)

    def note(self, method: str, params: dict[str, Any]) -> None:
        """Keep what an event says."""
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Log.entryAdded":
            self.console.append(f"{params['entry']['level']}: {params['entry']['text']}")
        elif method == "Runtime.consoleAPICalled":
            said = " ".join(str(item.get("value", item.get("description"))) for item in params["args"])
            self.console.append(f"{params['type']}: {said}")
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.console.append(f"exception: {details.get('exception', {}).get('description', details['text'])}")

    def load(self, url: str) -> None:
        self._loaded = False
        self.send("Page.navigate", url=url)
        while not self._loaded:
            self._browser.receive()
        self.settle()

    def resize(self, width: int, height: int) -> None:
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def settle(self) -> None:
        """Wait until the page has drawn twice: what events asked for has happened."""
        if self._scripts:  # without scripts nothing is called back, and nothing happens later
            wait = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
            self.send("Runtime.evaluate", expression=wait, awaitPromise=True)

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, a promise awaited."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def texts(self, selector: str) -> list[str]:
        """What the elements of a selector show, in the order of the page."""
        return self.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent.trim())")

    def move(self, selector: str, *, x: float = 0.5, y: float = 0.5) -> tuple[float, float]:
        """Put the pointer on an element, at a fraction of its width and height."""
        box = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center', inline: 'nearest', behavior: 'instant'});"
            " const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()"
        )
        place = (box[0] + x * box[2], box[1] + y * box[3])
        self._mouse("mouseMoved", place)
        self.settle()
        return place

    def click(self, selector: str, *, x: float = 0.5, y: float = 0.5) -> None:
        place = self.move(selector, x=x, y=y)
        self._mouse("mousePressed", place, button="left", clickCount=1)
        self._mouse("mouseReleased", place, button="left", clickCount=1)
        self.settle()

    def _mouse(self, kind: str, place: tuple[float, float], **params: Any) -> None:
        self.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], **params)

    def focus(self, selector: str) -> None:
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")

    def press(self, key: str) -> None:
        """Press and let go a key of ``KEYS``."""
        code, text = KEYS[key]
        common = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
        self.send(
            "Input.dispatchKeyEvent",
            type="keyDown" if text else "rawKeyDown",
            **common,
            **({"text": text} if text else {}),
        )
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)
        self.settle()

    def write(self, text: str) -> None:
        """Type text where the focus is."""
        self.send("Input.insertText", text=text)
        self.settle()

    def screenshot(self, file: Path, *, whole: bool = False) -> None:
        """Save what one sees, or the whole page, as PNG."""
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self._clip(whole))
        file.write_bytes(base64.b64decode(data["data"]))

    def _clip(self, whole: bool) -> dict[str, Any]:
        if not whole:
            return {}
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def pdf(self) -> bytes:
        """Return the page as it is printed."""
        return base64.b64decode(self.send("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"])
