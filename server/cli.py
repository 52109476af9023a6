"""The command line. Everything heavy is imported inside the command that needs it, so that --help is quick."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from server.settings import Settings

# click's decorators are typed in parts only.
# pyright: reportUnknownMemberType=false


def _settings(data: Path | None = None, port: int | None = None) -> "Settings":
    from server.settings import WrongSetting, read

    try:
        return read(data=data, port=port)
    except WrongSetting as error:
        click.echo(str(error), err=True)
        sys.exit(2)


def _found(settings: "Settings") -> "Settings":
    """Settings with a database: the one set, else the one embedded in the data folder if it runs."""
    if settings.database is not None:
        return settings
    from msgspec.structs import replace

    from server.db_where import Where
    from server.postgres import DATABASE, socket_of

    socket = socket_of(settings.data)
    if (socket / ".s.PGSQL.5432").exists():
        return replace(settings, database=Where(host=str(socket), port=5432, database=DATABASE))
    return settings


def _run(act: Callable[..., int], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they are
    """Run a command's function; what it raises on purpose is one line and exit code 2."""
    try:
        code = act(*args, **kwargs)
    except Exception as error:
        if type(error).__name__ in {"WrongSetting", "CannotStart", "Drift", "AssetsNotBuilt", "CannotUseKeys"}:
            click.echo(str(error), err=True)
            sys.exit(2)
        raise
    sys.exit(code)


_SECTIONS: Final = {
    "Run it": ("demo", "serve", "work", "watch"),
    "Set it up": ("doctor", "migrate", "keys", "vendors", "assets", "openapi"),
    "Readings": ("import", "decode"),
    "Rules": ("rules", "judge", "simulate", "evaluate"),
    "Check it": ("audit", "consent", "bench"),
}
"""How `steady --help` groups its commands; one that is not named here stands last, under More."""


