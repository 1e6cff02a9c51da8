"""The chat page: shows runs and passes on what the person wants. What decides is in `agent` and `tools`."""
