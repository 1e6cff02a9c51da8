"""The graph for LangGraph's own tools (`langgraph dev`): a thread there is a run here."""

from typing import Any

from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import StateGraph

from agent.graph import build_graph
from agent.llm import chat_model
from agent.run_folder import open_run, start_run
from agent.state import AgentInput, AgentState
from agent.talk.tools import talk_tools
from tools import all_tools
from tools.core.settings import Settings
from tools.core.task import slug
from tools.runs.runtime import RunContext


def graph(config: RunnableConfig) -> "StateGraph[AgentState, Any, AgentInput, AgentState]":
    """The same graph as the command line's; the run's folder is opened at the thread's first message."""
    settings = Settings()
    name = f"thread-{slug(str(config.get('configurable', {}).get('thread_id') or 'default'))}"
    opened: list[RunContext] = []

    def run_of_thread(state: AgentState) -> RunContext:
        if not opened:
            folder = settings.runs_dir / name
            known = (folder / "run.json").exists()
            opened.append(open_run(folder) if known else start_run(_request(state), settings, name=name))
        return opened[0]

    return build_graph(chat_model(settings), [*all_tools(), *talk_tools()], run_of_thread)


def _request(state: AgentState) -> str:
    messages: list[Any] = state["messages"]
    return next(m.text for m in messages if isinstance(m, HumanMessage))
