"""What the graph carries from node to node: messages and small plain values; never arrays, images or frames."""

from typing import Annotated

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from typing_extensions import TypedDict


class Counters(TypedDict, total=False):
    """What the guards count; a person's word to go on starts it anew."""

    model_calls: int
    nudges: int


class AgentInput(Counters):
    """What starts a run, or opens it again: the request, or the person's word to go on."""

    messages: Annotated[list[AnyMessage], add_messages]


class AgentState(Counters, total=False):
    """The conversation. Everything else lives in the run's folder."""

    messages: Annotated[list[AnyMessage], add_messages]