class Sections(click.Group):
    """The commands in sections, each with its whole first sentence."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        named = {name for names in _SECTIONS.values() for name in names}
        more = tuple(name for name in self.list_commands(ctx) if name not in named)
        for title, names in {**_SECTIONS, "More": more}.items():
            rows = [(name, found.get_short_help_str(200)) for name in names
                    if (found := self.get_command(ctx, name)) is not None and not found.hidden]  # fmt: skip
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


@click.group(cls=Sections, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option("0.1.0", prog_name="steady")
def main() -> None:
    """Steady: readings in, deterioration noticed, a nurse acts. Not a medical device."""


@main.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=None, help="Where to listen (8080).")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="The folder that holds everything.")
@click.option("--people", type=click.IntRange(5, 5_000), default=220, show_default=True, help="How many simulated people.")
@click.option("--days", type=click.IntRange(7, 365), default=90, show_default=True, help="How much history.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed makes the same people.")
@click.option("--fresh", is_flag=True, help="Forget the demo's data and start over.")
@click.option("--no-browser", is_flag=True, help="Do not open the browser.")
@click.option("--ready-file", type=click.Path(path_type=Path), default=None, help="Write links and sign-ins here once ready.")
def demo(**given: Any) -> None:  # noqa: ANN401 - click's options
    """A living clinic on this machine: database, 220 simulated people, 90 days, worker and pages, with one command."""
    from server.demo import main as run

    settings = _settings(given.pop("data"), given.pop("port"))
    _run(run, settings, browser=not given.pop("no_browser"), **given)


@main.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=None, help="Where to listen.")
@click.option("--fd", type=int, default=None, hidden=True)
def serve(port: int | None, fd: int | None) -> None:
    """The API, the pages and the live view."""
    from server.serve import main as run

    _run(run, _found(_settings(port=port)), fd)


@main.command()
def work() -> None:
    """What is due, what must be told, partitions ahead."""
    from server.worker import main as run

    _run(run, _found(_settings()))


@main.command()
@click.option("--once", is_flag=True, help="Look once and say what is wrong.")
def watch(*, once: bool) -> None:
    """Whether every duty is alive."""
    from server.watchdog import main as run

    _run(run, _found(_settings()), once=once)


@main.command()
@click.option("--cohort", type=click.Choice(["hf", "copd", "asthma", "diabetes", "ckd", "mixed"]), default="mixed", show_default=True,
              help="Who: one condition, or the mix of a service.")  # fmt: skip
@click.option("--people", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many people.")
@click.option("--days", type=click.IntRange(1, 3_660), default=365, show_default=True, help="How long they are watched.")
@click.option("--seed", type=click.IntRange(1, 1_000_000), default=1, show_default=True,
              help="The same seed gives the same bytes. 1 to 99 are for tuning, all others for scoring.")  # fmt: skip
@click.option("--noise", type=click.IntRange(1, 3), default=2, show_default=True, help="1 careful people, 2 usual ones, 3 a rough crowd.")
@click.option("--starts-on", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The first day (2025-01-06).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=None,
              help="Where to; .csv writes CSV, anything else JSON lines. Without it, JSON lines on the screen.")  # fmt: skip
@click.option("--json", "json", is_flag=True, help="Only the summary, for scripts.")
def simulate(**given: Any) -> None:  # noqa: ANN401 - click's options
    """People who never lived, with readings, gaps, mistakes and the events that are to be found."""
    from server.simulation.command import main as run

    starts = given.pop("starts_on")
    _run(run, starts_on=None if starts is None else starts.date(), **given)


@main.command()
@click.argument("what", type=click.Choice(["rules", "crisis"]), default="rules")
@click.option("--cohort", type=click.Choice(["all", "hf", "copd", "asthma", "mixed"]), default="all", show_default=True, help="On whom.")
@click.option("--people", type=click.IntRange(1, 20_000), default=150, show_default=True, help="How many people a seed and level of noise.")
@click.option("--days", type=click.IntRange(30, 3_660), default=365, show_default=True, help="How long they are watched.")
@click.option("--seeds", default="101,102", show_default=True, help="Which people; 1 to 99 were used for tuning.")
@click.option("--noise", default="1,2,3", show_default=True, help="Levels of noise.")
@click.option("--panel", type=click.IntRange(1, 20_000), default=1000, show_default=True, help="People of the mixed panel.")
@click.option("--panel-days", type=click.IntRange(30, 3_660), default=180, show_default=True, help="How long the panel is watched.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="On so many cores.")
@click.option("--json", "json", default=None, help="Write every figure here; - prints it instead of the table.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Write the lead-time picture here.")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Write the page of the docs here.")
@click.option("--cohort-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=None,
              help="Somebody else's people, JSON lines or CSV (deploy/docs/cohort-files.md).")  # fmt: skip
@click.option("--events-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=None, help="And what happened to them.")
def evaluate(**given: Any) -> None:  # noqa: ANN401 - click's options
    """How early, how often and how wrong: our engine next to the published detectors, on people with known events.

    `crisis` prints what the check for words of crisis in peer groups misses and holds, on its fixed corpus.
    """
    if given.pop("what") == "crisis":
        from server.groups.evaluate import main as words_of_crisis

        _run(words_of_crisis, as_json=given["json"] is not None)
        return
    from server.evaluation.command import Asked
    from server.evaluation.command import main as run

    if given["events_file"] is not None and given["cohort_file"] is None:
        raise click.UsageError("--events-file says what happened to the people of --cohort-file: name that too.")
    seeds, noise = (_numbers(given.pop(name), f"--{name}") for name in ("seeds", "noise"))
    if not set(noise) <= {1, 2, 3}:
        raise click.UsageError("--noise: levels are 1, 2 and 3.")
    _run(run, Asked(**given, seeds=seeds, noise=noise, command=" ".join(["steady", *sys.argv[1:]])))


@main.command()
@click.argument("file", default="-")
@click.option("--schema", is_flag=True, help="Print the shape of a history, and of the answer, as JSON Schema.")
def judge(file: str, *, schema: bool) -> None:
    """Every judgement of one patient's history: FILE or - for JSON in, JSON out, no database needed."""
    from server.judging import main as run

    _run(run, file, schema=schema)


