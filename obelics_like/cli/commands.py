"""The command line: thin, it only reads arguments, calls the package and prints; it decides nothing itself.

Exit codes: 0, done. 1, done but an input could not be read whole or a check failed; or stopped by something that is
not wrong use (a model that can't be loaded, a disk that is full, a fault of ours). 2, wrong use: nothing was started.
130 and 143, stopped by Ctrl-C or by a request to end: the same command goes on where it stopped.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from obelics_like import __version__
from obelics_like.cli.faults import Commands, Whole, say
from obelics_like.cli.progress import progress, stoppable
from obelics_like.cli.telling import left_out, lost, show, show_json, show_plan, show_table
from obelics_like.errors import OptionError


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="obelics-like", help="Print the version.")
def main() -> None:
    """Build interleaved image-text corpora from web archives.

    Exit codes: 0 done; 1 done but an input could not be read whole or a check failed, or stopped by what is not wrong
    use; 2 wrong use; 130 or 143 stopped from outside.
    """


_DIR = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on standard output.")
_SET = click.option(
    "--set", "settings", multiple=True, metavar="ID.OPTION=VALUE", help="Lay a value over the recipe; may be repeated."
)


@main.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    help="Folder of the corpus: a new or empty one, or an earlier run's, which is then resumed; or s3://BUCKET/PREFIX.",
)
@click.option(
    "--work",
    metavar="DIR|URL",
    help="Folder of this machine where an --out that is an address is built; or s3://BUCKET/PREFIX, through which "
    "machines without a common disk share what they make.",
)
@click.option("--recipe", default="default", show_default=True, metavar="NAME|FILE", help="A recipe, or a .toml file.")
@_SET
@click.option("--workers", type=Whole(), metavar="N", help="Worker processes.  [default: one a processor]")
@click.option(
    "--images",
    default="warc",
    show_default=True,
    metavar="SOURCES",
    help="Where pictures come from: warc | page | web, some of them (warc,page,web), or none.",
)
@click.option("--scorer", metavar="SPEC", help="label-bridge, open_clip:ARCH/PRETRAINED-or-path, or none.")
@click.option("--limit", type=Whole(), metavar="N", help="Stop after N pages.")
@click.option(
    "--keep-dropped",
    default="reasons",
    show_default=True,
    metavar="WHAT",
    help="What is kept of dropped pages and nodes: none | reasons | sample:P | all.",
)
@click.option("--sample", type=float, metavar="P", help="Of a crawl (cc:...), take this share of its archives.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="What chooses the sample.")
@click.option(
    "--cc-index",
    metavar="CONDITION",
    help="Of a crawl, only the records for which this holds in its index: \"url_host_registered_domain = 'a.org'\".",
)
@click.option(
    "--cc-base",
    metavar="URL|DIR",
    help="Where crawls are read from: a mirror, or s3://commoncrawl/.  [default: its host]",
)
@click.option("--offline", is_flag=True, help="Open no connection, whatever the recipe asks for.")
@click.option(
    "--engine",
    default="local",
    show_default=True,
    metavar="NAME",
    help="What runs the work: local (processes of its own) | ray | inline (no workers, for debugging).",
)
@click.option("--ray-address", metavar="ADDRESS", help="The Ray cluster to use.  [default: a Ray on this machine]")
@click.option(
    "--keep-work/--no-keep-work",
    default=True,
    show_default=True,
    help="Keep DIR/work, so that the next run with other options does only what follows the change.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be done, and what is done already; write nothing.")
@_JSON
def build(
    inputs: tuple[str, ...],
    out: str,
    work: str | None,
    recipe: str,
    settings: tuple[str, ...],
    workers: int | None,
    images: str,
    scorer: str | None,
    limit: int | None,
    keep_dropped: str,
    sample: float | None,
    seed: int,
    cc_index: str | None,
    cc_base: str | None,
    offline: bool,
    engine: str,
    ray_address: str | None,
    keep_work: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Build a corpus from INPUTs.

    An INPUT is an archive (.warc, .arc, .gz or not, .wacz), a folder or a glob of them, a folder of HTML files, a text
    file that lists paths (.txt, .paths.gz), a URL of one of these (https://, s3://), or a crawl of Common Crawl by
    name (cc:CC-MAIN-2024-22).
    """
    from obelics_like import launch
    from obelics_like.store.remote import places

    what: dict[str, Any] = {"recipe": recipe, "settings": _settings(settings), "images": images, "scorer": scorer}
    what |= {"limit": limit, "keep_dropped": keep_dropped, "offline": offline}
    what |= {"sample": sample, "seed": seed, "cc_index": cc_index, "cc_base": cc_base}
    if dry_run:
        with stoppable():
            planned = launch.plan(inputs, out, work=work, **what)
        show_json(planned) if as_json else show_plan(planned)
        return
    with stoppable(), progress(quiet=as_json) as tell:
        record = launch.build(
            inputs,
            out,
            workers=workers,
            engine=engine,
            ray_address=ray_address,
            keep_work=keep_work,
            work=work,
            progress=tell,
            **what,
        )
    folder = places(out, work).folder
    show(folder, as_json)
    for line in [*lost(record, folder), *(f"the law does not hold: {b}" for b in record["breaches"])]:
        say(line)
    sys.exit(record["exit_code"])


