"""Gather what is asked for one by one into batches.

Ray's `@serve.batch` closes a batch after its waiting time also while the one before is still computed, and lines up
small ones: measured, 1.2 images a batch with ten clients waiting. Here a batch is closed when it can be computed.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

RequestT = TypeVar("RequestT")
AnswerT = TypeVar("AnswerT")


class Batcher(Generic[RequestT, AnswerT]):
    """Computes batches one after the other, in a thread, so that the event loop keeps taking requests.

    Args:
        compute: answers in the order of what was asked.
        size: of a batch at most.
        wait_s: how long the first of a batch waits for company.
    """

    def __init__(self, compute: Callable[[Sequence[RequestT]], Sequence[AnswerT]], size: int, wait_s: float) -> None:
        self._compute = compute
        self._size = size
        self._wait_s = wait_s
        self._waiting: list[tuple[RequestT, asyncio.Future[AnswerT]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, asked: RequestT) -> AnswerT:
        """Wait for the answer of the batch that this one is in. What `compute` raises is raised to all in it."""
        future: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        """Ends when nobody waits; no await lies between that look and the end, so nobody is overlooked."""
        while self._waiting:
            if len(self._waiting) < self._size:
                await asyncio.sleep(self._wait_s)
            batch, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
            batch = [(asked, future) for asked, future in batch if not future.done()]  # nobody waits for it any more
            if not batch:
                continue
            try:
                answers = await asyncio.to_thread(self._compute, [asked for asked, _ in batch])
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
