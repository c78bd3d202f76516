"""A batch file becomes the same rows whatever its kind, and all that is wrong with it is said at once."""

from __future__ import annotations

import codecs
import csv
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.batch import schema
from hailuo_cli.batch.keys import ROW_KEYS
from hailuo_cli.batch.reading import Given, read
from hailuo_cli.batch.rows import BatchFile
from hailuo_cli.errors import UsageError

EXAMPLE = Path(__file__).parents[2] / "examples" / "batch.toml"


def written(content: str | bytes, name: str = "clips.toml", given: Given | None = None) -> BatchFile:
    """What a file of this content comes to, in the working folder."""
    path = Path(name)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, given)


def clip(**values: str) -> str:
    return "[[clip]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())


GOOD = clip(id='"boat"', prompt='"A boat"')


def rules(batch: BatchFile) -> list[tuple[str | None, int | None, str]]:
    return [(bad.id, bad.line, bad.rule) for bad in batch.bad]


def test_toml_jsonl_and_csv_come_to_the_same_rows() -> None:
    Path("p.txt").write_text("A lighthouse,\nseen from the sea\n")
    toml = written(
        clip(
            id='"sku-1"',
            prompt='"@p.txt"',
            image='"img/1.png"',
            duration="6",
            prompt_optimizer="false",
            camera='"push in + tilt up"',
            param='{ seed = 7, style = "noir" }',
            takes="2",
            max_cost="0.5",
            extra='{ page = "home" }',
        )
        + GOOD
    )
    jsonl = written(
        '{"id": "sku-1", "prompt": "@p.txt", "image": "img/1.png", "duration": 6, "prompt_optimizer": false,'
        ' "camera": "push in + tilt up", "param": {"seed": 7, "style": "noir"}, "takes": 2, "max_cost": 0.5,'
        ' "extra.page": "home"}\n\n{"id": "boat", "prompt": "A boat"}',
        "clips.jsonl",
    )
    table = written(
        "id,prompt,image,duration,prompt_optimizer,camera,param,takes,max_cost,extra.page\n"
        'sku-1,@p.txt,img/1.png,6,FALSE,push in + tilt up,"{""seed"": 7, ""style"": ""noir""}",2,0.5,home\n'
        "boat,A boat\n",
        "clips.csv",
    )
    rows = [[{**vars(row), "line": None} for row in batch.rows] for batch in (toml, jsonl, table)]
    assert rules(toml) == rules(jsonl) == rules(table) == []
    assert rows[0] == rows[1] == rows[2]
    assert rows[0][0]["prompt"] == "A lighthouse,\nseen from the sea"
    assert rows[0][0]["options"] == {
        "image": str(Path.cwd() / "img" / "1.png"),
        "duration": 6,
        "prompt_optimizer": False,
        "camera": ("push in + tilt up",),
        "param": {"seed": 7, "style": "noir"},
    }
    assert [row.line for row in toml.rows] == [1, 12]
    assert [row.line for row in jsonl.rows] == [1, 3]
    assert [row.line for row in table.rows] == [2, 3]


def test_a_row_goes_before_the_command_and_the_command_before_the_file() -> None:
    text = 'output = "top/{name}.mp4"\n[defaults]\nmodel = "m-file"\nduration = 6\n' + clip(
        id='"a"', prompt='"x"', duration="10"
    )
    batch = written(text, given=Given(output="said/{name}.mp4", options={"model": "m-said", "duration": 4}))
    assert batch.rows[0].options == {"model": "m-said", "duration": 10}
    assert batch.rows[0].output == str(Path.cwd() / "said" / "{name}.mp4")


def test_a_matrix_is_a_row_for_each_combination_with_its_values_in_every_text() -> None:
    Path("day.txt").write_text("A {colour} boat by day {{really}}")
    batch = written(
        'output = "{colour}/{name}.mp4"\n'
        + clip(
            id='"boat"',
            prompt='"@{hour}.txt"',
            image='"img/{colour}.png"',
            extra='{ tint = "{colour}" }',
            param='{ note = ["{hour}"] }',
            matrix='{ colour = ["Deep Red", "blau/grün"], hour = ["day"] }',
        )
    )
    assert rules(batch) == []
    assert [row.id for row in batch.rows] == ["boat--deep-red--day", "boat--blau-grun--day"]
    first = batch.rows[0]
    assert first.prompt == "A Deep Red boat by day {really}"
    assert first.extra == {"tint": "Deep Red"}
    assert first.options["param"] == {"note": ["day"]}
    assert first.options["image"].endswith("img/Deep Red.png")
    assert batch.rows[1].output == str(Path.cwd() / "blau-grün" / "{name}.mp4")