def _settings(pairs: tuple[str, ...]) -> dict[str, str]:
    out = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise OptionError("--set", got=repr(pair), valid="ID.OPTION=VALUE", do="for example minhash.threshold=0.7")
        out[key.strip()] = value
    return out


@main.command()
@_DIR
@_JSON
def report(folder: Path, as_json: bool) -> None:
    """Tokens, funnel and languages of a corpus; writes DIR/report/index.html."""
    show(folder, as_json)


@main.command()
@_DIR
@click.argument("page", metavar="URL-or-ID")
@_JSON
def explain(folder: Path, page: str, as_json: bool) -> None:
    """What became of a page of DIR, given by URL-or-ID: node by node, and why."""
    from obelics_like.report.explain import explain as explain_page
    from obelics_like.report.explain import explanation_lines
    from obelics_like.store.folder import Output

    found = explain_page(Output(folder), page)
    if as_json:
        show_json(found)
    else:
        for line in explanation_lines(found):
            click.echo(line)


@main.command()
@_DIR
@click.option("--no-inputs", is_flag=True, help="Leave out the second look at the inputs.")
@_JSON
def check(folder: Path, no_inputs: bool, as_json: bool) -> None:
    """The law, the schema, the digests of DIR, and a recount; exit code 1 on any breach."""
    from obelics_like.check import check as check_folder

    breaches = check_folder(folder, inputs=not no_inputs)
    if as_json:
        show_json({"ok": not breaches, "breaches": breaches})
    else:
        for breach in breaches:
            click.echo(breach)
        number = "1 breach" if len(breaches) == 1 else f"{len(breaches)} breaches"
        click.echo(number if breaches else "all is accounted for")
    sys.exit(1 if breaches else 0)


@main.command()
@_DIR
@click.option("--unused", is_flag=True, help="Only what earlier runs with other options or inputs left.")
@_JSON
def clean(folder: Path, unused: bool, as_json: bool) -> None:
    """Remove DIR/work of a finished run; the corpus stays whole, the next build starts from the archives."""
    from obelics_like import launch

    freed = launch.clean(folder, unused)
    if as_json:
        show_json({"freed": freed})
    else:
        click.echo(f"{freed / 1e6:,.1f} MB freed")


