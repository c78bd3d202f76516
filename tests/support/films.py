"""Small films with known pictures, sound and labels, made with PyAV and by hand."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from PIL import Image

C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")

COLOURS = ("red", "lime", "blue", "yellow", "white")


def box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def manifest(text: bytes = b"trainedAlgorithmicMedia") -> bytes:
    """A uuid box as C2PA puts it into an MP4, with something like a manifest in it."""
    return box(b"uuid", C2PA + bytes(4) + b"manifest\0" + bytes(8) + box(b"jumb", b"jumd" + text))


def packet(*properties: str) -> bytes:
    """An XMP packet whose description has these attributes."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        ' xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'{" ".join(properties)}/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def film(
    path: Path,
    *,
    size: tuple[int, int] = (64, 36),
    seconds: int = 5,
    fps: int = 8,
    sound: bool = False,
    metadata: dict[str, str] | None = None,
    behind: bytes = b"",
) -> Path:
    """A film of five plain colours, one after another, in B-frames; `behind` comes after its last box."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "use_metadata_tags"}) as file:
        file.metadata.update(metadata or {})
        video: Any = file.add_stream("libx264", fps, {"bf": "2", "g": str(fps)})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        audio: Any = file.add_stream("aac", 8000) if sound else None
        total = seconds * fps
        for number in range(total):
            image = Image.new("RGB", size, COLOURS[number * len(COLOURS) // total])
            frame: Any = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            frame.pts = number
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        if audio:
            for start in range(0, 8000 * seconds, 1024):
                samples = av.AudioFrame("fltp", "mono", 1024)
                samples.planes[0].update(array("f", (math.sin((start + n) / 20) for n in range(1024))).tobytes())
                samples.sample_rate, samples.pts, samples.time_base = 8000, start, Fraction(1, 8000)
                file.mux(audio.encode(samples))
            file.mux(audio.encode(None))
    with path.open("ab") as file_:
        file_.write(behind)
    return path
