"""LangGraph's own tools open the graph by langgraph.json, and a thread there is a run here."""

import importlib
import json
from pathlib import Path

from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver

ROOT = Path(__file__).parents[2]


def test_langgraph_json_names_the_graph_and_a_thread_is_a_run(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGHTSMITH_RUNS_DIR", str(tmp_path))
    place, name = json.loads((ROOT / "langgraph.json").read_text())["graphs"]["sightsmith"].split(":")
    factory = getattr(importlib.import_module(place.removeprefix("./").removesuffix(".py").replace("/", ".")), name)

    config = {"configurable": {"thread_id": "Thread/1"}, "max_concurrency": 1}
    graph = factory(config).compile(checkpointer=InMemorySaver())
    assert {"recall", "agent", "tools", "remember", "report"} <= set(graph.get_graph().nodes)
    assert list(tmp_path.iterdir()) == []  # drawing the graph starts nothing

    answer = graph.invoke({"messages": [HumanMessage("build me an apple segmenter")]}, config)
    assert answer["__interrupt__"][0].value["kind"] == "approve"
    assert (tmp_path / "thread-thread-1" / "run.json").is_file()
