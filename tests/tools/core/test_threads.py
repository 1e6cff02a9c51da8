"""Freed memory is kept while something asks for it, and handed back afterwards; torch finds its environment set."""

import ctypes

import pytest

from tests.tools.trainers.shapes import job, samples
from tools.core import threads
from tools.trainers.yolo import Recipe, YoloTrainer


class FakeLibc:
    def __init__(self):
        self.options, self.handed_back = [], []

    def mallopt(self, option, value):
        self.options.append((option, value))

    def malloc_trim(self, pad):
        self.handed_back.append(pad)


def test_what_is_chosen_is_put_back_also_after_an_error(monkeypatch):
    libc = FakeLibc()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    with pytest.raises(KeyError), threads.freed_memory_kept():
        kept, libc.options = dict(libc.options), []
        assert not libc.handed_back
        raise KeyError("within")
    usual = dict(libc.options)
    assert kept.keys() == usual.keys() and all(kept[option] > usual[option] for option in kept)
    assert libc.handed_back == [0]


@pytest.mark.parametrize("libc", [object(), None])
def test_without_glibc_nothing_happens(monkeypatch, libc):
    def load(_name):
        if libc is None:
            raise OSError("no such library")
        return libc

    monkeypatch.setattr(ctypes, "CDLL", load)
    with threads.freed_memory_kept():
        pass


def test_a_training_keeps_it(monkeypatch, tmp_path):
    libc, train = FakeLibc(), samples(tmp_path, 2)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    YoloTrainer(details=Recipe(sizes=(1.0,))).train(job(tmp_path, train, epochs=1), lambda entry: None)
    assert libc.handed_back == [0]


def test_torch_is_prepared_and_what_the_user_set_stays(monkeypatch):
    monkeypatch.setattr(threads.os, "environ", {"GOMP_SPINCOUNT": "7"})
    threads.prepare_for_torch()
    chosen = dict(threads.os.environ)
    assert chosen.pop("GOMP_SPINCOUNT") == "7" and chosen.pop("OMP_WAIT_POLICY") == "PASSIVE"
    assert int(chosen.pop("ONEDNN_PRIMITIVE_CACHE_CAPACITY")) > 1024 and not chosen
