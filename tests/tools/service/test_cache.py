"""The same bytes are computed once for each version and confidence, within a bound, and that is counted."""

import asyncio

import pytest

from tests.tools.service.parts import RedEngine, client, make_service, photo, predict, version
from tools.service.cache import CachedEngine, cached
from tools.service.engine import Unavailable
from tools.service.metrics import Metrics


def with_cache(tmp_path, limit=2**20, **options):
    service = make_service(tmp_path, **options)
    engine = service.engine
    service.engine = CachedEngine(engine, limit, service.metrics)
    return service, engine


def test_the_same_bytes_are_answered_without_being_computed_again(tmp_path):
    service, engine = with_cache(tmp_path)
    with client(service) as http:
        first, second = (predict(http).json() for _ in range(2))
        assert first["instances"] == second["instances"] and first["id"] != second["id"]
        assert len(engine.asked) == 1
        predict(http, photo(seed=1))
        predict(http, confidence=0.3)
        assert engine.asked == [("red", 0.5), ("red", 0.5), ("red", 0.3)]
        text = http.get("/metrics").text
    assert 'sightsmith_cache_total{result="hit",version="red"} 1.0' in text
    assert 'sightsmith_cache_total{result="miss",version="red"} 3.0' in text
    assert f"sightsmith_cache_bytes {float(service.engine.size)}" in text
    assert 'sightsmith_batch_size_count{version="red"} 3.0' in text  # a kept answer was in no batch
    assert 'sightsmith_photos_total{lane="predict",version="red"} 4.0' in text


def test_versions_do_not_answer_for_each_other(tmp_path):
    service, engine = with_cache(tmp_path, versions=[version(), version("new", "shadow")])
    content = photo()

    async def ask():
        return [(await service.engine.look(name, content, 0.5)).objects for name in ("red", "new", "red", "new")]

    engine.blind.add("new")
    red, new, *again = asyncio.run(ask())
    assert red and not new and again == [red, new] and len(engine.asked) == 2


def test_it_never_takes_more_than_its_limit():
    metrics, engine = Metrics(), RedEngine()
    kept = CachedEngine(engine, 2_000, metrics)

    async def ask(*seeds):
        for seed in seeds:
            await kept.look("red", photo(seed=seed), 0.5)
            assert 0 < kept.size <= 2_000

    asyncio.run(ask(*range(20)))
    asyncio.run(ask(19))
    assert len(engine.asked) == 20
    asyncio.run(ask(0))  # asked for longest ago, so gone
    assert len(engine.asked) == 21
    assert CachedEngine(engine, 10, metrics).size == 0


def test_failures_and_broken_images_are_asked_for_again():
    engine = RedEngine()
    kept = CachedEngine(engine, 2**20, Metrics())

    async def ask(content):
        return await kept.look("red", content, 0.5)

    engine.away.add("red")
    with pytest.raises(Unavailable):
        asyncio.run(ask(photo()))
    engine.away.clear()
    assert asyncio.run(ask(photo())).objects
    for _ in range(2):
        assert asyncio.run(ask(photo()[:200])).broken
    assert len(engine.asked) == 4


def test_what_an_asker_does_to_an_answer_is_not_kept():
    kept = CachedEngine(RedEngine(), 2**20, Metrics())

    async def ask():
        look = await kept.look("red", photo(), 0.5)
        look.objects.clear()
        return (await kept.look("red", photo(), 0.5)).objects

    assert len(asyncio.run(ask())) == 1


def test_a_setting_switches_it_off():
    engine = RedEngine()
    assert cached(engine, 0, Metrics()) is engine
    assert isinstance(cached(engine, 0.5, Metrics()), CachedEngine)
