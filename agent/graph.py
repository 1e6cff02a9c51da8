"""The agent as a LangGraph graph: recall -> agent <-> tools -> remember -> report.

The model decides which tool and with what arguments; the tools are deterministic and keep everything on disk, so a node
that runs again after a kill does no work twice.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import BaseTool
from langgraph.graph import END, START, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.prebuilt.tool_node import ToolCallRequest, ToolInvocationError
from langgraph.runtime import Runtime
from langgraph.types import interrupt

import prompts
from agent.memory import recall_lessons, remember_run
from agent.report import write_report
from agent.state import AgentInput, AgentState
from tools.errors import FixArguments, NeedsUser, StepFailed
from tools.runtime import RunContext
from tools.scenes import instructions

NUDGE = "nudge"
EMPTY_ANSWER = "Your last answer was empty. Call the next tool, or finish with a short summary in plain words."
Node = Callable[[AgentState, RunContext], dict[str, Any]]
OpenRun = Callable[[AgentState], RunContext]


def build_graph(
    model: BaseChatModel, tools: Sequence[BaseTool], open_run: OpenRun | None = None
) -> "StateGraph[AgentState, Any, AgentInput, AgentState]":
    """The graph, not yet compiled; the caller adds the checkpointer.

    Args:
        model: any chat model that can call tools.
        tools: what it may call; they read the RunContext given to `invoke(..., context=run)`.
        open_run: opens the run where the caller gives no context, as LangGraph's own tools do.
    """
    schema: Any = RunContext  # LangGraph's types want a dataclass; at run time any object is a context

    def run_of(runtime: Any, state: Any) -> RunContext:
        run: RunContext | None = runtime.context or (open_run and open_run(state))
        if run is None:
            raise TypeError("the graph needs a RunContext: invoke(..., context=run)")
        return run

    def node(work: Node) -> Any:
        def call(state: AgentState, runtime: Runtime[Any]) -> dict[str, Any]:
            return work(state, run_of(runtime, state))

        return call

    def with_run(request: ToolCallRequest, execute: Callable[[ToolCallRequest], Any]) -> Any:
        runtime: Any = request.runtime
        return execute(replace(request, runtime=replace(runtime, context=run_of(runtime, request.state))))

    graph = StateGraph(AgentState, context_schema=schema, input_schema=AgentInput)
    graph.add_node("recall", node(recall))
    graph.add_node("agent", node(_agent_node(model, tools)))
    graph.add_node("tools", ToolNode(tools, handle_tool_errors=answer_for_error, wrap_tool_call=with_run))
    graph.add_node("remember", node(remember))
    graph.add_node("report", node(report))
    graph.add_edge(START, "recall")
    graph.add_edge("recall", "agent")
    graph.add_conditional_edges("agent", route)
    graph.add_edge("tools", "agent")
    graph.add_edge("remember", "report")
    graph.add_edge("report", END)
    return graph


def recall(state: AgentState, run: RunContext) -> dict[str, Any]:
    """Bring the nearest past runs into the conversation, as something known and not as an instruction."""
    lessons = recall_lessons(run)
    system = SystemMessage("\n\n".join(prompts.load(name) for name in instructions(run.settings)), id="system")
    if not lessons:
        return {"messages": [system]}
    known = HumanMessage(json.dumps({"lessons": lessons}, ensure_ascii=False), name="memory", id="memory")
    return {"messages": [system, known]}


def remember(state: AgentState, run: RunContext) -> dict[str, Any]:
    """Write what this run taught."""
    remember_run(run)
    return {}


def report(state: AgentState, run: RunContext) -> dict[str, Any]:
    """Write the run's report."""
    with run.stage("report"):
        write_report(run)
    return {}


def route(state: AgentState) -> Literal["tools", "agent", "remember"]:
    """To the tools when the model calls some, back to it after a nudge, else on to the end."""
    last = state["messages"][-1]
    if isinstance(last, AIMessage) and last.tool_calls:
        return "tools"
    return "agent" if last.name == NUDGE else "remember"


