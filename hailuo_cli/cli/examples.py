"""What stands below every `--help`: lines that can be run as they stand, in a shell, in this order.

They need no key and cost nothing: where something has to be made, the sandbox makes it.
"""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "hailuo": (
        'hailuo generate "A lighthouse at dusk [Push in]" --provider sandbox',
        "hailuo providers",
        "hailuo jobs list --search lighthouse",
        "hailuo help generate",
    ),
    "hailuo generate": (
        'hailuo generate "A lighthouse at dusk [Push in]" -p sandbox -o lighthouse.mp4',
        'hailuo generate "A red kite" -p sandbox --camera "tilt up" -o "{date}-{prompt}.mp4"',
        'hailuo generate "A paper boat" -p sandbox --takes 2 --name boat -o "{name}.mp4"',
        'hailuo generate "A red kite" -p pixazo -d 10 --max-cost 1 --dry-run',
    ),
    "hailuo submit": (
        'hailuo submit "A lighthouse at dusk" -p sandbox',
        'hailuo submit "A red kite" -p sandbox -o kite.mp4 && hailuo wait @last',
    ),
    "hailuo quote": (
        'hailuo quote "A lighthouse at dusk"',
        'hailuo quote "A red kite" -d 10 --not minimax --json',
    ),
    "hailuo status": ("hailuo status", "hailuo status @last", "hailuo status --json"),
    "hailuo wait": (
        "hailuo wait",
        "hailuo wait \"$(hailuo submit 'A red kite' -p sandbox)\" -o kite.mp4",
        "hailuo wait @last --timeout 10m --no-download",
    ),
    "hailuo download": ("hailuo download @last", "hailuo download @last -o copy.mp4 --force"),
    "hailuo listen": (
        "hailuo listen --url https://hooks.example.com",
        "hailuo listen --url https://hooks.example.com --port 8787 -o 'films/{job}.mp4'",
    ),
    "hailuo mcp": ("hailuo mcp", "hailuo mcp ."),
    "hailuo preview": ("hailuo preview @last", "hailuo preview @last --image frames.png --force"),
    "hailuo open": ("hailuo open @last", "hailuo open @last --print"),
    "hailuo label": ("hailuo label show @last", "hailuo label add @last --force"),
    "hailuo label show": ("hailuo label show @last", "hailuo label show @last --json"),
    "hailuo label add": ("hailuo label add @last -o labelled.mp4 --force",),
    "hailuo cancel": ("hailuo cancel @last || hailuo wait @last",),
    "hailuo providers": (
        "hailuo providers",
        "hailuo providers minimax",
        "hailuo providers --sells 1080P --mode image",
    ),
    "hailuo setup": ("hailuo setup",),
    "hailuo doctor": ("hailuo doctor", "hailuo doctor --json"),
    "hailuo check": (
        'hailuo check "A lighthouse at dusk" -p pixazo -d 10',
        'hailuo check "A red kite" -p minimax -r 1080P --camera "push in + tilt up"',
    ),
    "hailuo camera": ("hailuo camera", "hailuo camera --json"),
    "hailuo batch": (
        "hailuo batch example > clips.toml",
        "hailuo batch plan clips.toml",
        "hailuo batch run clips.toml --yes",
        "hailuo batch report clips.toml -o clips.html",
    ),
    "hailuo batch example": ("hailuo batch example", "hailuo batch example > clips.toml"),
    "hailuo batch plan": (
        "hailuo batch example > clips.toml && hailuo batch plan clips.toml",
        "hailuo batch example > clips.toml && hailuo batch plan clips.toml --only 'boat*' -o clips.plan",
    ),
    "hailuo batch run": (
        "hailuo batch example > clips.toml && hailuo batch run clips.toml --yes",
        "hailuo batch example > clips.toml && hailuo batch run clips.toml --yes --budget 5 --first 1",
    ),
    "hailuo batch status": (
        "hailuo batch status",
        "hailuo batch example > clips.toml && hailuo batch status clips.toml",
    ),
    "hailuo batch report": (
        "hailuo batch example > clips.toml && hailuo batch report clips.toml -o clips.html",
        "hailuo batch example > clips.toml && hailuo batch report clips.toml -o clips.csv",
    ),
    "hailuo batch enqueue": ("hailuo batch enqueue clips.toml --yes --budget 40",),
    "hailuo batch work": ("hailuo batch work --once --output-root films",),
    "hailuo batch schema": ("hailuo batch schema > batch.schema.json",),
    "hailuo jobs": ("hailuo jobs", "hailuo jobs list --state saved", "hailuo jobs show @last"),
    "hailuo jobs list": (
        "hailuo jobs list --search lighthouse",
        "hailuo jobs list --state saved --since 7d --limit 20",
        "hailuo jobs list --provider sandbox --since 2026-11-01 --json",
    ),
    "hailuo jobs show": ("hailuo jobs show @last", "hailuo jobs show @last --json --show-url"),
    "hailuo jobs resolve": ("hailuo jobs list --state unconfirmed", "hailuo jobs resolve --help"),
    "hailuo jobs retry": ("hailuo jobs list --state failed", "hailuo jobs retry --help"),
    "hailuo jobs forget": ("hailuo jobs list --state failed --since 30d", "hailuo jobs forget @last"),
    "hailuo jobs cost": ("hailuo jobs cost", "hailuo jobs cost --by day --since 2026-11-01"),
    "hailuo jobs export": ("hailuo jobs export > jobs.jsonl",),
    "hailuo jobs import": ("hailuo jobs import jobs.jsonl",),
    "hailuo config": (
        "hailuo config show",
        "hailuo config set timeout 20m",
        "hailuo config get timeout",
        "hailuo config unset timeout",
    ),
    "hailuo config init": ("hailuo --config new.toml config init",),
    "hailuo config example": ("hailuo config example",),
    "hailuo config path": ("hailuo config path",),
    "hailuo config show": ("hailuo config show", "hailuo config show --json"),
    "hailuo config get": ("hailuo config set timeout 20m && hailuo config get timeout",),
    "hailuo config set": ("hailuo config set provider sandbox", "hailuo config set max_cost 1.00"),
    "hailuo config unset": ("hailuo config set timeout 20m && hailuo config unset timeout",),
    "hailuo config set-key": ("echo my-key | hailuo config set-key pixazo",),
    "hailuo config edit": ("EDITOR=cat hailuo config edit",),
    "hailuo config schema": ("hailuo config schema > config.schema.json",),
    "hailuo sandbox": ("hailuo sandbox clean", "hailuo sandbox serve --help"),
    "hailuo sandbox serve": ("hailuo sandbox serve", "hailuo sandbox serve --port 8765"),
    "hailuo sandbox clean": ("hailuo sandbox clean",),
    "hailuo completion": ("hailuo completion bash > hailuo.bash", "hailuo completion fish > hailuo.fish"),
    "hailuo skill": ("hailuo skill show",),
    "hailuo skill show": ("hailuo skill show",),
    "hailuo skill install": ("hailuo skill install --into skills",),
    "hailuo help": ("hailuo help", "hailuo help generate", "hailuo help jobs list"),
    "hailuo version": ("hailuo version", "hailuo version --json"),
}
"""By the words that call the command."""

NAME_FILES = ("hailuo generate", "hailuo submit", "hailuo wait", "hailuo download", "hailuo check")
"""The commands whose -o may have fields in it."""

EXIT_CODES: tuple[tuple[str, str], ...] = (
    ("0", "done"),
    ("1", "a bug in hailuo"),
    ("2", "refused before paying, or rejected as malformed; nothing is billed"),
    ("3", "a key is missing or refused"),
    ("4", "money or quota"),
    ("5", "gave up waiting; the job goes on"),
    ("6", "network; nothing is billed by this command"),
    ("7", "an order may have landed and may be billed; never sent again by itself"),
    ("8", "the job failed, was cancelled, or is gone"),
    ("9", "disk"),
    ("10", "refused content"),
    ("11", "the ledger: locked, damaged, or newer"),
    ("12", "an answer or a file failed a safety check"),
    ("20", "batch --exit-code: there is work to do"),
    ("129, 130, 143", "stopped by a signal"),
    ("141", "the reader of stdout went away"),
)
