"""The broker's metrics over HTTP, and Debian's real Prometheus beside it."""

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from harness.broker import Broker
from harness.namespace import next_port
from harness.processes import LoggedProcess
from harness.server_config import ServerConfig
from harness.timing import DEFAULT_DEADLINE
from harness.world import World


def broker_with_metrics(world: World, server: ServerConfig, judge: Any, **options: Any) -> Broker:
    broker = world.broker(server, judge, start=False, **options)
    broker.config_values["metrics"] = {"address": f"127.0.0.1:{next_port()}"}
    broker.write_config()
    broker.start()
    broker.wait_instance(server.name, "RUNNING")
    return broker


def metrics_address(broker: Broker) -> str:
    return str(broker.config_values["metrics"]["address"])


def fetch(broker: Broker, path: str) -> tuple[int, str]:
    """Status and body of one page."""
    url = f"http://{metrics_address(broker)}{path}"
    try:
        with urllib.request.urlopen(url, timeout=DEFAULT_DEADLINE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_page(broker: Broker, path: str, status: int, body: str) -> None:
    """Pages cannot be waited for: asks until it is as wanted."""
    end = time.monotonic() + DEFAULT_DEADLINE
    while (seen := fetch(broker, path)) != (status, body):
        assert time.monotonic() < end, f"{path} is {seen}, not {(status, body)}"
        time.sleep(0.1)


class Metrics:
    """The samples of one scrape."""

    def __init__(self, text: str):
        self.samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        for line in text.splitlines():
            if line.startswith("#") or not line:
                continue
            series, value = line.rsplit(" ", 1)
            name, _, labels = series.partition("{")
            pairs = [label.split("=", 1) for label in labels.rstrip("}").split('",') if label]
            key = (name, frozenset((label, text.strip('"')) for label, text in pairs))
            assert key not in self.samples, f"a series twice: {line}"
            self.samples[key] = float(value)

    def value(self, name: str, **labels: str) -> float:
        wanted = (name, frozenset(labels.items()))
        assert wanted in self.samples, f"no {wanted}"
        return self.samples[wanted]


def read_metrics(broker: Broker) -> Metrics:
    return Metrics(fetch(broker, "/metrics")[1])


def promtool(*arguments: str, stdin: str | None = None) -> str:
    """What promtool complains about; it must succeed."""
    run = subprocess.run(
        ["promtool", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=DEFAULT_DEADLINE,
        check=False,
    )
    assert run.returncode == 0, f"promtool {arguments}: {run.stdout}{run.stderr}"
    return run.stderr


class Prometheus:
    """A Prometheus of its own on loopback, ended with the test."""

    def __init__(self, folder: Path, config: str):
        folder.mkdir()
        self.address = f"127.0.0.1:{next_port()}"
        path = folder / "prometheus.yml"
        path.write_text(config)
        self.process = LoggedProcess(
            "prometheus",
            [
                "prometheus",
                f"--config.file={path}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={self.address}",
            ],
            folder / "prometheus.log",
            lambda line: None,
        )

    def ask(self, path: str, **query: str) -> Any:
        """The data of an API call; None while it does not answer."""
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=DEFAULT_DEADLINE) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def wait(
        self,
        what: str,
        path: str,
        accept: Any,
        deadline: float = 2 * DEFAULT_DEADLINE,
        **query: str,
    ) -> Any:
        """Asks until `accept` is content with the data."""
        end = time.monotonic() + deadline
        while True:
            data = self.ask(path, **query)
            if data is not None and accept(data):
                return data
            assert time.monotonic() < end, f"no {what} from prometheus; the last answer was {data}"
            time.sleep(0.2)

    def stop(self) -> None:
        self.process.stop()
