"""The steps of a round, one file a tool of the agent."""
