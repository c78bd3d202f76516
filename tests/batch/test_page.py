"""The report's page in a real browser: it plays, filters and sorts, at every width, and does nothing else."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from hailuo_cli.batch.report.outcomes import STATES, Report, RowOutcome
from hailuo_cli.batch.report.page import as_html
from hailuo_cli.sandbox.animatic import render
from hailuo_cli.sandbox.shot import Shot
from tests.support.browser import BINARY, Browser

pytestmark = pytest.mark.skipif(BINARY is None or os.name != "posix", reason="needs Chromium")
PICTURES = os.environ.get("HAILUO_TEST_PICTURES")
"""A folder where pictures of the page are left, for a person to look at."""
NASTY = '</p><img src=x onerror="document.title=1"><script>document.title="taken"</script> & "quotes" {braces}'


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "clip.mp4"
    render(Shot("A lighthouse at dusk", 6, "512P"), path, size=(320, 180), fps=12)
    return path


def outcome(number: int, folder: Path) -> RowOutcome:
    """A row of many kinds: every second one is done, the others are in each other state in turn."""
    state = "done" if number % 2 == 0 else STATES[1 + number // 2 % (len(STATES) - 1)]
    return RowOutcome(
        id=f"sku-{1000 + number}",
        take=1,
        state=state,
        prompt=NASTY
        if number == 2
        else f"A boat number {number} on the sea at dawn, {'slowly ' * (number % 30)}drifting",
        provider=("pixazo", "minimax", "fal")[number % 3],
        model="minimax-hailuo-2.3-standard",
        duration=6,
        resolution="768P",
        price_usd=None if number % 7 == 3 else Decimal(number % 5) / 10,
        price_source="fal.ai/pricing (2026-11-20)",
        output=str(folder / "out" / f"clip {number % 4} #1.mp4"),
        job=f"pixazo:minimax-hailuo-ai_{number:08}" if state != "new" else None,
        error="the provider says: the picture shows a face" if state in ("failed", "refused") else None,
        extra={"page": f"catalogue {number // 10}"},
    )


def page(folder: Path, film: Path, count: int) -> str:
    """A report beside its videos, as an address."""
    (folder / "out").mkdir()
    for number in range(4):
        os.link(film, folder / "out" / f"clip {number} #1.mp4")
    report = Report("spring <collection>", [outcome(number, folder) for number in range(count)], "2026-11-26T14:00:00Z")
    path = folder / "report.html"
    path.write_text(as_html(report, folder), encoding="utf-8")
    return path.as_uri()


def test_a_clip_plays_in_its_place_from_the_folder_and_nothing_else_is_asked_for(
    browser: Browser, film: Path, tmp_path: Path
) -> None:
    browser.open(page(tmp_path, film, 3))
    browser.value("document.querySelector('video').play()")
    browser.until("document.querySelector('video').currentTime > 0.2")
    assert browser.value("document.querySelector('video').duration") == pytest.approx(6, abs=0.2)
    assert browser.complaints == []
    # data: are the pictures of the player itself
    assert {url.partition(":")[0] for url in browser.asked_for} <= {"file", "data"}


def test_a_clip_plays_from_a_web_server_too(browser: Browser, film: Path, tmp_path: Path) -> None:
    page(tmp_path, film, 3)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser.open(f"http://127.0.0.1:{server.server_address[1]}/report.html")
        browser.value("document.querySelector('video').play()")
        browser.until("document.querySelector('video').currentTime > 0.2")
        complaints = [text for text in browser.complaints if "favicon" not in text and "404" not in text]
        browser.open("about:blank#")
        server.shutdown()
    assert complaints == []


def test_a_prompt_is_text_and_never_markup(browser: Browser, film: Path, tmp_path: Path) -> None:
    browser.open(page(tmp_path, film, 3))
    assert browser.value("document.querySelectorAll('.prompt')[2].textContent") == NASTY
    assert browser.value("document.querySelectorAll('img').length") == 0
    assert browser.value("document.title") == "spring <collection>"


def test_what_the_page_is_made_to_do_by_others_is_forbidden_by_its_policy(
    browser: Browser, film: Path, tmp_path: Path
) -> None:
    browser.open(page(tmp_path, film, 3))
    browser.value(
        "(() => { const s = document.createElement('script'); s.textContent = 'document.title = \"taken\"';"
        " document.body.append(s); const i = new Image(); i.src = 'http://127.0.0.1:9/x'; document.body.append(i); })()"
    )
    browser.until("true")
    assert browser.value("document.title") == "spring <collection>"
    browser.value("new Promise((done) => setTimeout(done, 100))")
    assert sum("Content Security Policy" in text for text in browser.complaints) >= 2


def shown(browser: Browser) -> list[str]:
    """The ids of the rows that can be seen, in their order."""
    found: list[str] = browser.value(
        "[...document.querySelectorAll('article')].filter((a) => a.offsetHeight > 0).map((a) => a.dataset.id)"
    )
    return found


def choose(browser: Browser, name: str, value: str) -> None:
    """What a person does with a field of the form."""
    browser.value(
        f"(() => {{ const f = document.querySelector('[name={name}]'); f.value = {value!r};"
        " f.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


def test_rows_are_filtered_by_words_state_and_provider_and_sorted(browser: Browser, film: Path, tmp_path: Path) -> None:
    browser.open(page(tmp_path, film, 300))
    every = [f"sku-{1000 + number}" for number in range(300)]
    assert shown(browser) == every
    choose(browser, "search", "SKU-112 boat")
    assert shown(browser) == every[120:130]
    choose(browser, "state", "done")
    assert shown(browser) == every[120:130:2]
    assert browser.value("document.querySelector('output').value") == "5 of 300"
    choose(browser, "search", "")
    choose(browser, "state", "")
    choose(browser, "provider", "fal")
    assert shown(browser) == every[2::3]
    choose(browser, "provider", "")
    choose(browser, "order", "dearest")
    prices = browser.value("[...document.querySelectorAll('article')].map((a) => +(a.dataset.price || -1))")
    assert prices == sorted(prices, reverse=True)
    choose(browser, "order", "file")
    assert shown(browser) == every
    choose(browser, "search", "there is no such row")
    assert shown(browser) == []
    assert browser.value("document.getElementById('none').offsetHeight") > 0


def test_of_hundreds_of_clips_only_those_that_are_looked_at_are_read(
    browser: Browser, film: Path, tmp_path: Path
) -> None:
    browser.open(page(tmp_path, film, 300))
    browser.until("[...document.querySelectorAll('video')].some((v) => v.readyState > 0)")
    assert browser.value("[...document.querySelectorAll('video')].filter((v) => v.preload !== 'none').length") < 60


def test_a_clip_whose_file_was_taken_away_says_so(browser: Browser, film: Path, tmp_path: Path) -> None:
    address = page(tmp_path, film, 3)
    (tmp_path / "out" / "clip 0 #1.mp4").unlink()
    browser.open(address)
    browser.until("document.querySelector('.screen').textContent.includes('is not there')")


@pytest.mark.parametrize("count", [3, 300])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_window_and_every_text_can_be_read(
    browser: Browser, film: Path, tmp_path: Path, width: int, dark: bool, count: int
) -> None:
    browser.open(page(tmp_path, film, count), width=width, dark=dark)
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value(LEAST_CONTRAST) >= 4.5
    browser.until("document.querySelector('video').readyState > 1")
    if PICTURES:
        browser.picture(Path(PICTURES) / f"page-{count}-{width}-{'dark' if dark else 'light'}.png")


LEAST_CONTRAST = """
(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("h1, h2, p, span, dt, dd, a, select, input, output, footer")];
  return Math.min(...texts.filter((e) => e.offsetHeight > 0).map((e) => {
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
})()
"""
