"""Model libraries: things drawn by 3D models that others made, found by name, with licence and author kept."""
