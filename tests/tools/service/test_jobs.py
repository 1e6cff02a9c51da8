"""Jobs: nothing that was accepted is lost or doubled, and nothing hostile is taken in."""

import io
import json
import stat
import zipfile

import pytest

from tests.tools.service.parts import RedEngine, client, make_service, photo, version, zipped
from tests.waiting import wait_until


def wait_for(http, job, status="finished", headers=None):
    """The state of a job once its status is that."""

    def state():
        return http.get(f"/jobs/{job['id']}", headers=headers).json()

    return wait_until(lambda: (now := state())["status"] == status and now, lambda: f"{status}: {state()}")


def lines(http, job, **options):
    return [json.loads(line) for line in http.get(f"/jobs/{job['id']}/results", **options).text.splitlines()]


def send(http, content, name="photos.zip", **form):
    return http.post("/jobs", files=[("files", (name, content))], data=form)


def test_an_archive_is_answered_photo_by_photo_and_broken_ones_are_named(tmp_path):
    archive = zipped(**{
        "a/ripe.png": photo(), "b/none.jpg": photo(None, kind="JPEG"), "果园/苹果.png": photo((0, 0, 9, 9)),
        "zero.jpg": b"", "torn.png": photo()[:100], "labels/a.txt": b"0 0.5 0.5 1 1",
    })  # fmt: skip
    service = make_service(tmp_path)
    with client(service) as http:
        accepted = send(http, archive)
        assert accepted.status_code == 202
        state = wait_for(http, accepted.json())
        found = {line["photo"]: line for line in lines(http, state)}
    assert (state["photos"], state["done"], state["broken"]) == (5, 5, 2)
    assert set(found) == {"a/ripe.png", "b/none.jpg", "果园/苹果.png", "zero.jpg", "torn.png"}
    assert found["a/ripe.png"]["instances"][0]["box"] == [10, 12, 40, 30]
    assert found["果园/苹果.png"]["instances"][0]["box"] == [0, 0, 9, 9]
    assert found["b/none.jpg"]["instances"] == []
    assert all("error" in found[name] for name in ("zero.jpg", "torn.png"))
    assert 'sightsmith_photos_total{lane="job",version="red"} 3.0' in service.metrics.text().decode()


def test_many_photos_may_be_sent_one_by_one(tmp_path):
    with client(make_service(tmp_path)) as http:
        parts = [("files", ("same.png", photo(seed=i))) for i in range(3)]
        state = wait_for(http, http.post("/jobs", files=parts).json())
        assert len({line["photo"] for line in lines(http, state)}) == 3


