"""What the routes answer, and what they refuse before they have read it."""

import asyncio
import struct
import threading
import zlib

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.tools.service.parts import RedEngine, client, make_service, photo, predict, version
from tests.waiting import LONG_S, wait_until
from tools.service.app import create_app
from tools.service.start import LOCAL


@pytest.fixture
def served(tmp_path):
    service = make_service(tmp_path)
    with client(service) as http:
        yield http, service


def test_an_image_is_answered_with_what_is_in_it(served):
    http, service = served
    answer = predict(http).json()
    assert answer["instances"] == [{"class": "apple", "score": 0.9, "box": [10, 12, 40, 30]}]
    assert (answer["width"], answer["height"], answer["version"]) == (64, 48, "red")
    assert predict(http, confidence=0.95).json()["instances"] == []
    assert service.engine.asked[-1] == ("red", 0.5)  # feedback measures at the working threshold


def test_a_turned_photo_is_seen_upright(served):
    from PIL import Image

    turned = Image.Exif()
    turned[0x0112] = 6
    answer = predict(served[0], photo(kind="JPEG", quality=95, exif=turned)).json()
    assert (answer["width"], answer["height"]) == (48, 64)


def said_to_be(width, height):
    """A small PNG whose header tells another size: so large a one need not be drawn."""
    content = bytearray(photo())
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 415, "not a readable picture"),
        (b"GIF89a", 415, "not a readable picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", 415, "not a readable picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not a readable picture"),
        (photo(kind="JPEG")[:300], 415, "not a readable picture"),
        (photo(size=(640, 480), kind="JPEG", quality=95)[:-9000], 422, "cut off"),
        (said_to_be(9000, 9000), 415, "at most 50 megapixels"),
        (photo(box=(1, 1, 30, 30), kind="TIFF"), 200, "apple"),
    ],
)
def test_hostile_and_odd_images(served, content, status, said):
    answer = predict(served[0], content)
    assert answer.status_code == status
    assert said in answer.text


@pytest.mark.parametrize("kind", ["CMYK", "I;16", "LA", "P", "1"])
def test_images_of_any_colour_mode(served, kind):
    import io

    import numpy as np
    from PIL import Image

    out = io.BytesIO()
    if kind == "I;16":
        Image.fromarray(np.full((20, 30), 40_000, np.uint16)).save(out, "PNG")
    else:
        Image.new(kind, (30, 20)).save(out, "TIFF" if kind == "CMYK" else "PNG")
    answer = predict(served[0], out.getvalue())
    assert answer.status_code == 200
    assert (answer.json()["width"], answer.json()["height"]) == (30, 20)


def test_an_oversized_body_is_refused_by_its_length_and_by_what_comes(tmp_path):
    service = make_service(tmp_path, service_photo_mb=1)
    with client(service) as http:
        assert predict(http, bytes(2_000_000)).status_code == 413

        def lie():
            for _ in range(40):
                yield bytes(50_000)

        unnamed = http.post("/predict", content=lie(), headers={"Content-Type": "multipart/form-data; boundary=x"})
        assert unnamed.status_code == 413
        assert http.post("/feedback", content=b"x" * 2_000_000).status_code == 413
    assert service.engine.asked == []


@pytest.mark.parametrize("query", [{"confidence": "nan"}, {"confidence": 0}, {"confidence": 2}, {"confidence": "x"}])
def test_an_impossible_confidence_is_refused(served, query):
    assert predict(served[0], **query).status_code == 422


@pytest.mark.parametrize("presented", [None, "", "wrong", "sight_" + "x" * 43, "x" * 100_000, "ключ".encode()])
def test_wrong_keys_are_refused_before_the_body(tmp_path, presented):
    service = make_service(tmp_path, keys=True)
    service.keys.add("me")
    headers = {} if presented is None else {"X-API-Key": presented}
    with client(service) as http:
        answer = http.post("/predict", content=b"never read", headers=headers | {"Content-Length": "10"})
        assert answer.status_code == 401
        assert http.get("/metrics").status_code == 401
        assert http.get("/openapi.json").status_code == 401
        assert http.get("/health").status_code == http.get("/ready").status_code == 200


