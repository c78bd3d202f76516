"""The XMP packet of a film: what it says about where the film comes from, and a packet that says so.

ISO 16684-1 for the packet; IPTC Photo Metadata Standard for DigitalSourceType, with its terms at
https://cv.iptc.org/newscodes/digitalsourcetype/.
"""

from __future__ import annotations

import contextlib
import re
from xml.parsers import expat
from xml.sax.saxutils import escape

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's term for a film that a trained model made."""
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

_DEEPEST = 64
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END = '<?xpacket end="w"?>'
_CLOSING = re.compile(r"</([A-Za-z_][\w.-]*):RDF\s*>")


def source_types(packet: bytes) -> tuple[str, ...]:
    """Every DigitalSourceType that a packet states, as an attribute or as an element."""
    return _values(packet, f"{IPTC} DigitalSourceType")


def aigc(packet: bytes) -> tuple[str, ...]:
    """The AIGC statements of a packet, as TC260's guides put them into XMP."""
    return _values(packet, f"{TC260} AIGC")


def with_source_type(packet: bytes | None, source: str) -> bytes:
    """A packet that states where a film comes from: a new one, or the given one with the statement added.

    A packet that states a source type already, and one that is no XMP, come back as they are. `source` is an address.
    """
    statement = (
        f'<rdf:Description xmlns:rdf="{RDF}" rdf:about="" xmlns:Iptc4xmpExt="{IPTC}">'
        f"<Iptc4xmpExt:DigitalSourceType>{escape(source)}</Iptc4xmpExt:DigitalSourceType></rdf:Description>"
    )
    if packet is None:
        body = f'<rdf:RDF xmlns:rdf="{RDF}">{statement}</rdf:RDF>'
        return f'{_BEGIN}<x:xmpmeta xmlns:x="adobe:ns:meta/">{body}</x:xmpmeta>{_END}'.encode()
    if source_types(packet):
        return packet
    text = packet.decode("utf-8", errors="surrogateescape")
    changed = _CLOSING.sub(lambda end: f"{statement}{end[0]}", text, count=1).encode("utf-8", errors="surrogateescape")
    return changed if source in source_types(changed) else packet


def _values(packet: bytes, wanted: str) -> tuple[str, ...]:
    """What a property says wherever it stands: the text, the attribute, or the resource that it points to."""
    found: list[str] = []
    path: list[str] = []
    text: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        path.append(name)
        if len(path) > _DEEPEST:
            raise ValueError("the packet is nested too deeply")
        found.extend(value for key, value in attributes.items() if key == wanted)
        if name == wanted:
            text.clear()
            found.extend(value for key, value in attributes.items() if key == f"{RDF} resource")

    def end(name: str) -> None:
        path.pop()
        if name == wanted and (said := "".join(text).strip()):
            found.append(said)

    def data(piece: str) -> None:
        if wanted in path:
            text.append(piece)

    def refuse(*_: object) -> None:
        raise ValueError("an XMP packet has no document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = data, refuse
    with contextlib.suppress(expat.ExpatError, ValueError):  # what was said before the damage still was said
        # the packet's own padding and a trailing NUL are no part of the document
        parser.Parse(packet.strip(b"\0 \t\r\n"), True)
    return tuple(dict.fromkeys(found))
