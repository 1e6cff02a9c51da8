"""Metrics, the dashboard that reads them, and drift."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.tools.service.parts import client, make_service, photo, predict
from tools.service.metrics import Drift

DOCS = Path(__file__).parents[3] / "docs"
DASHBOARD, ALERTS = DOCS / "grafana_service.json", DOCS / "prometheus_alerts.yml"


def exposed_by(service):
    """Name of each sample that is exposed or could be -> its labels."""
    found = {"le": set()}
    for kind in service.metrics.registry._names_to_collectors.items():
        name, collector = kind
        found[name] = {*getattr(collector, "_labelnames", ()), "le"}
    return found


def test_every_alert_asks_for_what_there_is(tmp_path):
    """Names, labels and the matched labels of every rule; p95, errors, queue and drift have one."""
    known = exposed_by(make_service(tmp_path))
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 5
    for rule in rules:
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}, rule
        assert re.fullmatch(r"\d+[mh]", rule["for"]) and rule["labels"]["severity"] in ("page", "warn")
        assert rule["annotations"].keys() == {"summary", "description"}
        expression = rule["expr"]
        names = re.findall(r"sightsmith_\w+", expression)
        assert names and set(names) <= known.keys(), set(names) - known.keys()
        used = [label for part in re.findall(r"\{([^}]*)\}", expression) for label in re.findall(r"(\w+)\s*[=!]", part)]
        used += [w for part in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression) for w in re.findall(r"\w+", part)]
        used += re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))
        assert set(used) <= set().union(*(known[name] for name in names)), (rule["alert"], used)
        assert expression.count("(") == expression.count(")")
    asked = " ".join(rule["expr"] for rule in rules)
    for wanted in (
        "histogram_quantile(0.95", "latency_seconds_bucket", "requests_total", "queue_limit", "confidence_drift",
    ):  # fmt: skip
        assert wanted in asked


def test_every_query_of_the_dashboard_asks_for_what_there_is(tmp_path):
    with client(make_service(tmp_path)) as http:
        predict(http, photo())
        http.get("/versions/none")
        exposed = set(re.findall(r"^(?!#)(sightsmith_\w+)", http.get("/metrics").text, re.MULTILINE))
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [t["expr"] for panel in dashboard["panels"] for t in panel.get("targets", [])]
    asked = {name for query in queries for name in re.findall(r"sightsmith_\w+", query)}
    registry = make_service(tmp_path / "b").metrics.registry
    families = {m.name for m in registry.collect()}
    known = exposed | families | {f"{name}_total" for name in families}
    assert asked <= known, asked - known
    assert len(queries) >= 12
    for wanted in ("0.5", "0.95", "0.99"):
        assert any(f"histogram_quantile({wanted}" in query for query in queries)
    for wanted in (
        "latency_seconds",
        "requests_total",
        "queue",
        "batch_size",
        "objects_total",
        "confidence_drift",
        "f1",
    ):
        assert any(f"sightsmith_{wanted}" in name for name in asked), wanted


def test_traffic_is_counted_by_pattern_and_not_by_what_was_typed(tmp_path):
    service = make_service(tmp_path)
    with client(service) as http:
        for i in range(3):
            predict(http)
            http.get(f"/jobs/secret-{i}")
            http.get(f"/nowhere-{i}")
    text = service.metrics.text().decode()
    assert 'sightsmith_requests_total{route="/predict",status="200"} 3.0' in text
    assert 'sightsmith_requests_total{route="/jobs/{job_id}",status="404"} 3.0' in text
    assert "secret-" not in text and "nowhere-" not in text
    assert 'sightsmith_latency_seconds_count{version="red"} 3.0' in text
    assert 'sightsmith_batch_size_count{version="red"} 3.0' in text


@pytest.mark.parametrize(("shift", "low", "high"), [(0.0, 0.0, 0.12), (-0.2, 0.5, 1.0)])
def test_drift_is_the_distance_of_two_distributions(shift, low, high):
    rng = np.random.default_rng(0)
    drift = Drift(rng.normal(0.7, 0.1, 800).tolist(), 500, 50)
    assert math.isnan(drift.distance())
    drift.recent.extend(rng.normal(0.7 + shift, 0.1, 2000).tolist())
    assert len(drift.recent) == 500
    assert low <= drift.distance() <= high