def test_a_right_key_opens_as_header_and_as_token_until_it_is_removed(tmp_path):
    service = make_service(tmp_path, keys=True)
    secret, admin = service.keys.add("me"), service.keys.add("boss", "admin")
    with client(service) as http:
        assert http.get("/versions", headers={"X-API-Key": secret}).status_code == 200
        assert http.get("/metrics", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
        change = {"json": {"mode": "off"}}
        assert http.put("/versions/red", headers={"X-API-Key": secret}, **change).status_code == 403
        assert http.put("/versions/red", headers={"X-API-Key": admin}, **change).status_code == 422  # the main one
        service.keys.remove("me")
        assert http.get("/versions", headers={"X-API-Key": secret}).status_code == 401


def test_damaged_keys_let_nobody_in(tmp_path):
    service = make_service(tmp_path, keys=True)
    service.settings.service.keys.write_text("{")
    with client(service) as http:
        assert http.get("/versions").status_code == 503


def test_a_full_queue_answers_429_and_says_when_to_come_again(tmp_path):
    engine = RedEngine()
    engine.hold = True
    service = make_service(tmp_path, engine=engine, service_queue=2)

    async def scene():
        app = create_app(service)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http,
        ):
            files = {"file": ("a.png", photo())}
            waiting = [asyncio.create_task(http.post("/predict", files=files)) for _ in range(2)]
            while len(engine.asked) < 2:
                await asyncio.sleep(0.01)
            refused = await http.post("/predict", files=files)
            healthy = await http.get("/health")
            engine.hold = False
            answered = await asyncio.gather(*waiting)
            later = await http.post("/predict", files=files)
        return refused, healthy, answered, later

    refused, healthy, answered, later = asyncio.run(scene())
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert [a.status_code for a in [healthy, *answered, later]] == [200] * 4
    assert service.queue.waiting == 0
    assert 'sightsmith_refused_total{status="429"} 1.0' in service.metrics.text().decode()


def test_nobody_who_computes_is_a_503_and_not_ready(tmp_path):
    engine = RedEngine()
    engine.away = {"red"}
    with client(make_service(tmp_path, engine=engine)) as http:
        answer = predict(http)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert http.get("/ready").status_code == 503
        assert http.get("/health").status_code == 200


def test_a_name_given_to_this_machine_by_a_page_elsewhere_is_not_served(tmp_path):
    app = create_app(make_service(tmp_path), ("127.0.0.1", "localhost"))
    with TestClient(app, base_url="http://localhost:8000") as http:
        assert http.get("/health").status_code == 200
        assert http.get("/health", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # curl, requests, httpx
        ({"Origin": "http://localhost:8000"}, 200),  # the page of the routes
        ({"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:3000"}, 403),
        ({"Origin": "https://localhost:8000"}, 403),
        ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Host": "evil.example:8000"}, 400),
        ({"Host": "evil.example:8000", "Origin": "http://evil.example:8000"}, 400),  # a name that was bound anew
        ({"Host": "localhost.evil.example"}, 400),
        ({"Host": ""}, 400),
        ({"Host": "127.0.0.1:8000"}, 200),
        ({"Host": "[::1]:8000"}, 200),
    ],
)
def test_a_page_elsewhere_cannot_have_a_service_without_keys_work_for_it(tmp_path, headers, status):
    service = make_service(tmp_path)
    with TestClient(create_app(service, LOCAL), base_url="http://localhost:8000", headers=headers) as http:
        assert predict(http).status_code == status
        change = http.put(
            "/versions/red", json={"mode": "off"}
        )  # the main one cannot be: a service that reads it says so
        assert change.status_code == (422 if status == 200 else status)
    assert len(service.engine.asked) == (status == 200)