def link(target):
    info = zipfile.ZipInfo("link.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(info, target)
    return out.getvalue()


def lying(size):
    """A zip that says its image is small."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.png", bytes(size))
    content = bytearray(out.getvalue())
    for at in (content.find(b"PK\x03\x04") + 22, content.find(b"PK\x01\x02") + 24):
        content[at : at + 4] = (1000).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.zip", zipped(**{"../../evil.png": photo()}), "outside its folder"),
        ("a.zip", zipped(**{"/etc/evil.png": photo()}), "outside its folder"),
        ("a.zip", zipped(**{"C:\\evil.png": photo()}), "outside its folder"),
        ("a.zip", link("/etc/passwd"), "a link or a device"),
        ("a.zip", zipped(**{"run.sh": b"rm -rf /"}), "accepted are"),
        ("a.zip", zipped(**{"inner.zip": zipped(**{"a.png": photo()})}), "accepted are"),
        ("a.zip", zipped(**{"bomb.png": bytes(40_000_000)}), "out of nearly nothing"),
        ("a.zip", zipped(**{f"{i}.png": photo(None, size=(4, 4)) for i in range(12)}), "at most 10"),
        ("a.zip", zipped(**{"notes.txt": b"no picture"}), "no picture"),
        ("a.zip", zipped(), "no files"),
        ("a.zip", b"PK\x03\x04 torn", "not a zip archive"),
        ("a.zip", lying(3_000_000), "not a zip archive"),
        ("a.exe", b"MZ", "accepted are"),
        ("../../evil.png", photo(), None),
        ("", photo(), None),
    ],
)
def test_hostile_uploads(tmp_path, name, content, said):
    service = make_service(tmp_path / "service_folder", ui_unpacked_files=10)
    with client(service) as http:
        answer = send(http, content, name)
        if said is None:
            assert answer.status_code in (202, 422)
        else:
            assert answer.status_code == 422
            assert said in answer.json()["detail"]
            assert http.get("/jobs").json() == []
            assert list((tmp_path / "service_folder" / "jobs").iterdir()) == []
    assert not list(tmp_path.glob("*.png")) and not (tmp_path.parent / "evil.png").exists()


def test_a_killed_server_goes_on_where_it_was_and_doubles_nothing(tmp_path):
    engine = RedEngine()
    service = make_service(tmp_path, engine=engine, service_batch=1)
    with client(service) as http:
        engine.hold = True
        job = send(http, zipped(**{f"{i}.png": photo(seed=i) for i in range(6)})).json()
        wait_for(http, job, "running")
    # What a kill in the middle of a line leaves: two whole answers, half of a third.
    written = service.jobs.results(service.jobs.get(job["id"]))
    whole = [{"photo": f"{i}.png", "version": "red", "instances": []} for i in range(2)]
    written.write_text("".join(json.dumps(line) + "\n" for line in whole) + '{"photo": "2.png", "ver')
    (tmp_path / "jobs" / ".half.123.part").mkdir()

    engine.hold, engine.asked = False, []
    with client(make_service(tmp_path, engine=engine)) as http:
        state = wait_for(http, job)
        names = [line["photo"] for line in lines(http, job)]
    assert sorted(names) == [f"{i}.png" for i in range(6)]
    assert len(engine.asked) == 4
    assert (state["done"], state["broken"]) == (6, 0)
    assert not list((tmp_path / "jobs").glob(".*"))


def test_a_job_waits_for_replicas_that_are_away(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.service.runner._PAUSE_S", 0.01)
    engine = RedEngine()
    engine.away = {"red"}
    with client(make_service(tmp_path, engine=engine)) as http:
        job = send(http, photo(), "a.png").json()
        wait_until(lambda: len(engine.asked) >= 3, "the replica is asked again")
        engine.away = set()
        assert wait_for(http, job)["broken"] == 0


def test_a_version_that_is_gone_is_answered_by_the_one_that_is_there(tmp_path):
    engine = RedEngine()
    engine.hold = True
    with client(make_service(tmp_path, engine=engine)) as http:
        job = send(http, photo(), "a.png").json()
    engine.hold = False
    with client(make_service(tmp_path, engine=engine, versions=[version("newer")])) as http:
        assert wait_for(http, job)["version"] == "newer"


def test_a_photo_over_which_replicas_die_is_named_and_the_rest_goes_on(tmp_path):
    from tools.service.engine import Deadly

    class Fragile(RedEngine):
        async def look(self, version, content, confidence):
            if content == deadly:
                raise Deadly("the model died over this picture")
            return await super().look(version, content, confidence)

    deadly = photo(seed=9)
    with client(make_service(tmp_path, engine=Fragile())) as http:
        state = wait_for(http, send(http, zipped(**{"a.png": photo(), "b.png": deadly, "c.png": photo(seed=1)})).json())
        errors = {line["photo"] for line in lines(http, state) if "error" in line}
        assert (state["done"], errors) == (3, {"b.png"})
        assert http.post("/predict", files={"file": ("b.png", deadly)}).status_code == 422


def test_folders_of_the_server_are_named_below_the_one_that_was_opened(tmp_path):
    shelf, secret = tmp_path / "shelf", tmp_path / "secret"
    for place in (shelf / "orchard", secret):
        place.mkdir(parents=True)
        (place / "a.png").write_bytes(photo())
    (shelf / "orchard" / "raw.dng").write_bytes(b"?")
    (shelf / "orchard" / "way_out.png").symlink_to(secret / "a.png")
    (shelf / "door").symlink_to(secret)
    with client(make_service(tmp_path / "closed")) as http:
        assert http.post("/jobs", data={"folder": "orchard"}).status_code == 422
    service = make_service(tmp_path / "open", photos=shelf)
    with client(service) as http:
        for name in ("../secret", str(secret), "door", "nowhere", "orchard\x00", "x" * 900):
            assert http.post("/jobs", data={"folder": name}).status_code == 422, name
        state = wait_for(http, http.post("/jobs", data={"folder": "orchard"}).json())
        assert sorted((line["photo"], line.get("error")) for line in lines(http, state)) == [
            ("a.png", None), ("raw.dng", "raw.dng: raw camera files are not read; save it as JPEG or PNG"),
        ]  # fmt: skip
        assert http.delete(f"/jobs/{state['id']}").status_code == 204
    assert (shelf / "orchard" / "a.png").exists()  # never ours to delete


def test_a_folder_that_vanishes_half_way_is_told_photo_by_photo(tmp_path):
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for i in range(4):
        (shelf / f"{i}.png").write_bytes(photo(seed=i))
    engine = RedEngine()
    engine.hold = True
    with client(make_service(tmp_path / "s", engine=engine, photos=shelf, service_batch=1)) as http:
        job = http.post("/jobs", data={"folder": "."}).json()
        wait_until(lambda: engine.asked, "the job begins")
        for path in shelf.iterdir():
            path.unlink()
        engine.hold = False
        state = wait_for(http, job)
        errors = [line["error"] for line in lines(http, job) if "error" in line]
    assert (state["done"], state["broken"]) == (4, 3)
    assert all("cannot be read" in error for error in errors)


def test_jobs_are_seen_by_their_owner_and_the_admin_alone(tmp_path):
    service = make_service(tmp_path, keys=True)
    mine, other, admin = (
        {"X-API-Key": service.keys.add(name, role)} for name, role in [("me", "use"), ("you", "use"), ("boss", "admin")]
    )
    with client(service) as http:
        job = http.post("/jobs", files={"files": ("a.png", photo())}, headers=mine).json()
        wait_for(http, job, headers=mine)
        for path in ("", "/results"):
            assert http.get(f"/jobs/{job['id']}{path}", headers=other).status_code == 404
        assert http.delete(f"/jobs/{job['id']}", headers=other).status_code == 404
        assert http.get("/jobs", headers=other).json() == []
        assert len(http.get("/jobs", headers=admin).json()) == 1
        assert http.delete(f"/jobs/{job['id']}", headers=mine).status_code == 204
        assert http.get("/jobs", headers=admin).json() == []
    assert list((tmp_path / "jobs").iterdir()) == []


def test_too_many_jobs_are_told_to_come_again(tmp_path):
    engine = RedEngine()
    engine.hold = True
    with client(make_service(tmp_path, engine=engine, service_max_jobs=1)) as http:
        assert send(http, photo(), "a.png").status_code == 202
        refused = send(http, photo(), "a.png")
        engine.hold = False
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")


def test_old_jobs_are_swept_and_open_ones_kept(tmp_path):
    service = make_service(tmp_path)
    with client(service) as http:
        old, new = (wait_for(http, send(http, photo(), "a.png").json()) for _ in range(2))
    service.jobs.get(old["id"]).finished = "2020-01-01T00:00:00.000+00:00"
    service.jobs.sweep()
    assert [job.id for job in service.jobs.all()] == [new["id"]]
    assert not (tmp_path / "jobs" / old["id"]).exists()


@pytest.mark.parametrize(
    "form", [{}, {"folder": ""}, {"folder": "a", "confidence": "nan"}, {"folder": "a", "callback_url": "ftp://x/"}]
)
def test_a_job_of_nothing_or_nonsense(tmp_path, form):
    with client(make_service(tmp_path)) as http:
        assert http.post("/jobs", data=form).status_code == 422
