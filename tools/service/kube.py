"""The service as an application of a Ray cluster that is there: Kubernetes with KubeRay, docs/kuberay_service.yml.

`start` brings a Ray of its own and one machine. Here replicas come and go with the load, on as many machines as the
cluster has. The routes stay one process: jobs, versions and feedback are files of the run, which all machines mount.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from tools.core.errors import FixArguments
from tools.core.settings import Settings
from tools.runs.runtime import read_record
from tools.service.keys import Keys
from tools.service.start import Options, Run, check, metrics_of, service_of

if TYPE_CHECKING:
    from ray.serve import Application

MODEL, ROUTES = "model", "routes"  # what the deployments are called in serveConfigV2
_ANYWHERE = "0.0.0.0"  # a cluster's addresses are no secret: `check` wants a key


class ServeArguments(BaseModel, extra="forbid"):
    """The `args` of the application in serveConfigV2."""

    run: str
    runs_dir: Path
    keys: Path
    app: str = "sightsmith"  # as the application is called there
    threads: int = 2  # of a replica: its num_cpus


def application(wanted: ServeArguments) -> "Application":
    """What `import_path: tools.service.kube:application` builds.

    Raises:
        FixArguments: there is no such run, it has no model yet, or no key.
        StepFailed: its weights are missing.
    """
    from ray import serve

    from tools.service.deployment import Model

    settings = Settings(runs_dir=wanted.runs_dir, service_keys=wanted.keys)
    run = _run(wanted)
    (version,) = check([run], Options(host=_ANYWHERE), Keys(wanted.keys), settings)

    def routes() -> Any:  # built where it runs: what it holds cannot travel
        return _routes(wanted)

    model = serve.deployment(name=MODEL)(Model).bind(
        version.weights, settings.service.batch, settings.service.wait_ms / 1000, wanted.threads
    )
    asgi: Any = serve.ingress(routes)()
    return serve.deployment(name=ROUTES, num_replicas=1)(asgi).bind(model)


def _run(wanted: ServeArguments) -> Run:
    folder = wanted.runs_dir / wanted.run
    try:
        record = read_record(folder)
    except FixArguments as error:
        raise FixArguments(f"{folder}: no run that can be read; mount the folder of your runs there") from error
    return Run(wanted.run, folder, record)


def _routes(wanted: ServeArguments) -> Any:
    """The routes, asking the cluster's replicas."""
    from ray import serve

    from tools.service.app import create_app
    from tools.service.deployment import RayEngine

    settings = Settings(runs_dir=wanted.runs_dir, service_keys=wanted.keys)
    run, keys = _run(wanted), Keys(wanted.keys)
    versions = check([run], Options(host=_ANYWHERE), keys, settings)
    metrics = metrics_of([run], versions, settings)
    engine = RayEngine(
        {versions[0].name: serve.get_deployment_handle(MODEL, app_name=wanted.app)}, settings.service.timeout_s
    )
    return create_app(service_of(run, versions, engine, Options(), settings, keys, metrics))
