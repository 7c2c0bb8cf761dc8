"""The ``marketplace`` command. Groups are imported when called, so that every one starts fast."""

import gc
import importlib

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "audit": ("marketplace.cli.audit", "audit_group"),
    "backup": ("marketplace.cli.backup", "backup_command"),
    "db": ("marketplace.cli.db", "db_group"),
    "import": ("marketplace.cli.imports", "import_group"),
    "programmes": ("marketplace.cli.programmes", "programmes_group"),
    "restore": ("marketplace.cli.backup", "restore_command"),
    "run": ("marketplace.cli.run", "run_command"),
    "search": ("marketplace.cli.search", "search_group"),
    "seed": ("marketplace.cli.seed", "seed_group"),
    "static": ("marketplace.cli.static", "static_group"),
    "storage": ("marketplace.cli.storage", "storage_group"),
    "users": ("marketplace.cli.users", "users_group"),
    "worker": ("marketplace.cli.worker", "worker_command"),
}


class LazyGroup(click.Group):
    """Knows the commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        gc.disable()  # modules stay: looking for garbage among them takes a fifth of the start
        try:
            command: click.Command = getattr(importlib.import_module(module), name)
        finally:
            gc.freeze()
            gc.enable()
        return command


@click.command(cls=LazyGroup, help="中小企业数字化转型服务商资源池")
def main() -> None:
    """Entry point of the console script."""
