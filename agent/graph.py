"""The agent as a LangGraph graph: recall -> agent <-> tools -> remember -> report.

The model decides which tool and with what arguments; the tools are deterministic and keep everything on disk, so a node
that runs again after a kill does no work twice.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.errors import GraphBubbleUp
from langgraph.graph import END, START, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.prebuilt.tool_node import ToolCallRequest, ToolInvocationError
from langgraph.runtime import Runtime
from langgraph.types import interrupt

import prompts
from agent import spending
from agent.conversation import artifact_of
from agent.faults import keep_traceback
from agent.limits import check_minutes, check_money, giving_up, guard, missing_in, no_call
from agent.mailbox import letters
from agent.memory import recall_lessons, remember_run
from agent.more import LETTER
from agent.planner import OfflinePlanner
from agent.report.write import write_report
from agent.state import AgentInput, AgentState
from agent.tool_calls import UNREADABLE, plain_calls
from tools.core.answers import ANSWERS
from tools.core.errors import FixArguments, NeedsUser, StepFailed, Stopped
from tools.core.files import trouble
from tools.drawable.drawing import names_to_choose_from
from tools.runs.runtime import RunContext
from tools.steps.scenes import instructions

NUDGE = "nudge"
NO_TOOLS = (
    "The server hands over calls of tools as text; they are read from it. Its own tool calling is safer (vLLM: "
    "--enable-auto-tool-choice --tool-call-parser NAME; llama.cpp: --jinja)."
)
_ENDED = "ended"  # key of what a tool message carries beside its text: the sentence that the run ends with
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
        run = run_of(runtime, request.state)
        if UNREADABLE in request.tool_call["args"]:
            return _unreadable(request.tool_call)
        try:
            return execute(replace(request, runtime=replace(runtime, context=run)))
        except (GraphBubbleUp, Stopped):
            raise
        except Exception as error:
            return answer_for_error(error, request.tool_call, run)

    graph = StateGraph(AgentState, context_schema=schema, input_schema=AgentInput)
    graph.add_node("recall", node(recall))
    graph.add_node("agent", node(_agent_node(model, tools)))
    graph.add_node("tools", ToolNode(tools, handle_tool_errors=False, wrap_tool_call=with_run))
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
    texts = [*(prompts.load(name) for name in instructions()), names_to_choose_from(run)]
    system = SystemMessage("\n\n".join(text for text in texts if text), id="system")
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


def answer_for_error(error: Exception, call: Mapping[str, Any], run: RunContext) -> ToolMessage:
    """The tool message that an error becomes: its sentence for the model, its code and data beside it.

    A `NeedsUser` pauses the graph and becomes the person's answer.
    """
    if isinstance(error, FixArguments | ToolInvocationError):
        return _refusal(f"FixArguments: {error}", error, call)
    if isinstance(error, StepFailed):
        return _refusal(f"StepFailed: {error}", error, call)
    if isinstance(error, NeedsUser):
        answer = interrupt({"kind": "question", "question": error.question, "options": error.options})
        return ToolMessage(f"{ANSWERS}{answer}", name=call["name"], tool_call_id=call["id"], status="error")
    return _crashed(error, call, run)


def _refusal(text: str, error: Exception, call: Mapping[str, Any], **beside: Any) -> ToolMessage:
    return ToolMessage(
        text, name=call["name"], tool_call_id=call["id"], status="error", artifact=artifact_of(error) | beside
    )


def _unreadable(call: Mapping[str, Any]) -> ToolMessage:
    error = FixArguments(f"arguments: Field required: one JSON object, not {call['args'][UNREADABLE]!r}")
    return _refusal(f"FixArguments: {error}", error, call)


def _crashed(error: Exception, call: Mapping[str, Any], run: RunContext) -> ToolMessage:
    """The answer to a call whose tool broke off by something that is not for the model to mend.

    It is answered, so that the run can be resumed; `_ended` ends the run before the model's next call.
    """
    sentence = trouble(error, run.folder)
    if sentence is None:
        sentence = f"{type(error).__name__}: {error} (a bug; {keep_traceback(error, run.folder)})"
    return _refusal(f"StepFailed: {sentence}", StepFailed(sentence), call, **{_ENDED: sentence})


def _ended(messages: Sequence[AnyMessage]) -> str | None:
    """The sentence that the last calls end the run with, if any; a person's word to go on comes after it."""
    for message in reversed(messages):
        if not isinstance(message, ToolMessage):
            return None
        if isinstance(message.artifact, dict) and _ENDED in message.artifact:
            return str(message.artifact[_ENDED])
    return None


