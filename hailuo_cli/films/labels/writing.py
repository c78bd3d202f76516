"""A labelled copy of a film: the same packets, and two plain statements that a model made it. Needs PyAV.

The statements are what anybody may write into a file: a term in XMP and a key in the metadata. They are not signed,
and nothing here says that a film with them meets a law or a standard.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ...distribution.installation import missing_extra
from ...errors import BadVideo
from . import reading, xmp
from .boxes import boxes

_OF_THE_FILE = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})
"""What libavformat lists as metadata and writes anew by itself."""
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Maker:
    """Who made a film, as far as is known: the seller, and the seller's own reference for the job."""

    seller: str = ""
    ticket: str = ""


@dataclass(frozen=True)
class Labelled:
    """What became of a film: the hash of the bytes that came, that of the copy, what was added and what was kept."""

    source_sha256: str
    sha256: str
    bytes: int
    added: tuple[str, ...]
    kept: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def label(source: Path, target: Path, maker: Maker) -> Labelled:
    """Write a labelled copy of `source` to the new file `target`.

    Labels that are there stay as they are, and what one of them says is not said again. UsageError without PyAV,
    BadVideo where the film is none, or where the copy's packets are not the source's.
    """
    before = reading.read(source)
    statement = None if before.aigc else aigc_statement(maker)
    _remux(source, target, {} if statement is None else {reading.AIGC_KEY: statement})
    with source.open("rb") as file, target.open("r+b") as copy:
        _carry_over(file, copy)
    if _packets(source) != _packets(target):
        raise BadVideo(f"{source} cannot be copied packet by packet")
    after = reading.read(target)
    return Labelled(
        source_sha256=_sha256(source),
        sha256=_sha256(target),
        bytes=target.stat().st_size,
        added=tuple(sorted(_names(after) - _names(before))),
        kept=tuple(sorted(_names(before))),
        warnings=tuple(_warnings(before, after)),
    )


def aigc_statement(maker: Maker) -> str:
    """The value of the AIGC key: generated, by whom, under which number. The reserved fields stay empty."""
    fields = {
        "Label": "1",
        "ContentProducer": maker.seller,
        "ProduceID": maker.ticket,
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _names(labels: reading.Labels) -> set[str]:
    there = {
        "C2PA manifest": labels.c2pa is not None,
        "XMP digital source type": bool(labels.source_types),
        "AIGC key": bool(labels.aigc),
    }
    return {name for name, is_there in there.items() if is_there}


def _warnings(before: reading.Labels, after: reading.Labels) -> Iterator[str]:
    if before.c2pa:
        yield "its C2PA manifest is carried over, but was signed for the bytes that came: a checker will find the copy changed"
    if not after.source_types:
        yield "its XMP packet could not take the source type, and is carried over as it was"


def _remux(source: Path, target: Path, added: Mapping[str, str]) -> None:
    """Copy every packet into a new MP4, with the old metadata and some more."""
    try:
        import av
        from av.error import FFmpegError
    except ImportError as error:
        raise missing_extra("films", "--label needs the extra hailuo[films]") from error
    # without use_metadata_tags, keys that iTunes does not know are dropped in silence
    options = {"movflags": "+faststart+use_metadata_tags"}
    try:
        with (
            source.open("rb") as file,
            av.open(file, "r") as film,
            av.open(str(target), "w", format="mp4", options=options) as copy,
        ):
            streams: dict[Any, Any] = {}
            for stream in film.streams:
                if stream.type in ("video", "audio", "subtitle"):
                    streams[stream] = copy.add_stream_from_template(stream)
                    streams[stream].metadata.update(stream.metadata)
            kept = {name: text for name, text in film.metadata.items() if name not in _OF_THE_FILE}
            copy.metadata.update({**kept, **added})
            for packet in film.demux(list(streams)):
                if packet.dts is not None:  # the empty one at the end
                    packet.stream = streams[packet.stream]
                    copy.mux(packet)
    except FFmpegError as error:
        raise BadVideo(f"{source} cannot be copied: {error}") from error


def _carry_over(source: BinaryIO, copy: BinaryIO) -> None:
    """Put what libavformat does not know behind the copy's last box: manifests, and XMP with the source type in it."""
    top = list(boxes(source))
    packets = [packet for packet, _ in reading.xmp_packets(source, top)]
    if not any(xmp.source_types(packet) for packet in packets):
        packets[:1] = [xmp.with_source_type(packets[0] if packets else None, xmp.TRAINED)]
    copy.seek(0, 2)
    copy.writelines(box.whole(source) for box in reading.c2pa_boxes(source, top))
    copy.writelines((24 + len(packet)).to_bytes(4, "big") + b"uuid" + reading.XMP_UUID + packet for packet in packets)


def _packets(path: Path) -> list[tuple[str, int, str]]:
    """For each stream its codec, how many packets it has, and a hash of their contents and times in seconds."""
    import av

    found = []
    with path.open("rb") as file, av.open(file, "r") as film:
        prints = {
            stream.index: hashlib.sha256() for stream in film.streams if stream.type in ("video", "audio", "subtitle")
        }
        counts = dict.fromkeys(prints, 0)
        for packet in film.demux([film.streams[index] for index in prints]):
            if packet.dts is None:
                continue
            index = packet.stream.index
            counts[index] += 1
            moment = packet.pts * packet.time_base if packet.pts is not None else None
            prints[index].update(f"{moment} {packet.size} ".encode())
            prints[index].update(memoryview(packet))
        for index, digest in prints.items():
            found.append((film.streams[index].codec_context.name, counts[index], digest.hexdigest()))
    return found


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
