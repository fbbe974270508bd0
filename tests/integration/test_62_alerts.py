"""The alert rules: right in themselves, tested one by one, each with a runbook, and one of them live in a real Prometheus."""

import re
from pathlib import Path

import yaml
from harness.judges import allow_all
from harness.monitoring import Prometheus, broker_with_metrics, metrics_address, promtool
from harness.world import World

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "deploy/monitoring"
ALERTS = MONITORING / "alerts.yaml"


def rules() -> list[dict[str, object]]:
    return [
        rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
    ]


def test_alert_rules_pass_promtool_and_each_has_a_test_that_fires_it() -> None:
    promtool("check", "rules", str(ALERTS))
    promtool("test", "rules", str(MONITORING / "alerts_test.yaml"))
    fired = {
        check["alertname"]
        for test in yaml.safe_load((MONITORING / "alerts_test.yaml").read_text())["tests"]
        for check in test["alert_rule_test"]
        if check["exp_alerts"]
    }
    assert fired == {rule["alert"] for rule in rules()}


def test_each_alert_leads_to_a_runbook_that_exists() -> None:
    for rule in rules():
        page, _, anchor = str(rule["annotations"]["runbook"]).partition("#")  # type: ignore[index]
        headings = re.findall(r"^##+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
        assert anchor in [heading.lower().replace(" ", "-") for heading in headings], rule["alert"]


def test_the_scrape_example_reads_a_broker_and_a_dead_policy_raises_the_alert(world: World) -> None:
    server = world.server()
    policy = world.policy(allow_all)
    broker = broker_with_metrics(world, server, policy)
    # The example and the rules as they are, with another address and less patience.
    alerts = world.folder / "alerts.yaml"
    alerts.write_text(re.sub(r"\bfor: \d+[ms]", "for: 1s", ALERTS.read_text()))
    config = yaml.safe_load((MONITORING / "prometheus.example.yaml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(alerts)]
    config["scrape_configs"][0]["static_configs"] = [{"targets": [metrics_address(broker)]}]
    prometheus = Prometheus(world.folder / "prometheus", yaml.safe_dump(config))
    try:
        prometheus.wait(
            "scraped broker",
            "query",
            lambda data: data["result"] and data["result"][0]["value"][1] == "1",
            query='ovpnbroker_policy_ready{job="ovpn-broker",policy="judge"}',
        )
        assert "OvpnBrokerPolicyDown" not in firing(prometheus.ask("alerts"))

        policy.stop()
        prometheus.wait("alert", "alerts", lambda data: "OvpnBrokerPolicyDown" in firing(data))
    finally:
        prometheus.stop()


def firing(data: object) -> set[str]:
    alerts = data["alerts"]  # type: ignore[index]
    return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}