def test_a_value_in_another_script_has_an_id_that_stays() -> None:
    text = clip(id='"a"', prompt='"{word}"', matrix='{ word = ["船", "灯台"] }')
    ids = [row.id for row in written(text).rows]
    assert len(set(ids)) == 2
    assert all(name.startswith("a--") and name.isascii() for name in ids)
    assert [row.id for row in written(text.replace('"船", ', "")).rows] == ids[1:]


def test_braces_are_braces_where_there_is_no_matrix() -> None:
    assert written(clip(id='"a"', prompt='"{red} {{x}}"')).rows[0].prompt == "{red} {{x}}"


def test_an_unknown_word_is_said_once_for_a_matrix_and_a_missing_file_for_each_of_its_rows() -> None:
    text = clip(id='"a"', prompt='"{b} {c}"', matrix='{ b = ["1", "2"] }')
    assert [(bad.id, bad.line) for bad in written(text).bad] == [("a", 1)]
    text = clip(id='"a"', prompt='"@{b}.txt"', matrix='{ b = ["1", "2"] }')
    assert [bad.id for bad in written(text).bad] == ["a--1", "a--2"]


BAD_ROWS: dict[str, tuple[str, str | None, int | None, str]] = {
    "an id that is no name": (clip(id='"a b"', prompt='"x"'), "a b", 1, "id must be 1 to 64"),
    "an id that is too long": (clip(id=f'"{"a" * 65}"', prompt='"x"'), "a" * 65, 1, "id must be 1 to 64"),
    "an id that is a number": (clip(id="7", prompt='"x"'), None, 1, "id must be a text"),
    "no id": (clip(prompt='"x"'), None, 1, "has no id"),
    "no prompt": (clip(id='"a"'), "a", 1, "has no prompt"),
    "an id that differs in case": (GOOD + clip(id='"Boat"', prompt='"x"'), "Boat", 4, "on line 1 (boat;"),
    "an unknown key": (clip(id='"a"', prompt='"x"', promt='"y"'), "a", 1, 'did you mean "prompt"?'),
    "an unknown key at the top": ('nme = "x"\n' + GOOD, None, None, 'did you mean "name"?'),
    "an unknown default": ("[defaults]\ndurations = 6\n" + GOOD, None, 1, 'did you mean "duration"?'),
    "a table of another name": ("[[clips]]\n", None, None, 'did you mean "clip"?'),
    "an id as a default": ('[defaults]\nid = "x"\n' + GOOD, None, 1, "defaults.id is of a single row only"),
    "a dedupe key": (clip(id='"a"', prompt='"x"', dedupe_key='"k"'), "a", 1, "dedupe_key is not a key of a row"),
    "a kind that does not fit": (clip(id='"a"', prompt='"x"', duration='"6"'), "a", 1, "duration must be a whole"),
    "no takes": (clip(id='"a"', prompt='"x"', takes="0"), "a", 1, "takes must be 1 to"),
    "an infinite price": (clip(id='"a"', prompt='"x"', max_cost="inf"), "a", 1, "max_cost must be 0 or more"),
    "an empty prompt": (clip(id='"a"', prompt='""'), "a", 1, "prompt is empty"),
    "stdin as a prompt": (clip(id='"a"', prompt='"-"'), "a", 1, "prompt cannot come from stdin"),
    "a prompt file that is missing": (clip(id='"a"', prompt='"@no.txt"'), "a", 1, "no.txt is not there"),
    "an output outside": (clip(id='"a"', prompt='"x"', output='"../{name}.mp4"'), "a", 1, "--allow-outside"),
    "an output of another root": (clip(id='"a"', prompt='"x"', output='"/tmp/{name}.mp4"'), "a", 1, "outside"),
    "an output with an unknown field": (clip(id='"a"', prompt='"x"', output='"{nme}.mp4"'), "a", 1, "{nme}"),
    "two rows with one output": (
        clip(id='"a"', prompt='"x"', output='"one.mp4"') + clip(id='"b"', prompt='"x"', output='"ONE.mp4"'),
        "b",
        5,
        "that of a too",
    ),
    "a later take with another row's name": (
        clip(id='"a.take-2"', prompt='"x"') + clip(id='"a"', prompt='"x"', takes="2"),
        "a",
        4,
        "that of a.take-2 too",
    ),
    "an empty matrix": (clip(id='"a"', prompt='"x"', matrix="{ b = [] }"), "a", 1, "matrix must have a list"),
    "a matrix whose slugs are one": (
        clip(id='"a"', prompt='"{b}"', matrix='{ b = ["Red!", "red"] }'),
        "a--red",
        1,
        "id is taken",
    ),
    "a matrix without end": (
        clip(id='"a"', prompt='"x"', matrix="{ " + ", ".join(f"a{n} = [1,2,3,4,5,6,7,8,9]" for n in range(9)) + " }"),
        "a",
        1,
        "more than 100,000 rows",
    ),
    "rows that are no tables": ("clip = [1]\n", None, None, "clip must be [[clip]] tables"),
}


