"""A finished run to talk with: real record, images and thread, made without training anything."""

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.sqlite import SqliteSaver

from agent.conversation import ROUND
from agent.graph import build_graph
from agent.planner import EXPORTS, OfflinePlanner
from agent.talk.tools import talk_tools
from tests.runs import make_run
from tools import all_tools
from tools.core.database import connect
from tools.core.settings import grouped
from tools.data.scores import Confusion
from tools.runs.runtime import RunContext


def finished(folder: Path, names: tuple[str, ...] = ("apple",), **options: Any) -> RunContext:
    """A run in `folder` that has come to its end, in a folder of runs of its own."""
    run = make_run(folder, names=names, request=f"segment {', '.join(names)}", **options)
    record = run.record
    settings = {"llm": "offline", "effort": "quick", "size_px": 96, "memory_dir": str(folder.parent / ".memory")}
    record.status, record.settings = "finished", grouped(settings | {"generator": "tests.fakes:ShapeGenerator"})
    record.exports["model"] = {"latency_ms": {"model.pt": 40.0, "model.onnx": 20.0}, "threads": 2}
    last = record.rounds[-1].diagnosis
    assert last is not None
    last.mistaken, last.lookalikes = {"tomato": 3}, {"tomato": 9}
    if len(names) > 1:
        last.confused = [Confusion(truth=names[1], taken_for=names[0], count=4)]
    for item in record.rounds:
        run.path(str(item.weights)).write_bytes(b"weights")
    run.save()
    _thread(run, names)
    return run


def copied(template: Path, runs_dir: Path) -> Path:
    """A copy of a run's folder in another folder of runs."""
    shutil.copytree(template, runs_dir / template.name)
    return runs_dir / template.name


def _thread(run: RunContext, names: tuple[str, ...]) -> None:
    """The conversation that led there, as the graph keeps it."""
    messages: list[Any] = [HumanMessage(run.record.request, id="request")]
    for number, name in enumerate(["define_task", *ROUND, *ROUND, *EXPORTS]):
        args = {"kind": "segment", "classes": [{"name": n} for n in names]} if name == "define_task" else {}
        said = {"done": name, "rounds": 2} | ({"classes": list(names)} if name == "define_task" else {})
        call = {"name": name, "args": args, "id": f"plan-{number}", "type": "tool_call"}
        messages += [
            AIMessage("", tool_calls=[call]),
            ToolMessage(json.dumps(said), tool_call_id=f"plan-{number}", name=name),
        ]
    messages.append(AIMessage("There is a model."))
    planner = OfflinePlanner(known=lambda phrase: None)
    with closing(connect(run.folder / "checkpoints.sqlite")) as kept:
        graph = build_graph(planner, [*all_tools(), *talk_tools()]).compile(checkpointer=SqliteSaver(kept))
        config: Any = {"configurable": {"thread_id": run.record.name}}
        graph.update_state(config, {"messages": messages}, as_node="report")
