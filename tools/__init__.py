"""What the agent can do, one module a tool."""