def _numbers(text: str, name: str) -> tuple[int, ...]:
    try:
        found = tuple(dict.fromkeys(int(one) for one in text.split(",")))
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        raise click.UsageError(f"{name}: whole numbers from 1 on with commas between them, such as 101,102.")
    return found


@main.command()
@click.option("--superuser", default="postgres", show_default=True, help="Who may make roles and the database.")
def migrate(superuser: str) -> None:
    """Make roles and database, and bring the schema to this release."""
    from server.doctor import migrate as run

    _run(run, _found(_settings()), superuser)


@main.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--patient", required=True, help="Whose readings: id or NHS number.")
@click.option("--again", is_flag=True, help="Read this person's kept files again and say what would change.")
@click.option("--commit", is_flag=True, help="With --again: change it.")
@click.option("--dry-run", is_flag=True, help="Say what is in the file; store nothing.")
@click.option("--replay", is_flag=True, help="Move the chosen stretch so that it ends now, each sample as at its own time.")
@click.option("--from", "from_", default=None, help="Where the stretch begins, as the file writes time.")
@click.option("--until", default=None, help="Where it ends.")
@click.option("--json", "json", is_flag=True, help="For scripts.")
def import_(file: Path | None, patient: str, *, again: bool, commit: bool, json: bool, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Read a device's export through the same door as everything else."""
    from server import importing

    if again:
        _run(importing.again, _settings(), patient, commit=commit, json=json)
    elif file is None:
        raise click.UsageError("Name the FILE to read, or say --again.")
    else:
        _run(importing.main, _settings(), file, patient, json=json, **given)


@main.command()
@click.argument("what", metavar="FILE|CHARACTERISTIC")
@click.argument("octets", required=False)
@click.option("--format", "form", default=None, help="What FILE (or - for standard input) is, such as fhir; prints its drafts and problems.")
def decode(what: str, octets: str | None, form: str | None) -> None:
    """What a file says, with --format; or a Bluetooth value: CHARACTERISTIC such as 2A35, OCTETS in hexadecimal, first octet first."""
    from server import decoding

    if form is not None and octets is None:
        _run(decoding.file, form, what)
    elif form is None and octets is not None:
        _run(decoding.main, what, octets)
    else:
        raise click.UsageError("--format FORMAT FILE, or CHARACTERISTIC and OCTETS.")


@main.command()
@click.argument("action", type=click.Choice(["show", "make", "rotate"]), default="show")
def keys(action: str) -> None:
    """The keys that sign our tokens: show, make, rotate."""
    from server.keys import main as run

    _run(run, _settings(), action)


@main.command()
@click.option("--json", "json", is_flag=True, help="For scripts.")
def doctor(*, json: bool) -> None:
    """What is set up, what is not, and what to type."""
    from server.doctor import main as run

    _run(run, _found(_settings()), json=json)


@main.command()
def assets() -> None:
    """Make the styles and scripts of the pages."""
    from server.assets import build

    def run() -> int:
        click.echo(f"ready in {build().name}")
        return 0

    _run(run)


@main.group(invoke_without_command=True)
@click.pass_context
def vendors(context: click.Context) -> None:
    """Device vendors: their clients and public keys, and whose their devices are. Without a command: all of them."""
    if context.invoked_subcommand is None:
        from server.vendors import show as run

        _run(run, _found(_settings()))


@vendors.command("add")
@click.argument("vendor")
@click.option("--name", default=None, help="What people call it.")
@click.option("--key", type=click.Path(path_type=Path), default=None, help="The vendor's public key: a JWK, or PEM.")
@click.option("--make-key", type=click.Path(path_type=Path), default=None, help="Make a key pair here; the private key goes into this file.")
def add_vendor(**given: Any) -> None:  # noqa: ANN401 - click's options
    """Register a client of VENDOR with its public key; prints what its engineer needs."""
    from server.vendors import add as run

    _run(run, _found(_settings()), **given)


@vendors.command("key")
@click.argument("client")
@click.argument("file", type=click.Path(path_type=Path))
def vendor_key(client: str, file: Path) -> None:
    """Register one more public key (JWK or PEM) of CLIENT."""
    from server.vendors import add_key as run

    _run(run, _found(_settings()), client, file)


@vendors.command("device")
@click.argument("vendor")
@click.argument("serial")
@click.option("--patient", required=True, help="Whose it is from now on: id or NHS number.")
@click.option("--model", default="", help="What it is.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d"]), default=None, help="Since when (UTC), if not now.")
def vendor_device(**given: Any) -> None:  # noqa: ANN401 - click's options
    """Say whose the device SERIAL of VENDOR is; what it measured before stays with whoever had it."""
    from server.vendors import assign as run

    _run(run, _found(_settings()), **given)


