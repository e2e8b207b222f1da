"""The command line: thin, it only reads arguments, calls the package and prints; exit codes 0, 1 and 2.

0: done. 1: done, but an input could not be read whole or a check failed; or stopped by something other than wrong
use. 2: wrong use; nothing was started.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from obelics_like import __version__
from obelics_like.errors import ObelicsLikeError, UnknownName, UsageError


class Commands(click.Group):
    """A group that says what was probably meant, and turns our errors into exit codes."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's own, with a did-you-mean."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise click.UsageError(str(UnknownName("command", args[0], self.list_commands(ctx))), ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of ours becomes one message and exit code 2 (wrong use) or 1."""
        try:
            return super().invoke(ctx)
        except ObelicsLikeError as error:
            click.echo(f"obelics-like: {error}", err=True)
            ctx.exit(2 if isinstance(error, UsageError) else 1)
        except BrokenPipeError:
            ctx.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="obelics-like")
def main() -> None:
    """Build interleaved image-text corpora from web archives."""


_DIR = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@main.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder of the corpus; resumed if it is there."
)
@click.option("--recipe", default="default", show_default=True, help="Name or .toml file.")
@click.option("--set", "settings", multiple=True, metavar="ID.OPTION=VALUE", help="Lay a value over the recipe.")
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes.  [default: the processors at hand]")
@click.option("--images", default="warc", show_default=True, help="warc | warc,web | web | none")
@click.option("--scorer", metavar="SPEC", help="label-bridge, open_clip:ARCH/PRETRAINED-or-path, or none.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N pages.")
@click.option("--keep-dropped", default="reasons", show_default=True, help="none | reasons | sample:P | all")
@click.option("--offline", is_flag=True, help="Open no connection, whatever the recipe asks for.")
@_JSON
def build(
    inputs: tuple[str, ...],
    out: Path,
    recipe: str,
    settings: tuple[str, ...],
    workers: int | None,
    images: str,
    scorer: str | None,
    limit: int | None,
    keep_dropped: str,
    offline: bool,
    as_json: bool,
) -> None:
    """Build a corpus from INPUTs: archives, folders or globs of them, folders of HTML files, or list files."""
    from obelics_like import launch

    with _progress(quiet=as_json) as progress:
        record = launch.build(
            inputs,
            out,
            recipe=recipe,
            settings=_settings(settings),
            workers=workers,
            images=images,
            scorer=scorer,
            limit=limit,
            keep_dropped=keep_dropped,
            offline=offline,
            progress=progress,
        )
    _show(out, as_json)
    for line in [*_lost(record), *(f"the law does not hold: {b}" for b in record["breaches"])]:
        click.echo(f"obelics-like: {line}", err=True)
    sys.exit(record["exit_code"])


def _settings(pairs: tuple[str, ...]) -> dict[str, str]:
    out = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError("--set", got=repr(pair), valid="ID.OPTION=VALUE", do="for example minhash.threshold=0.7")
        out[key.strip()] = value
    return out


def _lost(record: dict[str, Any]) -> Iterator[str]:
    """What could not be read, in a line each."""
    for one in record["inputs"]:
        if one["failed"]:
            yield f"{one['name']} could not be read: {one['failed']}"
        elif one["unread"]:
            yield f"{one['name']}: {one['unread']} records could not be read whole (see dropped/records-00000.parquet)"
    yield from record["failures"]


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Bars by phase on a terminal, a plain line for each finished phase otherwise."""
    if quiet:
        yield lambda phase, done, total: None
    elif not sys.stderr.isatty():
        yield lambda phase, done, total: click.echo(f"{phase}: {done}/{total}", err=True) if done == total else None
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        with Progress(*columns, console=Console(stderr=True)) as bars:
            tasks: dict[str, Any] = {}

            def tell(phase: str, done: int, total: int) -> None:
                if phase not in tasks:
                    tasks[phase] = bars.add_task(phase, total=total)
                bars.update(tasks[phase], completed=done, total=total)

            yield tell


def _show(folder: Path, as_json: bool) -> None:
    """Write the report and print it."""
    from obelics_like.report.page import write_report
    from obelics_like.report.summary import summarise
    from obelics_like.report.terminal import print_summary
    from obelics_like.store.folder import Output

    output = Output(folder)
    summary = summarise(output)
    path = write_report(output, summary)
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False, indent=1))
    else:
        print_summary(summary)
        click.echo(f"report: {path}")


