"""A chat model that follows a script, records what it was sent, and raises when the script runs out."""

from collections.abc import Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field


def call(name: str, **arguments: Any) -> AIMessage:
    """An answer that calls one tool."""
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": f"call_{name}", "type": "tool_call"}])


class ScriptedModel(BaseChatModel):
    """Answers in order; an exception in the script is raised; `repeat` gives the last answer for ever."""

    script: list[Any]
    repeat: bool = False
    check_bound: bool = True
    received: list[list[BaseMessage]] = Field(default_factory=list)
    bound: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **_options: Any) -> "ScriptedModel":
        self.bound[:] = [t.name for t in tools]
        scripted = {c["name"] for m in self.script if isinstance(m, AIMessage) for c in m.tool_calls}
        if self.check_bound:
            assert scripted <= set(self.bound), f"scripted but not bound: {scripted - set(self.bound)}"
        return self

    def _generate(self, messages: list[BaseMessage], *_args: Any, **_options: Any) -> ChatResult:
        self.received.append(list(messages))
        if not self.script:
            raise AssertionError("the script has ended, but the agent asks on")
        answer = self.script[0] if self.repeat and len(self.script) == 1 else self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        fresh = answer.model_copy(deep=True)
        for number, tool_call in enumerate(fresh.tool_calls):
            tool_call["id"] = f"call_{len(messages)}_{number}"
        fresh.id = f"answer_{len(messages)}"
        return ChatResult(generations=[ChatGeneration(message=fresh)])
