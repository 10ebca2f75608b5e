"""Chromium without a window, driven by Playwright, in front of a status page."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rig.place import CACHE, MissingTool, need_tool, wait_for

PLAYWRIGHT = CACHE / "kubernetes" / "playwright"
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
# Every element with a text of its own: the text, its colours, and the contrast of them by WCAG 2.
CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [.2126, .7152, .0722][at], 0);
  const behind = one => { for (; one; one = one.parentElement) {
    const colour = rgba(getComputedStyle(one).backgroundColor); if (colour[3] === 255) return colour; }
    return [255, 255, 255, 255]; };
  const found = [];
  for (const one of document.body.querySelectorAll("*")) {
    const text = [...one.childNodes].filter(node => node.nodeType === 3).map(node => node.data.trim()).join(" ").trim();
    if (!text || !one.getClientRects().length || ["SCRIPT", "title"].includes(one.tagName)) continue;
    const style = getComputedStyle(one);
    const [a, b] = [light(rgba(one instanceof SVGElement ? style.fill : style.color)), light(behind(one))];
    found.push([text.slice(0, 40), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]);
  }
  return found;
}"""


@dataclass
class View:
    """A page that is open, and what it has done."""

    page: object
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """What the Content-Security-Policy has stopped."""
        return self.page.evaluate("violations")

    def contrasts(self) -> list[tuple[str, float]]:
        return [(text, ratio) for text, ratio in self.page.evaluate(CONTRAST)]

    def rows(self, place: str) -> list[list[str]]:
        """The cells of the tables there."""
        rows = self.page.locator(f"#{place} tbody tr")
        return rows.evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))")

    def wait_for(self, expression: str, timeout: float) -> None:
        """Until it is true in the page. Asked from here: its policy lets nothing poll in the page itself."""
        wait_for(f"{expression} on the page", lambda: self.page.evaluate(expression), timeout, 0.1)

    def draw(self, picture: Path, section: str | None = None) -> None:
        """Writes a PNG of what is in the window, or of the section with that id."""
        shown = self.page.locator(f"section:has(#{section})") if section else self.page
        shown.screenshot(path=picture)


class Browser:
    """Leaving the context ends it."""

    def __enter__(self) -> "Browser":
        if not PLAYWRIGHT.exists():
            raise MissingTool("Playwright", "observe")
        if str(PLAYWRIGHT) not in sys.path:
            sys.path.append(str(PLAYWRIGHT))
        from playwright.sync_api import sync_playwright

        self.driver = sync_playwright().start()
        chromium = need_tool("chromium", "observe")
        self.chromium = self.driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        return self

    @contextmanager
    def open(self, address: str, width: int = 1280, height: int = 900, scheme: str = "light", route=None) -> Iterator[View]:
        """Shows the page once it has its first numbers. `route` may answer requests for its status."""
        context = self.chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = context.new_page()
        view = View(page)
        page.add_init_script(VIOLATIONS)
        page.on("request", lambda request: view.requests.append(request.url))
        page.on("pageerror", lambda error: view.errors.append(str(error)))
        page.on("console", lambda line: view.errors.append(line.text) if line.type == "error" else None)
        if route:
            page.route("**/api/**", route)
        try:
            page.goto(address)
            page.wait_for_selector("#legend li")
            yield view
        finally:
            context.close()

    def __exit__(self, *_exc) -> None:
        self.chromium.close()
        self.driver.stop()
