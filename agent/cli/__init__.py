"""The command line: one file a group of commands, and how exceptions become exit codes."""