@pytest.mark.parametrize("case", sorted(BAD_ROWS))
def test_a_bad_row_is_named_with_its_line_and_rule(case: str) -> None:
    text, row_id, line, rule = BAD_ROWS[case]
    found = written(text).bad
    assert [(bad.id, bad.line) for bad in found] == [(row_id, line)], found
    assert rule in found[0].rule


def test_two_hundred_bad_rows_are_one_list() -> None:
    batch = written("".join(clip(id=f'"row-{n}"', prompt='"x"', size="1") for n in range(200)))
    assert [bad.line for bad in batch.bad] == [1 + 4 * n for n in range(200)]


def test_an_output_outside_is_allowed_where_that_is_said() -> None:
    text = clip(id='"a"', prompt='"x"', output='"../{name}.mp4"')
    assert written(text, given=Given(allow_outside=True)).bad == ()


def test_takes_have_names_of_their_own_and_may_name_themselves() -> None:
    assert written(clip(id='"a"', prompt='"x"', takes="3")).bad == ()
    assert written(clip(id='"a"', prompt='"x"', takes="3", output='"{take}/x.mp4"')).bad == ()


BAD_FILES: dict[str, tuple[str | bytes, str, str]] = {
    "no TOML": ("[[clip]]\nid = boat\n", "clips.toml", "clips.toml:2:6: Invalid value"),
    "a doubled key in TOML": ('[[clip]]\nid = "a"\nid = "b"\n', "clips.toml", "clips.toml:3:"),
    "nesting without end": ("a = " + "[" * 5000, "clips.toml", "nested too deeply"),
    "a number without end": ("a = " + "1" * 5000, "clips.toml", "too long"),
    "a JSON list": ('[{"id": "a"}]', "clips.jsonl", "not JSONL"),
    "a doubled column": ("id,prompt,id\na,b,c\n", "clips.csv", "clips.csv:1: column id stands twice"),
    "a column without a name": ("id,,prompt\na,b,c\n", "clips.csv", "column 2 has no name"),
    "a matrix in CSV": ("id,prompt,matrix\na,b,\n", "clips.csv", "no column matrix"),
    "extra without a name": ("id,prompt,extra\na,b,\n", "clips.csv", "no column extra"),
    "semicolons": ("id;prompt\na;b\n", "clips.csv", "not separated by commas"),
    "a quote that does not close": ('id,prompt\na,b\nc,"d\n', "clips.csv", "clips.csv:3: not CSV"),
    "an unknown ending": ("", "clips.yaml", "none of .toml"),
    "no rows": ("# nothing\n", "clips.toml", "has no rows"),
    "an empty CSV": ("id,prompt\n", "clips.csv", "has no rows"),
    "UTF-16": (codecs.BOM_UTF16_LE + "id,prompt\na,b\n".encode("utf-16-le"), "clips.csv", "UTF-16, not UTF-8"),
    "Latin-1": ("id,prompt\na,x\nb,é\n".encode("latin-1"), "clips.csv", "clips.csv:3: not UTF-8"),
    "NUL": ("id,prompt\na,\0\n", "clips.csv", "clips.csv:2: holds a NUL"),
}


@pytest.mark.parametrize("case", sorted(BAD_FILES))
def test_a_file_that_is_not_what_its_name_says_is_refused(case: str) -> None:
    content, name, message = BAD_FILES[case]
    with pytest.raises(UsageError) as refused:
        written(content, name)
    assert message in refused.value.message


def test_a_folder_a_pipe_and_a_missing_file_are_no_batch_files(tmp_path: Path) -> None:
    import os

    Path("x.toml").mkdir()
    os.mkfifo("y.toml")
    for name in ("x.toml", "y.toml", "z.toml"):
        with pytest.raises(UsageError):
            read(Path(name))