def test_links_to_a_service_may_be_followed_and_keys_need_no_origin(tmp_path):
    with TestClient(create_app(make_service(tmp_path), LOCAL), base_url="http://localhost:8000") as http:
        assert http.get("/docs", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    (tmp_path / "keyed").mkdir()
    keyed = make_service(tmp_path / "keyed", keys=True)
    secret = keyed.keys.add("me")
    with TestClient(create_app(keyed), base_url="https://vision.example") as http:
        headers = {"X-API-Key": secret, "Origin": "https://app.example"}
        assert http.get("/versions", headers=headers).status_code == 200


def test_a_body_that_stops_coming_is_let_go(tmp_path):
    import socket

    import uvicorn

    service = make_service(tmp_path, service_body_timeout_s=0.2)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(service), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with socket.create_connection(listener.getsockname(), timeout=LONG_S) as slow:
            slow.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
                         b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x")  # fmt: skip
            assert b" 408 " in slow.recv(200)
        wait_until(lambda: service.queue.waiting == 0, lambda: f"nobody waits: {service.queue.waiting}")
    finally:
        server.should_exit = True
        thread.join()


# Versions and feedback ------------------------------------------------------------------------------------------------


def review(http, answer, *boxes):
    objects = [{"class": "apple", "box": box} for box in boxes]
    return http.post("/feedback", json={"id": answer["id"], "objects": objects})


def test_feedback_measures_the_version_that_answered_and_its_shadow(tmp_path):
    engine = RedEngine()
    engine.blind = {"new"}
    service = make_service(tmp_path, engine=engine, versions=[version(), version("new", "shadow")])
    with client(service) as http:
        answers = [predict(http, photo(seed=i)).json() for i in range(3)]
        wait_until(
            lambda: service.feedback._db.execute("SELECT COUNT(*) FROM answers").fetchone()[0] == 6,
            "six answers are kept",
        )
        assert review(http, answers[0], [10, 12, 40, 30]).json() == {"versions": ["red", "new"]}
        assert review(http, answers[1], [10, 12, 40, 30], [0, 0, 5, 5]).status_code == 200
        assert review(http, answers[2]).status_code == 200
        red, new = http.get("/versions").json()
        text = http.get("/metrics").text
    assert (red["reviewed_photos"], red["precision"], red["recall"], red["f1"]) == (3, 0.6667, 0.6667, 0.6667)
    assert (new["reviewed_photos"], new["precision"], new["recall"], new["f1"]) == (3, None, 0.0, 0.0)
    assert 'sightsmith_recall{version="new"} 0.0' in text
    assert 'sightsmith_objects_total{class_name="apple",version="red"} 3.0' in text


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"id": "nobody", "objects": []}, 404),
        ({"objects": []}, 422),
        ({"id": "x", "objects": [{"class": "ghost", "box": [0, 0, 1, 1]}]}, 422),
        ({"id": "x", "objects": [{"class": "apple", "box": [5, 5, 1, 1]}]}, 422),
        ({"id": "x", "objects": [{"class": "apple", "box": [0, 0, 1e400, 1]}]}, 422),
        ({"id": "x", "class": "apple"}, 422),
    ],
)
def test_feedback_that_cannot_be(served, said, status):
    import json

    answer = served[0].post("/feedback", content=json.dumps(said), headers={"Content-Type": "application/json"})
    assert answer.status_code == status


@pytest.mark.slow
def test_promotion_wants_photos_and_proof(tmp_path):
    engine = RedEngine()
    engine.blind = {"red"}
    versions = [version(), version("new", "shadow")]
    service = make_service(tmp_path, engine=engine, versions=versions, promote_photos=8)
    with client(service) as http:
        for i in range(9):
            answer = predict(http, photo(seed=i)).json()
            if i == 4:
                early = http.post("/versions/new/promote").json()
            wait_until(
                lambda a=answer: len(review(http, a, [10, 12, 40, 30]).json()["versions"]) == 2,
                "the shadow answered too",
            )
        promoted = http.post("/versions/new/promote").json()
        assert http.post("/versions/new/promote").status_code == 422  # it is the main one now
        assert http.post("/versions/ghost/promote").status_code == 422
        assert predict(http).json()["version"] == "new"
    assert (early["promoted"], early["why"]) == (False, "4 reviewed photos; 8 are needed")
    assert promoted["promoted"] and promoted["paired"]
    assert promoted["p"] <= promoted["level"]
    restarted = make_service(tmp_path, engine=engine, versions=[version(), version("new", "shadow")])
    assert (restarted.versions.main.name, restarted.versions.get("red").mode) == ("new", "shadow")


