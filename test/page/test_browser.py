"""The page in a real Chromium, headless: what a person sees. Screenshots stay in build/page/."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

import pytest
from harness import ROOT, inner, wait_for

import seed
from test_page import HOSTILE, TOKEN

MODULES = ROOT / "build" / "node"
SHOTS = ROOT / "build" / "page"
BROWSER = pathlib.Path(__file__).with_name("browser.mjs")

SIZES = {"desktop": {"width": 1100, "height": 800}, "phone": {"width": 390, "height": 844},
         "narrow": {"width": 320, "height": 640}}
EVERY_VIEW = [{"name": f"{size}-{'dark' if dark else 'light'}", "dark": dark, "axe": True,
               **SIZES[size]} for size in ("desktop", "phone") for dark in (False, True)]


@pytest.fixture
def look(tmp_path):
    """look(server, views): what the browser saw of each."""
    def run(server, views, prefix, **task):
        SHOTS.mkdir(parents=True, exist_ok=True)
        # A profile's sockets need a short path.
        profile = tempfile.mkdtemp(prefix="ptp-page.")
        views = [{**v, "name": f"{prefix}-{v['name']}"} for v in views]
        path = tmp_path / f"{prefix}.json"
        path.write_text(json.dumps({"url": server.url, "folder": str(SHOTS), "profile": profile,
                                    "modules": str(MODULES), "views": views, **task}))
        try:
            done = subprocess.run(["node", str(BROWSER), str(path)], capture_output=True, text=True,
                                  timeout=300, env={**os.environ, "HOME": profile})
        finally:
            shutil.rmtree(profile, ignore_errors=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    return run


def assert_sound(seen, server):
    """No error, nothing from elsewhere, no sideways scrolling, no violation of accessibility."""
    assert seen["errors"] == []
    assert all(url.startswith((server.url, "data:")) for url in seen["requests"])
    assert seen.get("overflow", 0) <= 0
    assert seen.get("violations", []) == []


COUNT = """({
  cards: document.querySelectorAll(".card").length,
  cells: document.querySelectorAll(".strip a").length,
  marks: [...document.querySelectorAll(".strip a")].map((a) => a.innerText.trim().split("\\n")[0]),
  charts: document.querySelectorAll("svg.growth path.line").length,
  bars: [...document.querySelectorAll(".card svg.bar")].map((b) => {
    const part = b.querySelector(".part").getBoundingClientRect();
    const track = b.querySelector(".track").getBoundingClientRect();
    return part.width / track.width; }),
  folded: document.querySelector("details:not([open]) summary")?.innerText,
  shown: [...document.querySelectorAll(".cycle")].filter((c) => c.offsetParent).map((c) => c.id),
})"""


def test_a_good_year_at_every_size_and_in_every_light(with_box, serve, look):
    seed.a_good_year(with_box)
    server = serve(with_box)
    views = [{**v, "steps": [{"eval": COUNT}]} for v in EVERY_VIEW]
    views.append({"name": "narrow", **SIZES["narrow"], "axe": True, "steps": [{"eval": COUNT}]})
    shares = [min(1, c["bytes"] / c["allocated_bytes"])
              for c in server.get("api/status").json()["containers"]]
    for seen in look(server, views, "good"):
        assert_sound(seen, server)
        assert seen["h1"] == "All three containers are healthy."
        assert seen["title"] == "All three containers are healthy. ptp-archiver"
        assert "Next cycle in 2 h 13 m, at" in seen["text"]
        (counted,) = seen["steps"]
        assert (counted["cards"], counted["cells"], counted["charts"]) == (3, 60, 3)
        assert {"✓", "✕", "…", "–"} == set(counted["marks"])
        assert counted["bars"] == pytest.approx(shares, abs=0.01)
        assert len(counted["shown"]) == 1


def test_every_cycle_is_reached_by_keyboard_and_tells_its_detail(with_box, serve, look):
    seed.a_good_year(with_box)
    server = serve(with_box)
    failed = next(c for c in server.get("api/status").json()["cycles"]
                  if c["well"] is False and "503" in c["summary"])
    at = "[...document.querySelectorAll('.strip a')].map((a) => a.hash)"
    reach = [{"press": "Tab", "times": 2}, {"eval": at},
             {"eval": f"document.querySelector('.strip a[href=\"#cycle-{failed['id']}\"]').focus()"},
             {"press": "Shift+Tab"}, {"press": "Tab"},
             {"eval": "getComputedStyle(document.activeElement).outlineStyle"},
             {"press": "Enter"}, {"eval": COUNT},
             {"eval": "document.querySelector('.cycle:target').innerText"}]
    (seen,) = look(server, [{"name": "cycle", **SIZES["desktop"], "axe": True, "steps": reach}],
                   "keyboard")
    assert_sound(seen, server)
    assert len(seen["steps"][1]) == 60
    assert seen["steps"][5] != "none"
    assert seen["steps"][7]["shown"] == [f"cycle-{failed['id']}"]
    assert "failed" in seen["steps"][8] and "the tracker answered HTTP 503" in seen["steps"][8]


def test_without_javascript_it_says_the_same(with_box, serve, look):
    seed.a_good_year(with_box)
    server = serve(with_box)
    cell = f"a[href='#cycle-{server.get('api/status').json()['cycles'][5]['id']}']"
    views = [{"name": "with", **SIZES["desktop"]},
             {"name": "without", "script": False, **SIZES["desktop"]},
             {"name": "click", "script": False, **SIZES["phone"], "steps": [{"click": cell}]}]
    with_script, without, click = look(server, views, "script")

    def words(seen):
        return [line for line in seen["text"].splitlines() if not line.startswith("As of")]

    assert words(with_script) == words(without)
    assert without["errors"] == [] and click["errors"] == []
    assert words(click) != words(without)


def test_it_is_live_and_keeps_the_focus(with_box, serve, look):
    seed.a_good_year(with_box)
    server = serve(with_box)
    ids = [c["id"] for c in server.get("api/status").json()["cycles"]]
    change = f"""(async () => {{
      const cell = document.querySelector('.strip a[href="#cycle-{ids[10]}"]');
      cell.click(); cell.focus(); return document.activeElement.hash; }})()"""
    new = "#cycle-" + str(ids[0] + 1)
    steps = [{"eval": change}, {"wait": f".strip a[href='{new}']"},
             {"eval": "document.activeElement.hash"}, {"eval": COUNT},
             {"eval": "document.querySelector('h1').innerText"}]
    task = {"name": "later", **SIZES["desktop"], "steps": steps}

    def later():
        with seed.past(with_box, clear=False) as p:
            p.cycle(p.at, {"attic": ("ERR(Disk)", "/srv: Read-only file system"),
                           "hetzner": ("OK", ""), "loft": ("FULL", "")}, well=False)

    timer = threading.Timer(4, later)
    timer.start()
    (seen,) = look(server, [task], "live")
    timer.join()
    assert_sound(seen, server)
    assert seen["steps"][0] == seen["steps"][2] == f"#cycle-{ids[10]}"
    assert seen["steps"][3]["shown"] == [f"cycle-{ids[10]}"]
    assert seen["steps"][3]["cells"] == 60
    assert re.match(r"attic has failed since \d\d:\d\d: ERR\(Disk\): ", seen["steps"][4])


STALE = "document.getElementById('stale').innerText"
AS_OF = "document.getElementById('as-of').innerText"


def when_ready(path, do):
    """Has `do` done once the browser has made the file; the thread."""
    def run():
        wait_for(path.exists, 120, "the page in the browser")
        do()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGSTOP])
def test_a_page_that_cannot_be_renewed_says_so(with_box, serve, look, tmp_path, sig):
    """The program is away, or hangs."""
    seed.a_good_year(with_box)
    server = serve(with_box)
    ready = tmp_path / "ready"
    steps = [{"eval": AS_OF}, {"ready": str(ready)}, {"wait": "#stale:not([hidden])"},
             {"eval": STALE}]
    thread = when_ready(ready, lambda: os.kill(inner(server.process), sig))
    (seen,) = look(server, [{"name": "page", "axe": True, **SIZES["phone"], "steps": steps}],
                   f"stale-{sig.name}")
    thread.join()
    assert seen["steps"][3] == f"Not renewed since {seen['steps'][0]}: the program does not answer."
    assert seen["violations"] == []


def test_a_page_whose_ledger_goes_away_says_so_and_recovers(with_box, serve, look, tmp_path):
    seed.a_good_year(with_box)
    server = serve(with_box, PTP_BACKUP_KEEP="0")
    ledger, away = with_box.state / "ledger.db", with_box.state / "away.db"

    def spoil_it():
        ledger.rename(away)
        ledger.write_bytes(b"this is no ledger" * 100)

    gone, seen_it = tmp_path / "gone", tmp_path / "seen"
    threads = [when_ready(gone, spoil_it), when_ready(seen_it, lambda: away.rename(ledger))]
    steps = [{"ready": str(gone)}, {"wait": "#stale:not([hidden])"}, {"eval": STALE},
             {"ready": str(seen_it)}, {"wait": "#stale[hidden]", "hidden": True}]
    (seen,) = look(server, [{"name": "page", **SIZES["desktop"], "steps": steps}], "ledger")
    for thread in threads:
        thread.join()
    assert re.match(r"Not renewed since \d\d:\d\d:\d\d: .*ledger", seen["steps"][2])


REFUSAL = """({h1: document.querySelector("h1").innerText, main:
  document.querySelector("main").innerText, home: document.querySelector("main a")?.href ?? null})"""


def test_what_a_browser_is_refused_is_a_page_as_well(with_box, serve, look):
    """At every size, without a violation of accessibility, and with a way out."""
    server = serve(with_box)
    views = [{**v, "steps": [{"go": "ptp/no/such"}, {"eval": REFUSAL}]}
             for v in EVERY_VIEW]
    for seen in look(server, views, "refused"):
        assert seen["overflow"] <= 0 and seen["violations"] == []
        assert seen["steps"][1]["h1"] == "There is nothing here."
        assert seen["steps"][1]["home"] == server.url


def test_a_ledger_that_cannot_be_read_is_told_and_renewed(with_box, serve, look, tmp_path):
    seed.a_good_year(with_box)
    server = serve(with_box)
    ledger, away = with_box.state / "ledger.db", with_box.state / "away.db"
    wait_for(lambda: "next cycle in" in with_box.log())
    ledger.rename(away)
    ledger.write_bytes(b"this is no ledger" * 100)
    ready = tmp_path / "ready"
    thread = when_ready(ready, lambda: away.rename(ledger))
    views = [{"name": "bad", "axe": True, **SIZES["phone"], "steps": [{"eval": REFUSAL}]},
             {"name": "mended", **SIZES["phone"],
              "steps": [{"eval": REFUSAL}, {"ready": str(ready)}, {"wait": ".strip"}]}]
    bad, mended = look(server, views, "unreadable")
    thread.join()
    for refused in (bad["steps"][0], mended["steps"][0]):
        assert refused["h1"] == "The ledger cannot be read."
        assert "is not a database" in refused["main"] and refused["home"] is None
    assert bad["violations"] == []
    assert mended["h1"] == "All three containers are healthy."


def spoil(archiver):
    """A bad day, with names that are meant to break things."""
    with seed.past(archiver) as p:
        p.months("attic", 20, 1, 2 * seed.GIGABYTE)
        p.torrent("attic", p.at - seed.HOUR, name=HOSTILE, path="/srv/" + HOSTILE)
        p.torrent("attic", p.at - seed.HOUR, name="x" * 300)
        p.torrent("attic", p.at - 30 * seed.HOUR, name=HOSTILE, state=2, note=HOSTILE)
        p.torrent("hetzner", p.at - seed.HOUR, name="Two Rooms (1995)", state=2)
        p.torrent("loft", p.at - seed.HOUR, state=5, note="no answer in time")
        p.db.execute("UPDATE assignment SET name = NULL, torrent_id = NULL WHERE state = 5")
        p.cycle(p.at - 7 * seed.HOUR, {"attic": ("OK", "")})
        p.cycle(p.at - seed.HOUR, {"attic": ("ERR(Disk)", HOSTILE), "hetzner":
                                   ("WAIT(Client)", "1 torrent waits for box"),
                                   "loft": ("WAIT", "")}, well=False)
        p.backoff()
        p.audit()
        p.client("box", down_since=p.at - 5 * seed.HOUR, seen_at=p.at - 8 * seed.HOUR)
        p.space(str(archiver.watch), 20 * seed.GIGABYTE, 1800 * seed.GIGABYTE)
        p.clock()


def test_a_bad_day_with_hostile_names(with_box, serve, look):
    spoil(with_box)
    server = serve(with_box)
    for seen in look(server, EVERY_VIEW, "bad"):
        assert_sound(seen, server)
        assert seen["h1"].startswith("The tracker has not been well since ")
        assert "Nothing is lost" in seen["text"]
        assert "<script>alert(1)</script>" in seen["text"]
        assert "The client box has been away since" in seen["text"]
        assert "possibly lost" in seen["text"]


@pytest.fixture
def crowded(make):
    archiver = make(containers=None)
    watch = archiver.watch / ("a-folder-with-a-name-that-is-rather-long-" * 3)
    archiver.configure(
        Clients={"box": {"Type": "qbittorrent", "URL": "http://127.0.0.1:9/", "Username": "bob",
                         "Password": "x"}},
        Containers={name: {"Size": f"{i + 1}00G", **({"Client": "box"} if i % 2 else
                                                     {"WatchDirectory": str(watch / name)})}
                    for i, name in enumerate(seed.CROWD)})
    for name in seed.CROWD:
        (watch / name).mkdir(parents=True)
    seed.a_crowd(archiver)
    return archiver


# Texts that are wider than what holds them, or stick out of the window.
CUT = """[...document.querySelectorAll("body *")].filter((e) => e.offsetParent &&
  !e.closest(".sr, .skip, svg") && (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 ||
  e.getBoundingClientRect().right > innerWidth + 1)).map((e) => e.outerHTML.slice(0, 120))"""


def test_a_crowd_with_long_names_fits_everywhere(crowded, serve, look):
    server = serve(crowded)
    views = [{**v, "width": {"phone": 360}.get(v["name"].split("-")[0], v["width"]),
              "steps": [{"eval": COUNT}, {"eval": CUT}]} for v in EVERY_VIEW]
    for seen in look(server, views, "crowd"):
        assert_sound(seen, server)
        counted, cut = seen["steps"]
        assert (counted["cards"], counted["cells"], counted["charts"]) == (12, 60, 12)
        assert cut == []
        assert counted["folded"] == "33 more"


def test_what_was_unfolded_stays_so(crowded, serve, look):
    server = serve(crowded)
    later = f"(at => new Promise((done) => setInterval(() => {AS_OF} !== at && done(true), 200)))({AS_OF})"
    steps = [{"click": "summary"}, {"eval": later}, {"eval": COUNT}]
    (seen,) = look(server, [{"name": "unfolded", **SIZES["desktop"], "axe": True, "steps": steps}],
                   "crowd")
    assert_sound(seen, server)
    assert "folded" not in seen["steps"][2]
    assert seen["text"].count("Salt (1954)") == 13


def test_a_listener_hears_each_thing_once_and_what_a_chart_shows(with_box, serve, look):
    seed.a_good_year(with_box)
    (seen,) = look(serve(with_box), [{"name": "aria", **SIZES["desktop"], "aria": True}], "heard")
    heard = seen["aria"]
    assert re.findall(r'status:\n +- heading "All three containers are healthy." \[level=1\]', heard)
    images = re.findall(r'img "(.*)"', heard)
    assert len(images) == 3
    assert all(re.fullmatch(r"Growth from \S+ \w+ on .* to \S+ \w+ today", i) for i in images)
    assert heard.count("of 800.0 GiB") == 1
    cells = re.findall(r'link "(.*)":\n +- /url: "#cycle-', heard)
    assert len(cells) == 60
    assert all(re.fullmatch(r"(.*, )?\d\d:\d\d, (well|failed|had to wait|cut off)", c) for c in cells)
    assert [line for line in heard.splitlines() if "alert" in line] == []
    headings = re.findall(r'heading "(.*?)" \[level=2\]', heard)
    assert headings == ["Containers", "The last 60 cycles, the newest at the end", "Newest torrents",
                        "Clients and folders"]


def test_the_first_start(make, serve, look, sim):
    sim.faults({"endpoint": "fetch", "do": "delay", "seconds": 30})
    server = serve(make())
    for seen in look(server, [EVERY_VIEW[0], EVERY_VIEW[3]], "first"):
        assert_sound(seen, server)
        assert seen["h1"] in ("Ready. No cycle has run yet.", "The first cycle is at work.")


def test_a_browser_comes_in_with_the_token(with_box, serve, look):
    seed.a_good_year(with_box)
    server = serve(with_box, PTP_LISTEN_TOKEN=TOKEN)
    task = {"credentials": {"username": "me", "password": TOKEN}}
    renewed = [{"eval": "fetch(location.pathname, {credentials: 'same-origin'})"
                        ".then((a) => a.status)"}]
    (seen,) = look(server, [{"name": "in", **SIZES["desktop"], "steps": renewed}], "token", **task)
    assert seen["h1"] == "All three containers are healthy." and seen["steps"] == [200]
