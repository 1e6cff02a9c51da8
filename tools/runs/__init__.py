"""A run and what it is handed: its record, its budget, its pace, its engines, the sets of photos it works on."""