@main.command()
@_DIR
@_JSON
def report(folder: Path, as_json: bool) -> None:
    """Tokens, funnel and languages of a corpus; writes DIR/report/index.html."""
    _show(folder, as_json)


@main.command()
@_DIR
@click.argument("page", metavar="URL-or-ID")
@_JSON
def explain(folder: Path, page: str, as_json: bool) -> None:
    """What became of a page, node by node, and why."""
    from obelics_like.report.explain import explain as explain_page
    from obelics_like.report.explain import explanation_lines
    from obelics_like.store.folder import Output

    found = explain_page(Output(folder), page)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        for line in explanation_lines(found):
            click.echo(line)


@main.command()
@_DIR
@click.option("--no-inputs", is_flag=True, help="Leave out the second look at the inputs.")
@_JSON
def check(folder: Path, no_inputs: bool, as_json: bool) -> None:
    """The law, the schema, the digests, and a recount; exit code 1 on any breach."""
    from obelics_like.check import check as check_folder

    breaches = check_folder(folder, inputs=not no_inputs)
    if as_json:
        click.echo(json.dumps({"breaches": breaches}, ensure_ascii=False, indent=1))
    else:
        for breach in breaches:
            click.echo(breach)
        click.echo(f"{len(breaches)} breaches" if breaches else "all is accounted for")
    sys.exit(1 if breaches else 0)


@main.command()
@_DIR
@click.option("--to", "form", required=True, metavar="FORMAT", help="obelics | mmc4")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write to.")
def export(folder: Path, form: str, out: Path) -> None:
    """Write a corpus in the form that a trainer reads."""
    from obelics_like.registry import export_class
    from obelics_like.store.folder import Output

    for path in export_class(form, "--to")().write(Output(folder), out):
        click.echo(path)


@main.group(invoke_without_command=True, cls=Commands)
@click.pass_context
def recipes(ctx: click.Context) -> None:
    """The recipes that come with the package."""
    if ctx.invoked_subcommand is None:
        from obelics_like.recipe import load_recipe, recipe_names

        for name in recipe_names():
            recipe = load_recipe(name)
            click.echo(f"{name:12} {recipe.title}" + (f" ({recipe.paper})" if recipe.paper else ""))


@recipes.command(name="show")
@click.argument("name")
def show_recipe(name: str) -> None:
    """Print the flattened recipe, the text that runs."""
    from obelics_like.recipe import load_recipe

    click.echo(load_recipe(name).text, nl=False)


@main.group(invoke_without_command=True, cls=Commands)
@click.pass_context
def models(ctx: click.Context) -> None:
    """Models for language identification: list, fetch, path."""
    if ctx.invoked_subcommand is None:
        list_models()


@models.command(name="list")
def _list_command() -> None:
    """Name, state and place of each model."""
    list_models()


def list_models() -> None:
    """Print a line for each registered model."""
    from obelics_like.models.registry import list_models as entries

    for entry in entries():
        click.echo(f"{entry.name:12} {'present' if entry.present else 'absent':8} {entry.licence:14} {entry.about}")


@models.command()
@click.argument("name")
@click.option("--offline", is_flag=True, help="Do not open a connection.")
def fetch(name: str, offline: bool) -> None:
    """Get a model, checked against its sha256, and put it where runs look for it."""
    from obelics_like.models.registry import fetch as fetch_model

    click.echo(fetch_model(name, offline=offline))


@models.command()
@click.argument("name")
def path(name: str) -> None:
    """Print where a model's file lies."""
    from obelics_like.models.registry import path as model_path

    click.echo(model_path(name))


@main.command()
@_JSON
def doctor(as_json: bool) -> None:
    """What is installed, what can be loaded, and what to do about what can't."""
    from obelics_like.doctor import examine

    findings = examine()
    if as_json:
        click.echo(json.dumps(findings, indent=1))
    else:
        for finding in findings:
            click.echo(f"{'ok' if finding['ok'] else 'MISSING':8} {finding['name']:24} {finding['said']}")
    sys.exit(0 if all(f["ok"] or f["optional"] for f in findings) else 1)


if __name__ == "__main__":
    main()
