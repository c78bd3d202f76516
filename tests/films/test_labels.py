"""Labels of films: read from files made by other means, and added to copies that are looked at by other means."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_cli.errors import BadVideo, UsageError
from hailuo_cli.films.labels import reading, writing, xmp

from ..support.films import XMP, box, film, manifest, packet

AIGC = '{"Label":"1","ContentProducer":"001191110000","ProduceID":"x-1","ReservedCode1":""}'
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CAMERA = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
MAKER = writing.Maker("pixazo", "minimax-1")


def xmp_box(content: bytes) -> bytes:
    return box(b"uuid", XMP + content)


def frames(path: Path) -> list[bytes]:
    """Every decoded picture, and every piece of sound, with its time."""
    with av.open(str(path)) as file:
        decoded: Any = file.decode()
        return [repr(frame.time).encode() + b"".join(bytes(plane) for plane in frame.planes) for frame in decoded]


def test_a_film_without_labels_has_none(tmp_path: Path) -> None:
    labels = reading.read(film(tmp_path / "a.mp4"))
    assert (labels.c2pa, labels.source_types, labels.aigc, labels.has_xmp) == (None, (), (), False)
    assert not labels.says_generated


def test_every_kind_of_label_is_listed(tmp_path: Path) -> None:
    behind = manifest() + xmp_box(packet(f'Iptc4xmpExt:DigitalSourceType="{TRAINED}"'))
    path = film(tmp_path / "a.mp4", metadata={"AIGC": AIGC, "comment": "made for a test"}, behind=behind)
    labels = reading.read(path)
    assert labels.c2pa
    assert labels.c2pa.says_generated
    assert labels.source_types == (TRAINED,)
    assert labels.aigc == (AIGC,)
    assert labels.metadata["comment"] == "made for a test"
    assert labels.says_generated


def test_itunes_tags_are_read(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w", format="mp4") as file:
        file.metadata.update({"title": "A bay at dusk", "comment": "hello"})
        stream: Any = file.add_stream("libx264", 8)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        file.mux(stream.encode(av.VideoFrame(64, 36, "yuv420p")))
        file.mux(stream.encode(None))
    metadata = reading.read(tmp_path / "a.mp4").metadata
    assert {"A bay at dusk", "hello"} <= set(metadata.values())


@pytest.mark.parametrize(
    "said",
    [
        f'<rdf:Description xmlns:i="{xmp.IPTC}"><i:DigitalSourceType>{TRAINED}</i:DigitalSourceType></rdf:Description>',
        f'<rdf:Description xmlns:i="{xmp.IPTC}" i:DigitalSourceType="{TRAINED}"/>',
        f'<rdf:Description xmlns:i="{xmp.IPTC}"><i:DigitalSourceType rdf:resource="{TRAINED}"/></rdf:Description>',
    ],
)
def test_a_source_type_is_read_in_every_form_of_rdf(said: str) -> None:
    assert xmp.source_types(f'<rdf:RDF xmlns:rdf="{xmp.RDF}">{said}</rdf:RDF>'.encode()) == (TRAINED,)


def test_a_source_type_of_another_namespace_is_none() -> None:
    text = f'<rdf:RDF xmlns:rdf="{xmp.RDF}"><rdf:Description xmlns:i="http://x/" i:DigitalSourceType="y"/></rdf:RDF>'
    assert xmp.source_types(text.encode()) == ()


def test_the_aigc_statement_is_read_from_xmp_too() -> None:
    assert xmp.aigc(packet('TC260:AIGC=\'{"Label":"1"}\'')) == ('{"Label":"1"}',)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 50,
        b"<",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"<a>" * 5000,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_packet_says_nothing(content: bytes) -> None:
    assert xmp.source_types(content) == ()
    assert xmp.with_source_type(content, TRAINED) == content


@given(st.binary(max_size=300))
def test_no_bytes_trouble_the_reader_of_packets(content: bytes) -> None:
    xmp.source_types(content)
    xmp.with_source_type(content, TRAINED)


@pytest.mark.parametrize("cut", [0, 7, 40, 200, -10])
def test_a_film_that_is_cut_off_is_none(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(film(tmp_path / "whole.mp4").read_bytes()[:cut])
    with pytest.raises(BadVideo):
        reading.read(path)


def test_a_film_that_is_not_there_is_a_wrong_word(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a film"):
        reading.read(tmp_path / "nothing.mp4")


@given(data=st.data())
def test_no_damage_to_the_metadata_is_more_than_a_bad_video(data: st.DataObject, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.mp4"
    original = path.with_name("original.mp4")
    if not original.exists():
        film(original, seconds=1, metadata={"AIGC": AIGC}, behind=manifest() + xmp_box(packet()))
    content = bytearray(original.read_bytes())
    start = content.index(b"udta") - 4
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(start, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(BadVideo):
        reading.read(path)


@pytest.mark.parametrize("sound", [False, True])
def test_a_label_adds_both_statements_and_changes_no_frame(sound: bool, tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", sound=sound, metadata={"title": "A bay"})
    content = source.read_bytes()
    done = writing.label(source, tmp_path / "b.mp4", MAKER)
    assert frames(tmp_path / "b.mp4") == frames(source)
    assert source.read_bytes() == content, "the film itself is not touched"
    assert done.source_sha256 == hashlib.sha256(content).hexdigest()
    assert done.sha256 == hashlib.sha256((tmp_path / "b.mp4").read_bytes()).hexdigest()
    assert set(done.added) == {"AIGC key", "XMP digital source type"}
    assert (done.kept, done.warnings) == ((), ())
    labels = reading.read(tmp_path / "b.mp4")
    assert labels.source_types == (TRAINED,)
    with av.open(str(tmp_path / "b.mp4")) as file:  # as others read it
        said = json.loads(file.metadata["AIGC"])
        assert file.metadata["title"] == "A bay"
    assert said == {
        "Label": "1",
        "ContentProducer": "pixazo",
        "ProduceID": "minimax-1",
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }


def test_the_aigc_key_stands_where_the_guide_puts_it(tmp_path: Path) -> None:
    writing.label(film(tmp_path / "a.mp4"), tmp_path / "b.mp4", MAKER)
    content = (tmp_path / "b.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"udta") < content.index(b"mdtaAIGC") < content.index(b"ilst")


def test_labels_that_are_there_are_carried_over_and_not_said_again(tmp_path: Path) -> None:
    said = packet(f'Iptc4xmpExt:DigitalSourceType="{CAMERA}"', 'xmp:Label="mine"')
    behind = manifest() + xmp_box(said)
    source = film(tmp_path / "a.mp4", metadata={"AIGC": AIGC}, behind=behind)
    done = writing.label(source, tmp_path / "b.mp4", MAKER)
    content = (tmp_path / "b.mp4").read_bytes()
    assert manifest() in content
    assert said in content
    labels = reading.read(tmp_path / "b.mp4")
    assert (labels.source_types, labels.aigc) == ((CAMERA,), (AIGC,))
    assert (done.added, set(done.kept)) == ((), {"AIGC key", "C2PA manifest", "XMP digital source type"})
    assert any("C2PA" in warning for warning in done.warnings)


def test_a_packet_without_a_source_type_gets_one_and_keeps_the_rest(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", behind=xmp_box(packet('xmp:Label="mine"')))
    writing.label(source, tmp_path / "b.mp4", MAKER)
    content = (tmp_path / "b.mp4").read_bytes()
    assert b'xmp:Label="mine"' in content
    assert content.count(b"<x:xmpmeta") == 1
    assert reading.read(tmp_path / "b.mp4").source_types == (TRAINED,)


def test_labelling_a_labelled_film_again_adds_nothing(tmp_path: Path) -> None:
    writing.label(film(tmp_path / "a.mp4"), tmp_path / "b.mp4", MAKER)
    done = writing.label(tmp_path / "b.mp4", tmp_path / "c.mp4", writing.Maker("kie", "other"))
    assert done.added == ()
    assert reading.read(tmp_path / "c.mp4") == reading.read(tmp_path / "b.mp4")


def test_a_packet_that_is_no_xml_is_kept_and_said(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", behind=xmp_box(b"<broken"))
    done = writing.label(source, tmp_path / "b.mp4", MAKER)
    assert b"<broken" in (tmp_path / "b.mp4").read_bytes()
    assert any("XMP" in warning for warning in done.warnings)


def test_a_copy_whose_packets_differ_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, other = film(tmp_path / "a.mp4"), film(tmp_path / "other.mp4", seconds=4)
    monkeypatch.setattr(writing, "_remux", lambda source, target, added: shutil.copy(other, target))
    with pytest.raises(BadVideo, match="packet by packet"):
        writing.label(source, tmp_path / "b.mp4", MAKER)


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(box(b"ftyp", b"isom") + box(b"moov", b"") + box(b"mdat", b"x"))
    with pytest.raises(BadVideo):
        writing.label(tmp_path / "a.mp4", tmp_path / "b.mp4", MAKER)


def test_without_pyav_the_right_install_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = film(tmp_path / "a.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UsageError, match=r"hailuo\[films\]") as caught:
        writing.label(source, tmp_path / "b.mp4", MAKER)
    assert "films" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "label"),
    [(AIGC, "1"), ('{"AIGC":{"Label":"2"}}', "2"), ("[]", None), ("{", None), ('{"AIGC":1}', None), ("[" * 9999, None)],
)
def test_a_statement_is_read_as_its_fields(text: str, label: str | None) -> None:
    found = reading.statement(text)
    assert (found and found["Label"]) == label
