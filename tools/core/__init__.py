"""The ground floor: settings, errors, the task, files that last, processes. Imports nothing of the other rooms."""
