"""The metrics, the alert rules and the dashboard, judged by Prometheus itself."""

import json
import pathlib
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

from harness import ROOT, free_port, wait_for

import seed
from test_browser import spoil
from test_page import TOKEN

CONTRIB = ROOT / "contrib"
HERE = pathlib.Path(__file__).parent


def promtool(*arguments, **keys):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, **keys)
    return done.returncode, done.stdout + done.stderr


def test_the_metrics_please_promtool(with_box, serve):
    seed.a_good_year(with_box)
    server = serve(with_box)
    assert promtool("check", "metrics", input=server.get("metrics").text) == (0, "")
    spoil(with_box)
    bad = server.get("metrics").text
    assert promtool("check", "metrics", input=bad) == (0, "")
    for said in ("backoff_active 1", 'possibly_lost_torrents{container="loft"} 1',
                 'client_up{client="box"} 0', 'container_well{container="attic"} 0',
                 'pending_torrents{container="hetzner"} 1'):
        assert said in bad, said
    assert promtool("check", "metrics", input=bad.replace("cycles_total", "cycles"))[0] != 0


def test_counters_outlive_the_process_and_only_grow(sim, make, serve):
    a = make("attic:1T")

    def cycles(server):
        return int(re.search(r'cycles_total\{result="well"\} (\d+)', server.get("metrics").text)[1])

    server = serve(a)
    wait_for(lambda: "next cycle in" in a.log())
    assert cycles(server) == 1
    a.stop(server.process)
    a.fetch()
    assert cycles(serve(a)) == 2


def test_the_rules_are_sound_and_each_fires_when_it_should(tmp_path):
    assert promtool("check", "rules", CONTRIB / "alerts.yml")[0] == 0
    for file in (CONTRIB / "alerts.yml", HERE / "alerts_test.yml"):
        shutil.copy(file, tmp_path)
    status, said = promtool("test", "rules", "alerts_test.yml", cwd=tmp_path)
    assert status == 0, said
    rules = set(re.findall(r"alert: (\w+)", (CONTRIB / "alerts.yml").read_text()))
    tested = re.findall(r"alertname: (\w+)", (HERE / "alerts_test.yml").read_text())
    assert rules and all(tested.count(rule) == 3 for rule in rules)


def expressions():
    """What the dashboard and the rules ask for."""
    board = json.loads((CONTRIB / "grafana.json").read_text())
    asked = [t["expr"] for p in board["panels"] for t in p.get("targets", [])]
    return asked + re.findall(r"expr: (.*)", (CONTRIB / "alerts.yml").read_text())


def test_a_real_prometheus_scrapes_it(with_box, serve, tmp_path):
    """With the token, the rules loaded; and each expression of the dashboard is understood."""
    spoil(with_box)
    server = serve(with_box, PTP_LISTEN_TOKEN=TOKEN)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "prometheus.yml").write_text(json.dumps({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(CONTRIB / "alerts.yml")],
        "scrape_configs": [{"job_name": "ptp-archiver",
                            "authorization": {"credentials_file": str(tmp_path / "token")},
                            "static_configs": [{"targets": [f"{server.host}:{server.port}"]}]}]}))
    port = free_port()
    process = subprocess.Popen(
        ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/db",
         f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL,
        stderr=open(tmp_path / "stderr", "w"))

    def ask(path, **query):
        url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def up():
        try:
            targets = ask("targets")["activeTargets"]
        except OSError:
            return None
        return [t for t in targets if t["health"] != "unknown"]

    try:
        (target,) = wait_for(up, 40, "a scrape")
        assert target["health"] == "up", target
        assert "ptp_archiver_build_info" in ask("label/__name__/values")
        for expression in expressions():
            expression = expression.replace("$__rate_interval", "5m").replace("$__range", "1h")
            assert ask("query", query=expression)["resultType"] == "vector", expression
        # What a dashboard shows of a bad day is there to be shown.
        for name in set(re.findall(r"ptp_archiver_\w+", " ".join(expressions()))):
            if name in ("ptp_archiver_container_not_picked_up_files",
                        "ptp_archiver_container_full_timestamp_seconds"):
                continue
            assert ask("query", query=name)["result"], name
    finally:
        process.terminate()
        process.wait(20)