BAD_LINES = {
    '{"id": "a", "prompt": "x", "id": "b"}': 'key "id" stands twice',
    '{"id": "a", "prompt": "x", "extra": {"p": 1}, "extra.p": 2}': "extra.p stands twice",
    '{"id": "a"': "not JSON",
    "[1]": "not JSONL",
    '"a"': "not a JSON object",
    '{"id": "a", "prompt": "x", "max_cost": NaN}': "JSON has no NaN",
    "[" * 9: "not JSONL",
}


@pytest.mark.parametrize("line", sorted(BAD_LINES))
def test_a_line_that_is_no_row_is_a_bad_row(line: str) -> None:
    text = '{"id": "ok", "prompt": "x"}\n' + line + "\n"
    batch = written(text, "clips.jsonl")
    assert len(batch.rows) == 1
    assert [bad.line for bad in batch.bad] == [2]
    assert BAD_LINES[line].replace("not JSONL", "not") in batch.bad[0].rule


def test_cells_keep_their_meaning_in_csv() -> None:
    batch = written(
        codecs.BOM_UTF8
        + b'id,prompt,watermark,duration,param,extra.n,unknown\r\na,"two\r\nlines",true,6,{,=1,\rb,x,yes,6.5,,,\n'
        b"c,x,,,,,,,\nd,x,,,,,,too\n",
        "clips.csv",
    )
    assert rules(batch)[0][:2] == ("a", 2)
    said = {(bad.id, bad.rule.split(" ")[0]) for bad in batch.bad}
    assert {("a", "param"), ("b", "watermark"), ("b", "duration"), ("d", "has")} <= said
    assert {row_id for row_id, rule in said if rule == "unknown"} == {"a", "b", "c", "d"}


def test_line_ends_and_marks_change_nothing() -> None:
    lines = ["id,prompt,extra.x", 'a,"x', 'y",1', "b,z,2", ""]
    batches = [
        written(codecs.BOM_UTF8 * marked + end.join(lines).encode(), "clips.csv")
        for end in ("\n", "\r\n", "\r")
        for marked in (False, True)
    ]
    assert {tuple((row.id, row.prompt, row.line) for row in batch.rows) for batch in batches} == {
        (("a", "x\ny", 2), ("b", "z", 4))
    }


def test_a_row_is_found_behind_texts_that_look_like_rows() -> None:
    text = '[[clip]]\nid = "a"\nprompt = """\n[[clip]]\nclip = """\n# """ [[clip]]\n' + clip(id="''", prompt='"x"')
    batch = written(text)
    assert [(bad.id, bad.line) for bad in batch.bad] == [("", 7)]


def test_the_example_makes_six_clips_in_the_sandbox() -> None:
    batch = read(EXAMPLE)
    assert batch.bad == ()
    assert batch.warnings == ()
    assert sum(row.takes for row in batch.rows) == 6
    assert {row.options["provider"] for row in batch.rows} == {"sandbox"}


def test_the_schema_that_is_shipped_is_made_from_the_table_of_keys() -> None:
    assert schema.FILE.read_text(encoding="utf-8") == schema.text()


def test_the_schema_has_every_key_of_the_example() -> None:
    """A validator is no dependency; what an editor needs of the schema is read by hand here."""
    made = schema.schema()
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert set(example) <= set(made["properties"])
    assert all(set(row) <= set(made["$defs"]["clip"]["properties"]) for row in example["clip"])
    assert set(made["$defs"]["clip"]["properties"]) == set(ROW_KEYS)
    assert not made["additionalProperties"]


def test_the_name_of_a_batch_is_that_of_its_file_unless_it_is_written_or_said() -> None:
    assert (written(GOOD).name, written(GOOD).is_named) == ("clips", False)
    named = written('name = "spring"\n' + GOOD)
    assert (named.name, named.is_named) == ("spring", True)
    assert written('name = "spring"\n' + GOOD, given=Given(name="fall")).name == "fall"


def test_ten_thousand_rows_of_every_kind_are_read_alike() -> None:
    rows: list[dict[str, Any]] = [{"id": f"row-{n}", "prompt": f"A boat, {n}"} for n in range(10_000)]
    Path("big.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with Path("big.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["id", "prompt"])
        writer.writeheader()
        writer.writerows(rows)
    Path("big.toml").write_text("".join(clip(id=f'"{row["id"]}"', prompt=f'"{row["prompt"]}"') for row in rows))
    found = [[(row.id, row.prompt) for row in read(Path(f"big.{kind}")).rows] for kind in ("jsonl", "csv", "toml")]
    assert found[0] == found[1] == found[2] == [(row["id"], row["prompt"]) for row in rows]