# Corrections of the run's training images ------------------------------------------------------------------------


@pytest.fixture
def corrected(tmp_path):
    """A service on a run with three changes by people, one flagged and one taken back."""
    from tests.runs import make_run
    from tools.page import review

    run = make_run(tmp_path / "apples", names=("apple",))
    first = next(s for s in run.dataset.samples() if s.instances)
    review.delete(run.dataset, first, 0, by="Ann")
    review.flag(run.dataset, run.dataset.sample(first.id), by="Bo", comment="is it one?")
    review.accept(run.dataset, run.dataset.sample(first.id), by="Ann", comment="fine")
    review.undo(run.dataset, by="Cy")
    run.dataset.close()
    service = make_service(tmp_path, keys=True)
    service.run = run.folder
    return service


def test_who_corrected_what_is_read_by_an_admin_alone(corrected):
    use, admin = corrected.keys.add("app"), corrected.keys.add("boss", "admin")
    before = (corrected.run / "dataset.sqlite").read_bytes()
    with client(corrected) as http:
        assert http.get("/corrections").status_code == 401
        assert http.get("/corrections", headers={"X-API-Key": use}).status_code == 403
        said = http.get("/corrections", headers={"X-API-Key": admin}).json()
        assert (said["run"], said["next"]) == ("apples", None)
        told = [(c["reviewer"], c["action"], c["comment"], c["flagged"], c["undone_by"]) for c in said["changes"]]
        assert told == [
            ("Ann", "delete", "", False, None),
            ("Bo", "flag", "is it one?", True, None),
            ("Ann", "accept", "fine", False, "Cy"),
        ]
        first = said["changes"][0]
        assert len(first["before"]["instances"]) == len(first["after"]["instances"]) + 1
        for method in ("post", "put", "delete", "patch"):
            assert getattr(http, method)("/corrections", headers={"X-API-Key": admin}).status_code == 405
        schema = http.get("/openapi.json", headers={"X-API-Key": admin}).json()
    assert (corrected.run / "dataset.sqlite").read_bytes() == before
    assert schema["paths"]["/corrections"].keys() == {"get"}
    assert {"reviewer", "comment", "time", "before", "after", "flagged"} <= schema["components"]["schemas"]["Change"][
        "properties"
    ].keys()


def test_corrections_come_in_pages(corrected):
    corrected.keys = None
    with client(corrected) as http:
        seen, after = [], 0
        while after is not None:
            page = http.get("/corrections", params={"after": after, "limit": 2}).json()
            seen += [c["version"] for c in page["changes"]]
            after = page["next"]
    assert seen == [1, 2, 3]


@pytest.mark.parametrize(
    ("query", "status"),
    [({"after": -1}, 422), ({"limit": 0}, 422), ({"limit": 1001}, 422), ({"after": 2**70}, 422), ({"after": 99}, 200)],
)
def test_a_page_that_there_is_not(corrected, query, status):
    corrected.keys = None
    with client(corrected) as http:
        assert http.get("/corrections", params=query).status_code == status


def test_a_model_without_a_data_set_has_no_corrections_and_none_is_made(tmp_path):
    service = make_service(tmp_path)
    service.run = tmp_path / "gone"
    with client(service) as http:
        assert http.get("/corrections").json() == {"run": "gone", "changes": [], "next": None}
    assert not (tmp_path / "gone").exists()
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "dataset.sqlite").write_bytes(b"no database at all" * 100)
    with client(service) as http:
        answer = http.get("/corrections")
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text
