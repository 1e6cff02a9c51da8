"""The LangGraph agent and the life of a run."""
