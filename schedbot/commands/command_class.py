"""Classes of all commands: -h, --config and --database also after the command, suggestions, and examples to paste."""

from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from schedbot import settings, text_input
from schedbot.command_table import GLOBAL_OPTIONS
from schedbot.commands import example_format, usage_errors
from schedbot.errors import BadInput

# Its module differs between versions of typer.
USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
FLAGS = "schedbot.flags"
Function = TypeVar("Function", bound=Callable[..., Any])


class _Habits:
    """Behaviour shared by commands and groups."""

    shows_global_options = False

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        command: Any = self
        command.context_settings = {"help_option_names": ["--help", "-h"], **command.context_settings}
        hidden = not self.shows_global_options
        command.params = [*(global_option(name, hidden) for name in GLOBAL_OPTIONS), *command.params]

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Parse the words of the command. Raises BadInput with a suggestion for what does not fit."""
        parent: Any = super()
        words, path = list(args), command_path(ctx)
        if not ctx.resilient_parsing:
            usage_errors.refuse_split_rule(words, ctx.command.params)
        try:
            return parent.parse_args(ctx, args)
        except USAGE_ERROR as error:
            if explained := usage_errors.explain(error, path, words, ctx.command.get_params(ctx)):
                raise explained from None
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run the command with the settings of its options."""
        parent: Any = super()
        settings.flags = settings.Flags(**ctx.meta.get(FLAGS, {}))
        return parent.invoke(ctx)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Return the completions without their help, for which typer would load rich."""
        parent: Any = super()
        items = parent.shell_complete(ctx, incomplete)
        for item in items:
            item.help = None
        return items

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write the description, and the example so that it can be pasted."""
        description, example = example_format.split_help(getattr(self, "help", "") or "")
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(description)
            formatter.write_paragraph()
            if example:
                formatter.write_text("Example:")
                for line in example_format.shell_lines(example, formatter.width - 4):
                    formatter.write(f"    {line}\n")


class LeafCommand(_Habits, TyperCommand):
    """A command without commands of its own."""


class Group(_Habits, TyperGroup):
    """A command with commands of its own."""

    other_names: dict[str, str] = {}  # noqa: RUF012

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that `args` name. Raises BadInput with the nearest name."""
        is_option = args[0].startswith("-")
        if not (is_option or ctx.resilient_parsing or self.get_command(ctx, args[0])):
            raise usage_errors.explain_command(command_path(ctx), args[0], self.list_commands(ctx), self.other_names)
        return super().resolve_command(ctx, args)


def global_option(name: str, hidden: bool) -> TyperOption:
    """Return --config or --database. The value goes to the settings, not to the command."""

    def remember(ctx: Any, param: Any, value: str | None) -> None:
        if value is not None and not value.strip():
            raise BadInput(f"--{name} is empty.", f"Give the name of a file, or leave --{name} out.")
        if value is not None:
            ctx.meta.setdefault(FLAGS, {})[name] = text_input.clean_path(value)

    return TyperOption(
        param_decls=[f"--{name}"],
        metavar="FILE",
        help=GLOBAL_OPTIONS[name],
        expose_value=False,
        hidden=hidden,
        callback=remember,
    )


def command_path(ctx: Any) -> str:
    """Return the command as a user types it: `schedbot workspace add`."""
    names = []
    while ctx.parent is not None:
        names.append(ctx.info_name)
        ctx = ctx.parent
    return " ".join(["schedbot", *reversed(names)])


class GroupApp(typer.Typer):
    """Application of a group, such as `schedbot workspace`."""

    def __init__(self) -> None:
        super().__init__(cls=Group, rich_markup_mode=None, add_completion=False, no_args_is_help=True)

    def command(self, name: str | None = None, **options: Any) -> Callable[[Function], Function]:
        """Register a function as a command of the group."""
        return super().command(name, **{"cls": LeafCommand, **options})