@vendors.command("door")
@click.argument("client")
@click.option("--format", "form", required=True, help="What comes in: standard_webhooks, withings, terra ...")
@click.option("--secrets", type=click.Path(path_type=Path), default=None, help="JSON: signing, verify, client_id, client_secret.")
@click.option("--base", default="", help="Where its API is, if not the vendor's usual house.")
def vendor_door(**given: Any) -> None:  # noqa: ANN401 - click's options
    """Open an address for CLIENT's machine; prints it once."""
    from server.vendors import door as run

    _run(run, _found(_settings()), **given)


@vendors.command("system")
@click.argument("client")
@click.argument("url")
@click.option("--name", required=True, help="What patients see when they choose it.")
def vendor_system(**given: Any) -> None:  # noqa: ANN401 - click's options
    """Register CLIENT as a system that patients may choose; it is told at URL. Prints the signing secret once."""
    from server.vendors import system as run

    _run(run, _found(_settings()), **given)


@vendors.command("account")
@click.argument("door_id", metavar="DOOR")
@click.argument("name", metavar="ACCOUNT")
@click.option("--patient", required=True, help="Whose it is: id or NHS number.")
@click.option("--tokens", type=click.Path(path_type=Path), default=None, help="JSON: access, refresh, expires_in_s.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d"]), default=None, help="Since when (UTC), if not now.")
def vendor_account(**given: Any) -> None:  # noqa: ANN401 - click's options
    """Say whose ACCOUNT at DOOR's vendor is; its readings are fetched with the tokens."""
    from server.vendors import account as run

    _run(run, _found(_settings()), **given)


@vendors.command("end")
@click.argument("client")
def end_vendor(client: str) -> None:
    """End CLIENT: it gets no token, and what it holds counts no longer."""
    from server.vendors import end as run

    _run(run, _found(_settings()), client)


@main.group(invoke_without_command=True)
@click.option("--json", is_flag=True, help="As JSON.")
@click.pass_context
def rules(context: click.Context, *, json: bool) -> None:
    """Every rule in force: for whom, what it looks at, its limits, its source; `rules try`: what another limit would do."""
    if context.invoked_subcommand is not None:
        return
    from server.rules.book import main as run

    _run(run, json=json)


@main.command()
@click.option("--file", type=click.Path(path_type=Path), default=None, help="Write it here.")
def openapi(file: Path | None) -> None:
    """The description of the API."""
    from server.openapi import main as run

    _run(run, _settings(), file)


@main.group()
def audit() -> None:
    """The record of who looked."""


@audit.command()
@click.option("--json", "json", is_flag=True, help="For scripts.")
def verify(*, json: bool) -> None:
    """Walk every chain; name the first row that was changed, removed, moved or cut off."""
    from server.audit.verify import main as run

    _run(run, _found(_settings()), json=json)


@main.group()
def consent() -> None:
    """What patients decided."""


@consent.command("verify")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
def consent_verify(file: Path | None) -> None:
    """Say whether a patient's receipt is genuine; without a file walk every decision of the database."""
    from server.consent.command import main as run

    _run(run, _found(_settings()), file)


