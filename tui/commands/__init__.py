"""The subcommands, one module a group; `tui.cli.COMMANDS` names them and each is imported when called."""
