"""The service against its own description: no request that fits it, or just does not, breaks it."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.tools.service.parts import make_service, version
from tools.service.app import create_app


@pytest.mark.slow
def test_no_request_of_the_schema_is_a_server_error(tmp_path):
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error

    service = make_service(tmp_path, versions=[version(), version("new", "shadow")], service_max_jobs=10_000)
    app = create_app(service)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    statuses = {}
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
            @given(operation.as_strategy(generation_mode=mode))
            def probe(case):
                response = case.call()
                statuses.setdefault(case.operation.label, set()).add(response.status_code)
                case.validate_response(response, checks=[not_a_server_error])

            probe()
    assert len(statuses) == len(operations) >= 13
    assert 200 in statuses["GET /versions"] and 422 in statuses["POST /feedback"]
    assert not any(status >= 500 for seen in statuses.values() for status in seen)
