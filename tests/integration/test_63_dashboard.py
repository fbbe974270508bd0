"""The Grafana dashboard asks for what the broker exports: every query is PromQL, every metric and label is documented."""

import json
import re
import tempfile
from pathlib import Path

import yaml
from harness.monitoring import promtool

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `(ovpnbroker_\w+)` \| (\w+) \| ([^|]*) \|", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    """Series to their labels."""
    series = {}
    for name, kind, labels in ROW.findall((ROOT / "docs/metrics.md").read_text()):
        names = set(re.findall(r"`(\w+)`", labels))
        suffixes = ["_bucket", "_sum", "_count"] if kind == "histogram" else [""]
        series |= {name + suffix: names | {"le"} for suffix in suffixes}
    return series


def dashboard_queries() -> list[str]:
    dashboard = json.loads((ROOT / "deploy/monitoring/grafana-dashboard.json").read_text())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def alert_queries() -> list[str]:
    groups = yaml.safe_load((ROOT / "deploy/monitoring/alerts.yaml").read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def test_every_query_names_documented_metrics_and_labels() -> None:
    series = documented()
    assert len(series) > 40
    for query in dashboard_queries() + alert_queries():
        for name, matchers in re.findall(r"(ovpnbroker_\w+)(?:\{([^}]*)\})?", query):
            assert name in series, f"{name} in {query}"
            used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))
            assert used <= series[name] | {"instance", "job"}, query


def test_every_query_of_the_dashboard_is_promql() -> None:
    rules = [
        {"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(dashboard_queries())
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        promtool("check", "rules", file.name)
