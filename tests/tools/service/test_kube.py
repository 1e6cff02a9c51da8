"""The manifest for KubeRay is one, and what it names is there."""

import importlib
import inspect
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from tools.core.errors import FixArguments
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.runs.runtime import Best, RunRecord, write_json

MANIFEST = Path(__file__).parents[3] / "docs" / "kuberay_service.yml"
COUNT = {"type": "integer", "minimum": 0}
QUANTITY = {"type": "string", "pattern": r"^\d+(\.\d+)?(m|[KMGT]i?)?$"}


def part(required, **properties):
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


AMOUNTS = part(["cpu", "memory"], cpu=QUANTITY, memory=QUANTITY)
CONTAINER = part(
    ["name", "image", "resources"], name={"type": "string"}, image={"type": "string"},
    env={"type": "array", "items": part(["name", "value"], name={"type": "string"}, value={"type": "string"})},
    resources=part(["requests", "limits"], requests=AMOUNTS, limits=AMOUNTS),
    volumeMounts={"type": "array", "items": part(
        ["name", "mountPath"], name={"type": "string"}, mountPath={"type": "string", "pattern": "^/"},
        readOnly={"type": "boolean"},
    )},
)  # fmt: skip
VOLUME = {"type": "object", "required": ["name"], "minProperties": 2, "maxProperties": 2}
POD = part(["spec"], spec=part(
    ["containers"], containers={"type": "array", "minItems": 1, "items": CONTAINER},
    volumes={"type": "array", "items": VOLUME},
))  # fmt: skip
START = {"type": "object", "additionalProperties": {"type": "string"}}  # the operator takes texts alone
SCHEMA = part(
    ["apiVersion", "kind", "metadata", "spec"], apiVersion={"const": "ray.io/v1"}, kind={"const": "RayService"},
    metadata=part(["name"], name={"type": "string", "pattern": "^[a-z]([-a-z0-9]{0,40}[a-z0-9])?$"}),
    spec=part(
        ["serveConfigV2", "rayClusterConfig"], serveConfigV2={"type": "string"},
        upgradeStrategy=part(["type"], type={"enum": ["NewCluster", "NewClusterWithIncrementalUpgrade", "None"]}),
        rayClusterConfig=part(
            ["rayVersion", "headGroupSpec", "workerGroupSpecs"], rayVersion={"type": "string"},
            enableInTreeAutoscaling={"type": "boolean"}, autoscalerOptions=part([], idleTimeoutSeconds=COUNT),
            headGroupSpec=part(["rayStartParams", "template"], rayStartParams=START, template=POD),
            workerGroupSpecs={"type": "array", "minItems": 1, "items": part(
                ["groupName", "rayStartParams", "template"], groupName={"type": "string"}, replicas=COUNT,
                minReplicas=COUNT, maxReplicas=COUNT, rayStartParams=START, template=POD,
            )},
        ),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def manifest():
    return yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))


def test_the_manifest_follows_the_operators_schema(manifest):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(manifest, SCHEMA)
    broken = yaml.safe_load(MANIFEST.read_text(encoding="utf-8").replace('num-cpus: "0"', "num-cpus: 0"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SCHEMA)


def test_replicas_grow_with_the_load_and_fit_the_machines(manifest):
    served = yaml.safe_load(manifest["spec"]["serveConfigV2"])["applications"][0]
    by_name = {d["name"]: d for d in served["deployments"]}
    scaling = by_name["model"]["autoscaling_config"]
    assert 1 <= scaling["min_replicas"] < scaling["max_replicas"]
    assert scaling["target_ongoing_requests"] <= by_name["model"]["max_ongoing_requests"]
    cluster = manifest["spec"]["rayClusterConfig"]
    (workers,) = cluster["workerGroupSpecs"]
    cpus = float(workers["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"])
    wanted = scaling["max_replicas"] * by_name["model"]["ray_actor_options"]["num_cpus"]
    assert cluster["enableInTreeAutoscaling"] and workers["minReplicas"] < workers["maxReplicas"]
    assert wanted + by_name["routes"]["ray_actor_options"]["num_cpus"] <= workers["maxReplicas"] * cpus
    mounts = {m["mountPath"] for m in workers["template"]["spec"]["containers"][0]["volumeMounts"]}
    args = served["args"]
    assert {args["runs_dir"], str(Path(args["keys"]).parent)} <= mounts


def test_what_it_names_is_there(manifest):
    schema = pytest.importorskip("ray.serve.schema")
    read = schema.ServeDeploySchema.model_validate(yaml.safe_load(manifest["spec"]["serveConfigV2"]))
    (application,) = read.applications
    module, _, name = application.import_path.partition(":")
    loaded = importlib.import_module(module)
    build = getattr(loaded, name)
    assert list(inspect.signature(build).parameters) == ["wanted"]
    loaded.ServeArguments.model_validate(application.args)
    assert [d.name for d in application.deployments] == [loaded.ROUTES, loaded.MODEL]
    assert application.name == loaded.ServeArguments.model_validate(application.args).app
    lock = (MANIFEST.parents[1] / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(rf"^ray=={re.escape(manifest['spec']['rayClusterConfig']['rayVersion'])} ", lock, re.MULTILINE)


def test_a_cluster_is_served_with_keys_alone(tmp_path):
    pytest.importorskip("ray")
    from tools.service.keys import Keys
    from tools.service.kube import MODEL, ROUTES, ServeArguments, application

    wanted = ServeArguments(run="apples", runs_dir=tmp_path, keys=tmp_path / "keys.json")
    with pytest.raises(FixArguments, match="no run that can be read"):
        application(wanted)
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="apple")], budget=Budget(images=24, rounds=1))
    best = Best(round=1, weights="w.safetensors", threshold=0.3)
    record = RunRecord(name="apples", request="apples", created="2026-01-01T00:00:00Z", task=task, best=best)
    (tmp_path / "apples").mkdir()
    write_json(tmp_path / "apples" / "run.json", record.model_dump(mode="json"))
    with pytest.raises(FixArguments, match="holds no key"):
        application(wanted)
    Keys(wanted.keys).add("grower")
    (tmp_path / "apples" / "w.safetensors").touch()
    built = application(wanted)._bound_deployment
    assert built.name == ROUTES and built.num_replicas == 1
    (model,) = built.init_args
    assert model._bound_deployment.name == MODEL