def answer_for_error(error: Exception) -> str:
    """The tool message that an error becomes; what is not for the model is raised again.

    A `NeedsUser` pauses the graph and becomes the person's answer.
    """
    if isinstance(error, FixArguments | ToolInvocationError):
        return f"FixArguments: {error}"
    if isinstance(error, StepFailed):
        return f"StepFailed: {error}"
    if isinstance(error, NeedsUser):
        answer = interrupt({"kind": "question", "question": error.question, "options": error.options})
        return f"The user answers: {answer}"
    raise error


def _agent_node(model: BaseChatModel, tools: Sequence[BaseTool]) -> Node:
    bound = model.bind_tools(tools)

    def agent(state: AgentState, run: RunContext) -> dict[str, Any]:
        run.check_stop()
        messages, calls = state["messages"], state.get("model_calls", 0)
        guard(messages, calls, run)
        answer = _ask(bound, _ordered(messages), run)
        run.emit("model", calls=[c["name"] for c in answer.tool_calls], text=str(answer.text)[:500])
        update: dict[str, Any] = {"messages": [answer], "model_calls": calls + 1}
        if answer.tool_calls:
            return update
        missing = unfinished(messages, answer, run)
        if missing is None:
            return update
        nudges = state.get("nudges", 0) + 1
        if nudges > run.settings.llm_max_empty:
            raise StepFailed(f"the model gave up: {missing} Go on without it: sightsmith resume {run.record.name} "
                             "--llm offline")  # fmt: skip
        return update | {"messages": [answer, HumanMessage(missing, name=NUDGE)], "nudges": nudges}

    return agent


def _ask(bound: Any, messages: list[AnyMessage], run: RunContext) -> AIMessage:
    from agent.llm import explain

    try:
        answer = bound.invoke(messages)
    except (StepFailed, KeyboardInterrupt, AssertionError):
        raise
    except Exception as error:
        raise StepFailed(explain(error, run.record.name)) from error
    if not isinstance(answer, AIMessage):
        raise StepFailed(f"the model answered with {type(answer).__name__} instead of a message")
    for call in answer.invalid_tool_calls:  # half-written JSON: let it see its slip instead of dropping it
        answer.tool_calls.append({"name": call["name"] or "unnamed", "args": {}, "id": call["id"], "type": "tool_call"})
    answer.invalid_tool_calls = []
    return answer


def _ordered(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """System message first: `add_messages` appends, endpoints want it in front."""
    return sorted(messages, key=lambda m: not isinstance(m, SystemMessage))


def guard(messages: Sequence[AnyMessage], calls: int, run: RunContext) -> None:
    """Stop a model that loops.

    Raises:
        StepFailed: too many calls, the same call again and again, or nothing but refused calls.
    """
    settings, way_out = run.settings, f"Go on without it: sightsmith resume {run.record.name} --llm offline"
    if calls >= settings.llm_max_calls:
        raise StepFailed(f"the model made {calls} calls without an end. {way_out}")
    asked = [json.dumps([(c["name"], c["args"]) for c in m.tool_calls], sort_keys=True)
             for m in messages if isinstance(m, AIMessage) and m.tool_calls]  # fmt: skip
    last = asked[-settings.llm_max_repeats :]
    if len(last) == settings.llm_max_repeats and len(set(last)) == 1:
        raise StepFailed(f"the model made the same call {len(last)} times in a row: {last[0][:200]}. {way_out}")
    answers = [m for m in messages if isinstance(m, ToolMessage)][-settings.llm_max_errors :]
    if len(answers) == settings.llm_max_errors and all(m.status == "error" for m in answers):
        raise StepFailed(f"{len(answers)} calls in a row were refused, the last: {answers[-1].text[:300]} {way_out}")


def unfinished(messages: Sequence[AnyMessage], answer: AIMessage, run: RunContext) -> str | None:
    """What is still missing when the model stops calling tools, as a sentence for it; None when it may end."""
    if not answer.text.strip():
        return EMPTY_ANSWER
    last_result = next((m for m in reversed(messages) if isinstance(m, ToolMessage)), None)
    gave_reason = last_result is not None and last_result.text.startswith("StepFailed:")
    if run.record.best is None and run.record.labelled is None and not gave_reason:
        return "No model is trained and measured yet. Call the next tool, or ask_user if something is unclear."
    return None
