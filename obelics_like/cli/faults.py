"""How wrong use and faults reach the user: one message in four parts and an exit code; it knows no command."""

from __future__ import annotations

import errno
import traceback
from typing import Any

import click

from obelics_like import __version__
from obelics_like.errors import DataError, ObelicsLikeError, OptionError, UnknownName, UsageError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
"""What the system says when a disk is full or may not be written to: no fault of the code that met it."""
_NO_LEAVE = {errno.EACCES, errno.EPERM}
"""What it says where this user may not read or write."""


class Stopped(KeyboardInterrupt):
    """The process was asked to end (SIGTERM), as a cluster or a container does."""


class Wrong(click.UsageError):
    """Wrong use, told in the same form as our own errors."""

    def show(self, file: Any = None) -> None:
        """Print the message without click's lines about usage, which say less."""
        say(self.message)


def say(line: str) -> None:
    """Print a line on standard error; what it names from archives can't steer the terminal."""
    from obelics_like.report.wording import printable

    click.echo(f"obelics-like: {printable(line)}", err=True)


def _place(ctx: click.Context, what: str = "") -> str:
    """The command without the program's name, which every line begins with."""
    command = ctx.command_path.removeprefix(ctx.find_root().command_path).strip()
    return ", ".join(filter(None, [command, what])) or "command"


def _told(error: click.UsageError, ctx: click.Context) -> click.UsageError:
    """What click found wrong, as where, got, valid and what to do."""
    see = f"see `{ctx.command_path} --help`"
    options = [name for p in ctx.command.get_params(ctx) for name in p.opts if name.startswith("--")]
    if isinstance(error, click.NoSuchOption):
        return Wrong(str(UnknownName(_place(ctx, "option"), error.option_name, options, do=see)), ctx)
    where, got = _place(ctx), error.message.rstrip(".").removeprefix("Got ")
    usage = " ".join([ctx.command_path, *ctx.command.collect_usage_pieces(ctx)])
    if isinstance(error, click.BadOptionUsage):
        where, got = f"{where} {error.option_name}", "no value"
        usage = next((_help(p) for p in ctx.command.get_params(ctx) if error.option_name in p.opts), None) or usage
    elif isinstance(error, click.BadParameter) and error.param is not None:
        where = f"{where} {_name(error.param)}"
        got = "none" if isinstance(error, click.MissingParameter) else got
        usage = _help(error.param) or usage
    return Wrong(str(UsageError(where, got=got, valid=usage, do=see)), ctx)


def _help(param: click.Parameter) -> str:
    """What an option's help says of its value, "" for an argument."""
    return (getattr(param, "help", None) or "").removesuffix(".")


def _name(param: click.Parameter) -> str:
    return param.opts[-1] if isinstance(param, click.Option) else param.metavar or str(param.name).upper()


class Command(click.Command):
    """A command whose wrong use is told in four parts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's own, with the message of our errors."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if type(error).__name__ == "NoArgsIsHelpError":  # it prints the help; click 8.1 has no such class
                raise
            raise _told(error, ctx) from error


class Commands(Command, click.Group):
    """A group that says what was probably meant, and turns what is raised into a message and an exit code."""

    command_class = Command
    group_class = type

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's own, with a did-you-mean."""
        if args and self.get_command(ctx, args[0]) is None:
            see = f"see `{ctx.command_path} --help`"
            known, where = self.list_commands(ctx), _place(ctx, "command")
            if meant := self.meant(args[0]):
                do = f"did you mean `{ctx.command_path} {meant}`?"
                raise Wrong(str(UsageError(where, got=repr(args[0]), valid=", ".join(known), do=do)), ctx)
            raise Wrong(str(UnknownName(where, args[0], known, do=see)), ctx)
        return super().resolve_command(ctx, args)

    def meant(self, name: str) -> str | None:
        """The command that was probably meant by a name that is none of one; None where it can't be told."""
        return None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of ours is one message, any other its traceback and a request to report it."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except ObelicsLikeError as error:
            say(str(error))
            ctx.exit(2 if isinstance(error, UsageError) else 1)
        except OSError as error:
            if error.errno in _NO_ROOM:
                say(str(_no_room(error)))
            elif error.errno in _NO_LEAVE:
                say(str(_no_leave(error)))
            else:
                _unexpected(error)
            ctx.exit(1)
        except KeyboardInterrupt as stop:
            click.echo("\nobelics-like: stopped; run the same command again to go on where it stopped", err=True)
            ctx.exit(143 if isinstance(stop, Stopped) else 130)
        except Exception as error:
            _unexpected(error)
            ctx.exit(1)


def _no_room(error: OSError) -> DataError:
    return DataError(
        str(error.filename or "writing"),
        got=error.strerror,
        valid="a disk with room that this user may write to",
        do="make room, then run the same command again: it goes on where it stopped",
    )


def _no_leave(error: OSError) -> DataError:
    return DataError(
        str(error.filename or "reading or writing"),
        got=error.strerror,
        valid="a file or folder that this user may read and write",
        do="change its permissions, or run the same command as another user",
    )


def _unexpected(error: Exception) -> None:
    traceback.print_exception(error)
    click.echo(
        f"obelics-like: this is a fault of obelics-like {__version__}, not of your use: please report it with the "
        "lines above and with what `obelics-like doctor` says",
        err=True,
    )


class Whole(click.ParamType):  # type: ignore[type-arg]  # generic in click 8.4 only
    """A whole number from 1 on."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number. Raises OptionError."""
        text = str(value)
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            where = param.opts[-1] if param else "number"
            raise OptionError(where, got=repr(text), valid="a whole number from 1 on", do=f"for example {where} 4")
        return int(text)
