"""The Blender engine: scenes rendered by Cycles with exact masks."""