def _agent_node(model: BaseChatModel, tools: Sequence[BaseTool]) -> Node:
    bound, offline = model.bind_tools(tools), isinstance(model, OfflinePlanner)
    described = [convert_to_openai_tool(t)["function"] for t in tools]
    parameters = {d["name"]: d.get("parameters", {}) for d in described}

    def agent(state: AgentState, run: RunContext) -> dict[str, Any]:
        run.check_stop()
        fresh = _said_meanwhile(state["messages"], run)
        messages, calls = [*state["messages"], *fresh], state.get("model_calls", 0)
        if sentence := _ended(state["messages"]):
            raise StepFailed(sentence)
        give_up = giving_up(offline)
        guard(messages, calls, run, give_up)
        if not offline:
            check_minutes(calls, run, give_up)
            check_money(run, give_up)
        answer = _ask(bound, parameters, _ordered(messages), run, counts=not offline)
        run.emit("model", calls=[c["name"] for c in answer.tool_calls], text=str(answer.text)[:500])
        update: dict[str, Any] = {"messages": [*fresh, answer], "model_calls": calls + 1}
        if answer.tool_calls:
            return update | {"nudges": 0}
        missing = None if offline else missing_in(messages, answer, run)  # the planner means what it says
        if missing is None:
            return update
        nudges = state.get("nudges", 0) + 1
        if nudges > run.settings.llm.max_empty or run.remaining_s() <= 0:
            raise give_up(no_call(messages, answer, missing, nudges))
        return update | {"messages": [*fresh, answer, HumanMessage(missing.ask, name=NUDGE)], "nudges": nudges}

    return agent


def _said_meanwhile(messages: Sequence[AnyMessage], run: RunContext) -> list[HumanMessage]:
    """What the person has said since the last step, as messages; each is heard once, also after a kill."""
    fresh = letters(run.folder, {str(m.id) for m in messages if m.name == LETTER})
    for letter in fresh:
        run.emit("answer", text=letter.text)
    return [HumanMessage(letter.text, name=LETTER, id=letter.id) for letter in fresh]


def _ask(
    bound: Any, parameters: Mapping[str, Mapping[str, Any]], messages: list[AnyMessage], run: RunContext, *,
    counts: bool,
) -> AIMessage:  # fmt: skip
    """The model's answer with plain calls; what it cost is in the record where it `counts`."""
    from agent.llm import failure

    answer = None
    try:
        answer = bound.invoke(messages)
    except (StepFailed, KeyboardInterrupt, AssertionError):
        raise
    except Exception as error:
        raise failure(error) from error
    finally:
        if counts:
            spending.asked(run.record, answer if isinstance(answer, AIMessage) else None, run.settings)
    if not isinstance(answer, AIMessage):
        raise StepFailed(f"the model answered with {type(answer).__name__} instead of a message")
    plain = plain_calls(answer, parameters)
    if plain.tool_calls and not (answer.tool_calls or answer.invalid_tool_calls):
        run.emit("note", text=NO_TOOLS)
    return plain


def _ordered(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """System message first: `add_messages` appends, endpoints want it in front."""
    return sorted(messages, key=lambda m: not isinstance(m, SystemMessage))
