"""The options that commands share, declared once: a dataclass of annotated fields is a group of options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import typer

from . import complete

Never = Annotated[
    str | None, typer.Option("--not", metavar="a,b", help="Who is never chosen.", autocompletion=complete.names)
]


@dataclass(frozen=True)
class RowOptions:
    """What to make, and at which provider, but for the words."""

    heading: ClassVar[str] = "What to make"
    image: Annotated[
        str | None,
        typer.Option("--image", "-i", metavar="PATH|URL|-", help="The start frame.", autocompletion=complete.files),
    ] = None
    last_image: Annotated[
        str | None, typer.Option(metavar="PATH|URL", help="The last frame, where sold.", autocompletion=complete.files)
    ] = None
    fit: Annotated[
        Literal["crop", "pad", "scale"] | None,
        typer.Option(metavar="WAY", help="Make the images keep the rules: crop, pad or scale."),
    ] = None
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider",
            "-p",
            metavar="NAME",
            help="Who makes it: a name, a,b,c, cheapest or fastest.",
            autocompletion=complete.sellers,
        ),
    ] = None
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="ID",
            help="A model id, or hailuo-2.3, hailuo-2.3-fast, hailuo-3 (h3), …",
            autocompletion=complete.models,
        ),
    ] = None
    duration: Annotated[
        int | None,
        typer.Option("--duration", "-d", metavar="SECONDS", help="6 or 10 for Hailuo 2.3, 4 to 15 for H3."),
    ] = None
    resolution: Annotated[
        str | None,
        typer.Option(
            "--resolution",
            "-r",
            metavar="768P",
            help="768P or 1080P for Hailuo 2.3, 768P or 2K for H3.",
            autocompletion=complete.resolutions,
        ),
    ] = None
    camera: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MOVES", help='"push in + tilt up"; again for what follows.', autocompletion=complete.moves
        ),
    ] = None
    prompt_optimizer: Annotated[
        bool | None,
        typer.Option("--prompt-optimizer/--no-prompt-optimizer", help="Let the provider rewrite the prompt."),
    ] = None
    fast_pretreatment: Annotated[
        bool | None, typer.Option("--fast-pretreatment/--no-fast-pretreatment", help="Rewrite the prompt in less time.")
    ] = None
    watermark: Annotated[bool | None, typer.Option("--watermark/--no-watermark", help="Mark the video as AI-made.")] = (
        None
    )
    webhook: Annotated[str | None, typer.Option(metavar="URL", help="Where the provider reports progress.")] = None
    param: Annotated[
        list[str] | None, typer.Option(metavar="KEY=JSON", help="A raw field of the provider (repeatable).")
    ] = None


@dataclass(frozen=True, kw_only=True)
class RequestOptions(RowOptions):
    """What to make, and at which provider."""

    only: Annotated[
        str | None, typer.Option(metavar="a,b", help="Among whom to choose.", autocompletion=complete.names)
    ] = None
    never: Never = None
    prompt: Annotated[
        str,
        typer.Argument(
            metavar="PROMPT",
            help="Text in quotes, @FILE, or - for stdin.",
            show_default=False,
            autocompletion=complete.prompts,
        ),
    ]


AssumePrice = Annotated[
    str | None, typer.Option(metavar="USD", help="What an order of unknown price counts under a limit.")
]


@dataclass(frozen=True)
class OrderOptions:
    """How to pay."""

    heading: ClassVar[str] = "How to pay"
    dedupe_key: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Your name for this job: ordered once, however often asked.")
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the request as it would go out; send nothing.")] = (
        False
    )
    max_cost: Annotated[
        float | None, typer.Option(metavar="USD", help="Refuse what costs more, or has no known price.")
    ] = None
    budget: Annotated[str | None, typer.Option(metavar="USD", help="Refuse takes that together cost more.")] = None
    assume_price: AssumePrice = None
    fallback: Annotated[
        Literal["none", "refused", "failed"] | None,
        typer.Option(metavar="WHEN", help="Ask the next seller where nothing was bought: none, refused or failed."),
    ] = None
    again: Annotated[
        bool, typer.Option("--again", help="Order another one, also where an earlier job would be gone on with.")
    ] = False
    despite_unconfirmed: Annotated[
        bool, typer.Option("--despite-unconfirmed", help="Order although an earlier order may have been taken.")
    ] = False
    takes: Annotated[int, typer.Option(metavar="N", help="Order it so many times.", min=1, max=100)] = 1
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="What you call it; {name} in -o.")] = None
    yes: Annotated[bool, typer.Option("--yes", help="Answer questions about spending with yes.")] = False


ListenAddress = Annotated[
    str | None,
    typer.Option(
        metavar="URL[:PORT]",
        help="Let the provider call this public https address, which leads to PORT here (8787).",
    ),
]


@dataclass(frozen=True)
class WaitOptions:
    """How long to wait."""

    heading: ClassVar[str] = "How long to wait"
    timeout: Annotated[str | None, typer.Option(metavar="DURATION", help="Give up after 90, 10m, 1h30m (30m).")] = None
    poll_interval: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Between looks; never below the provider's own.")
    ] = None
    listen: ListenAddress = None


@dataclass(frozen=True)
class SaveOptions:
    """Where to put the video."""

    heading: ClassVar[str] = "Where to put the video"
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File, folder/, - for stdout, or a name with {job} {prompt} …",
            autocompletion=complete.files,
        ),
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False
    max_size: Annotated[str | None, typer.Option(metavar="BYTES", help="Refuse a larger video: 500M, 4G (4G).")] = None


@dataclass(frozen=True)
class AfterOptions:
    """What happens once a video is saved. None: as the profile says."""

    heading: ClassVar[str] = "Once a video is saved"
    notify: Annotated[
        bool | None, typer.Option("--notify/--no-notify", help="Tell the desktop, or the terminal, when it is done.")
    ] = None
    on_saved: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="Run this for each saved video, with {path} {job} {prompt} …")
    ] = None
    write_info_json: Annotated[
        bool | None,
        typer.Option("--write-info-json/--no-write-info-json", help="Describe the video in NAME.info.json beside it."),
    ] = None
    label: Annotated[bool | None, typer.Option("--label/--no-label", help="Say in the file that a model made it.")] = (
        None
    )


JobArguments = Annotated[
    list[str],
    typer.Argument(
        metavar="JOB...",
        help="PROVIDER:TICKET, a ledger id, key:K, or @last.",
        autocompletion=complete.jobs,
        show_default=False,
    ),
]
UnfinishedJobs = Annotated[
    list[str],
    typer.Argument(
        metavar="JOB...",
        help="PROVIDER:TICKET, a ledger id, key:K, or @last.",
        autocompletion=complete.unfinished_jobs,
        show_default=False,
    ),
]
OptionalUnfinishedJobs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[JOB]...",
        help="PROVIDER:TICKET, a ledger id, key:K or @last; every unfinished job where none is named.",
        autocompletion=complete.unfinished_jobs,
        show_default=False,
    ),
]
OptionalJobs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[JOB]...",
        help="PROVIDER:TICKET, a ledger id, key:K or @last; every unfinished job where none is named.",
        autocompletion=complete.jobs,
        show_default=False,
    ),
]
EveryoneOption = Annotated[
    bool, typer.Option("--all", help="On a shared ledger: everyone's jobs, not those of this machine and user.")
]
JobArgument = Annotated[
    str,
    typer.Argument(metavar="JOB", help="PROVIDER:TICKET, a ledger id, key:K, or @last.", autocompletion=complete.jobs),
]
