"""What the graph carries from node to node: messages and small plain values; never arrays, images or frames."""

from typing import Annotated

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from typing_extensions import TypedDict


class AgentState(TypedDict, total=False):
    """The conversation. Everything else lives in the run's folder."""

    messages: Annotated[list[AnyMessage], add_messages]
    model_calls: int
    nudges: int


class AgentInput(TypedDict):
    """What starts a run: one message with the request."""

    messages: Annotated[list[AnyMessage], add_messages]
