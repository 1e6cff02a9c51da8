"""Batches: full under load, never late without it, and no one's error is another's answer."""

import asyncio

import pytest

from tests.waiting import wait_until
from tools.service.batches import Batcher


def sizes_of(asks, size):
    """Of the batches that `asks` clients cause, each of whom asks again while a batch is computed."""
    sizes, there, asked_now = [], asks, 0

    def compute(asked):
        sizes.append(len(asked))
        wait_until(lambda: asked_now == there, lambda: f"{there} clients ask: {asked_now}")
        return [2 * a for a in asked]

    async def scene():
        batcher = Batcher(compute, size, 0.001)

        async def ask(what):
            nonlocal asked_now
            asked_now += 1
            answer = await batcher.ask(what)
            asked_now -= 1
            return answer

        async def client(i):
            nonlocal there
            answers = [await ask(10 * i + k) for k in range(4)]
            there -= 1
            return answers

        return await asyncio.gather(*(client(i) for i in range(asks)))

    answers = asyncio.run(scene())
    assert answers == [[2 * (10 * i + k) for k in range(4)] for i in range(asks)]
    return sizes


def test_they_fill_while_the_one_before_is_computed():
    sizes = sizes_of(asks=10, size=8)
    assert max(sizes) == 8
    assert sum(sizes) / len(sizes) > 3
    assert set(sizes_of(asks=10, size=1)) == {1}
    assert set(sizes_of(asks=1, size=8)) == {1}


def test_an_error_is_raised_to_its_batch_alone_and_the_next_is_answered():
    def compute(asked):
        if "bad" in asked:
            raise ValueError("bad")
        return list(asked)

    async def scene():
        batcher = Batcher(compute, 1, 0)
        first = await asyncio.gather(*(batcher.ask(a) for a in ("a", "bad", "b")), return_exceptions=True)
        given_up = asyncio.create_task(batcher.ask("c"))
        await asyncio.sleep(0)
        given_up.cancel()
        return first, await batcher.ask("d")

    first, last = asyncio.run(scene())
    assert (first[0], first[2], last) == ("a", "b", "d")
    with pytest.raises(ValueError, match="bad"):
        raise first[1]