@rules.command("try")
@click.option("--as", "email", required=True, help="The lead in whose name it is tried (e-mail): it reads what she may see.")
@click.option("--team", default=None, help="Whose caseload (name); needed only when she belongs to several.")
@click.option("--limit", "limits", multiple=True,
              help="KEY=VALUE, such as HF-W1.gain_kg=1.5 or 'DM-1.low=3.5 mmol/L'; VALUE 'built-in' takes it back.")
@click.option("--rule", "modes", multiple=True, help="RULE=shadow or RULE=active.")
@click.option("--days", type=click.IntRange(7, 90), default=90, show_default=True, help="How far back.")
@click.option("--json", "json", is_flag=True, help="For scripts.")
def try_(**given: Any) -> None:  # noqa: ANN401 - click's options
    """What other limits would have changed: flags a week, nurse minutes, deteriorations missed. Changes nothing."""
    from server.rules.command import main as run

    _run(run, _found(_settings()), **given)


@rules.command("work", hidden=True)
@click.argument("run_id")
def rules_work(run_id: str) -> None:
    """One trial, for the worker."""
    from server.rules.command import work as run

    _run(run, _found(_settings()), run_id)


@main.group()
def bench() -> None:
    """Measure this machine: our server against a bare floor, in one run."""


@bench.command()
@click.argument("names", nargs=-1)
@click.option("--seconds", type=click.FloatRange(0.5, 60), default=1.0, show_default=True, help="How long each round runs.")
@click.option("--rounds", type=click.IntRange(1, 50), default=5, show_default=True, help="Turns of floor and ours in each shape.")
@click.option("--json", "json", is_flag=True, help="For scripts.")
def ingest(names: tuple[str, ...], seconds: float, rounds: int, *, json: bool) -> None:
    """Readings a second, latencies, CPU, memory and bytes on disk, with ratios to the floor."""
    from server.bench import main as run

    _run(run, _settings(), names, json=json, seconds=seconds, rounds=rounds)


@bench.command("queue")
@click.option("--rows", type=click.IntRange(1, 1_000), default=200, show_default=True, help="How many people need the nurse.")
@click.option("--looks", type=click.IntRange(5, 2_000), default=100, show_default=True, help="How often she loads the page.")
@click.option("--json", "json", is_flag=True, help="For scripts.")
def bench_queue(rows: int, looks: int, *, json: bool) -> None:
    """Milliseconds until the nurse's page is there, cold and when nothing or one reading is new."""
    from server.bench_queue import main as run

    _run(run, _settings(), rows, looks, json=json)


@bench.command("notices")
@click.option("--reds", type=click.IntRange(5, 1_000), default=60, show_default=True, help="How many reds in each load.")
@click.option("--rate", type=click.FloatRange(0.1, 20), default=1.0, show_default=True, help="How many a second when it is quiet.")
@click.option("--json", "json", is_flag=True, help="For scripts.")
def bench_notices(reds: int, rate: float, *, json: bool) -> None:
    """Seconds from the commit of a red to the mail server, quiet and in a burst of ten times as many beside ordinary readings."""
    from server.bench_notices import main as run

    _run(run, _settings(), reds, rate, json=json)


@bench.command("judge")
@click.option("--people", type=click.IntRange(1, 200), default=2, show_default=True, help="People of each condition.")
@click.option("--days", type=click.IntRange(1, 365), default=90, show_default=True, help="Days of six readings each.")
@click.option("--json", "json", is_flag=True, help="For scripts.")
def bench_judge(people: int, days: int, *, json: bool) -> None:
    """Microseconds a reading that believing, judging and settling cost, without a database."""
    from server.bench_judge import main as run

    _run(run, people, days, json=json)


@bench.command("adapters")
@click.option("--json", "json", is_flag=True, help="For scripts.")
def bench_adapters(*, json: bool) -> None:
    """Microseconds that decoding one reading costs, beside the library that one would otherwise use; 1 if less than 20 times faster."""
    from server.bench_adapters import main as run

    _run(run, _settings(), json=json)


if __name__ == "__main__":
    main()