@main.command()
@_DIR
@click.option("--to", "form", required=True, metavar="FORMAT", help="The form to write: obelics | mmc4.")
@click.option(
    "--out", required=True, metavar="DIR2", type=click.Path(path_type=Path), help="A new or empty folder to write to."
)
def export(folder: Path, form: str, out: Path) -> None:
    """Write the corpus in DIR in the form that a trainer reads."""
    from obelics_like.registry import export_class
    from obelics_like.store.folder import Output

    for path in export_class(form, "--to")().write(Output(folder), out):
        click.echo(path)
    for line in left_out(out):
        say(line)


class _Recipes(Commands):
    def meant(self, name: str) -> str | None:
        from obelics_like.recipe import recipe_names

        return f"show {name}" if name in recipe_names() or name.endswith(".toml") else None


@main.group(cls=_Recipes, invoke_without_command=True)
@_JSON
@click.pass_context
def recipes(ctx: click.Context, as_json: bool) -> None:
    """The recipes that come with the package; `show` prints one."""
    if ctx.invoked_subcommand is not None:
        return
    from obelics_like.recipe import load_recipe, recipe_names

    found = [load_recipe(name) for name in recipe_names()]
    if as_json:
        show_json([{k: getattr(r, k) for k in ("name", "title", "paper", "scorer", "fingerprint")} for r in found])
    else:
        show_table(
            [("recipe", "scorer", "what it makes"), *((r.name, r.scorer, _title(r.title, r.paper)) for r in found)]
        )


def _title(title: str, paper: str) -> str:
    return f"{title} ({paper})" if paper and paper not in title else title


@recipes.command(name="show")
@click.argument("name")
@_SET
def show_recipe(name: str, settings: tuple[str, ...]) -> None:
    """Print the recipe NAME (or a .toml file) as it runs, flattened and with the settings laid over it."""
    from obelics_like.recipe import load_recipe

    click.echo(load_recipe(name, _settings(settings)).text, nl=False)


class _Models(Commands):
    def meant(self, name: str) -> str | None:
        from obelics_like.models.registry import list_models as entries

        return f"fetch {name}" if name in {entry.name for entry in entries()} else None


@main.group(cls=_Models, invoke_without_command=True)
@click.pass_context
def models(ctx: click.Context) -> None:
    """Models for language identification: list, fetch, path."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_models)


@models.command(name="list")
@_JSON
def list_models(as_json: bool = False) -> None:
    """Each model's name, whether it is here, its size, languages, licence and use."""
    from obelics_like.models.registry import list_models as entries

    found = entries()
    if as_json:
        show_json([vars(entry) | {"present": entry.present} for entry in found])
        return
    rows = [("model", "here", "size", "languages", "licence", "use")]
    for e in found:
        size = f"{e.bytes / 1e6:,.1f} MB" if e.bytes else "?" if e.path is None else _size(e.path)
        rows.append((e.name, "yes" if e.present else "no", size, str(e.languages), e.licence, e.purpose))
    show_table(rows)


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:,.1f} MB"


@models.command()
@click.argument("name")
@click.option("--offline", is_flag=True, help="Open no connection; only say whether it is here.")
def fetch(name: str, offline: bool) -> None:
    """Bring the model NAME here, checked against its sha256, and print where its file lies."""
    from obelics_like.models.registry import fetch as fetch_model

    click.echo(fetch_model(name, offline=offline))


@models.command()
@click.argument("name")
def path(name: str) -> None:
    """Print where the file of the model NAME lies."""
    from obelics_like.models.registry import path as model_path

    click.echo(model_path(name))


@main.command()
@_JSON
def doctor(as_json: bool) -> None:
    """What is installed, what can be loaded, and what to do about what can't; exit code 1 if a build would fail."""
    from obelics_like.doctor import examine

    findings = examine()
    if as_json:
        show_json(findings)
    else:
        for f in findings:
            state = "ok" if f["ok"] else "absent" if f["optional"] else "MISSING"
            click.echo(f"{state:8} {f['name']:34} {f['said']}")
    sys.exit(0 if all(f["ok"] or f["optional"] for f in findings) else 1)
