"""One module a command: parse, call, echo, return."""
