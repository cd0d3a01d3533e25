"""`check --format`: the same findings for people, programs, code scanning and workflows."""

import json
from pathlib import Path

import fastjsonschema
import pytest

from resdsl.compiler import read_recovering
from resdsl.diagnostics import WARNINGS

HERE = Path(__file__).parent
BAD = HERE.parent / "cases" / "bad"

WRONG = """\
res 1
use "std.res"

network net(spare = 1) {
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> rellu
  stage s1 : /* f(x) + x: 𝔣 */ basic(32) * 3
  head  global_avgpool -> linear(10)
}

network other {
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  stage s1 : basic(32) * 3
  head  global_avgpool -> linear(10)
  shortcut identity
}
"""


@pytest.fixture
def told(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What `check --format` prints of WRONG, and the exit code."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my nets").mkdir()
    (tmp_path / "my nets" / "net.res").write_text(WRONG, encoding="utf-8")

    def told(form: str, *specs: str) -> tuple[str, int]:
        result = run("check", *(specs or ("my nets",)), "--format", form)
        return result.stdout, result.exit_code

    return told


def test_concise_is_a_line_each_with_a_place_that_editors_jump_to(told):
    lines, code = told("concise")
    assert code == 1
    first, second = lines.splitlines()
    assert first == "my nets/net.res:6:32: error[name-unknown] there is no layer named `rellu`"
    assert second == (
        "my nets/net.res:16:12: error[shortcut-shape] `identity` cannot go around s1[1]: "
        "16x32x32 comes in, 32x32x32 must go out (keeps the shape)"
    )


def test_github_takes_a_command_each_with_its_signs_escaped(told):
    (first, second), code = (told("github")[0].splitlines(), told("github")[1])
    assert code == 1
    assert first == (
        "::error title=resdsl (name-unknown),file=my nets/net.res,line=6,col=32,endLine=6,endColumn=37::"
        "there is no layer named `rellu`%0Ahelp: did you mean `relu`?"
    )
    assert "file=my nets/net.res,line=16,col=12" in second


def test_a_comma_in_a_path_does_not_end_the_property(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a,b:100%.res").write_text(WRONG, encoding="utf-8")
    assert "file=a%2Cb%3A100%25.res,line=6" in run("check", "a,b:100%.res", "--format", "github").stdout


def test_a_file_elsewhere_has_a_whole_address_in_code_scanning(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a net.res").write_text(WRONG, encoding="utf-8")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    document = json.loads(run("check", str(tmp_path / "a net.res"), "--format", "sarif").stdout)
    place = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": (tmp_path / "a net.res").as_uri()}


def test_json_has_places_notes_help_and_edits(told):
    text, code = told("json")
    document = json.loads(text)
    assert code == 1
    assert (document["networks"], document["expectations"]) == (0, 0)
    first, second = document["diagnostics"]
    place = {"file": "my nets/net.res", "line": 6, "column": 32, "end_line": 6, "end_column": 37}
    assert first == {
        "code": "name-unknown",
        "severity": "error",
        "message": "there is no layer named `rellu`",
        "place": place,
        "label": "",
        "notes": [],
        "help": "did you mean `relu`?",
        "fixes": [{"place": place, "text": "relu", "sure": True}],
    }
    assert second["notes"] == [
        {
            "place": {"file": "my nets/net.res", "line": 14, "column": 14, "end_line": 14, "end_column": 23},
            "text": "makes 32x32x32 here",
        }
    ]
    assert [(fix["text"], fix["sure"]) for fix in second["fixes"]] == [
        ("identity else projection", False),
        ("identity else zero_pad", False),
    ]


def test_what_is_sound_is_told_in_every_form(told, tmp_path: Path):
    (tmp_path / "sound.res").write_text("res 1 network a { input 3x8x8 stem conv(3x3, 16) expect output = 16x8x8 }")
    assert json.loads(told("json", "sound.res")[0]) == {"diagnostics": [], "networks": 1, "expectations": 1}
    assert told("concise", "sound.res") == ("", 0)
    assert told("github", "sound.res") == ("", 0)
    assert json.loads(told("sarif", "sound.res")[0])["runs"][0]["results"] == []


# ---------------------------------------------------------------- SARIF


@pytest.fixture(scope="module")
def schema():
    """Refuses what is no SARIF log."""
    text = (HERE / "data" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8")
    return fastjsonschema.compile(json.loads(text), use_default=False)


def test_every_finding_of_the_corpus_is_sarif_as_its_standard_has_it(run, schema):
    log = json.loads(run("check", str(BAD), "--format", "sarif").stdout)
    schema(log)
    assert len(log["runs"][0]["results"]) > 400
    with pytest.raises(fastjsonschema.JsonSchemaException):
        schema({**log, "runs": [{**log["runs"][0], "columnKind": "bytes"}]})


def test_sarif_has_a_rule_for_each_code_and_points_to_it(told, schema):
    log = json.loads(told("sarif")[0])
    schema(log)
    (found,) = log["runs"]
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert rules == ["name-unknown", "shortcut-shape"]
    assert [rules[result["ruleIndex"]] for result in found["results"]] == [r["ruleId"] for r in found["results"]]
    place = found["results"][1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "my%20nets/net.res"}
    assert place["region"] == {"startLine": 16, "startColumn": 12, "endLine": 16, "endColumn": 20}
    (related,) = found["results"][1]["relatedLocations"]
    assert related["message"]["text"] == "makes 32x32x32 here"


def test_the_replacements_of_sarif_mend_the_text(told):
    log = json.loads(told("sarif")[0])
    (change,) = log["runs"][0]["results"][0]["fixes"][0]["artifactChanges"]
    (replacement,) = change["replacements"]
    region, lines = replacement["deletedRegion"], WRONG.split("\n")
    line = lines[region["startLine"] - 1]
    columns = region["startColumn"] - 1, region["endColumn"] - 1
    lines[region["startLine"] - 1] = line[: columns[0]] + replacement["insertedContent"]["text"] + line[columns[1] :]
    assert "\n".join(lines) == WRONG.replace("rellu", "relu")


# ---------------------------------------------------------------- warnings


@pytest.mark.parametrize("code", sorted(WARNINGS, key=lambda code: code.value), ids=lambda code: code.value)
def test_every_warning_is_turned_off_for_a_project_by_its_code(run, code, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrong = _example(code)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "mine.res").write_text(wrong, encoding="utf-8")
    result = run("check", "deep", "--format", "concise")
    assert f"warning[{code.value}]" in result.stdout
    (tmp_path / "pyproject.toml").write_text(f'[tool.resdsl]\nallow = ["{code.value}"]\n')
    assert run("check", "deep", "--format", "concise").stdout == ""


@pytest.mark.parametrize("code", sorted(WARNINGS, key=lambda code: code.value), ids=lambda code: code.value)
def test_every_warning_is_turned_off_for_a_line_by_a_comment(code):
    wrong = _example(code)
    if code.value == "allow-unused":
        return  # the comment itself is what is warned of
    (warning,) = read_recovering(wrong).check().diagnostics
    lines = wrong.splitlines()
    lines.insert(warning.span.line - 1, f"# resdsl: allow({code.value})")
    assert read_recovering("\n".join(lines)).check().diagnostics == ()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('allow = ["shape-mismatch"]', "cannot allow `shape-mismatch`, which is an error"),
        ('allow = ["shape-lose"]', "cannot allow `shape-lose`, which is not a code"),
        ('alow = ["shape-loses"]', "has no setting `alow`"),
        ('allow = "shape-loses"', "is a list of codes in quotes"),
        ("allow = [1]", "is a list of codes in quotes"),
        ("allow = [", "is no TOML"),
    ],
)
def test_settings_that_there_are_not_are_a_wrong_command(run, settings: str, message: str, tmp_path: Path):
    (tmp_path / "net.res").write_text(WRONG, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(f"[tool.resdsl]\n{settings}\n")
    result = run("check", str(tmp_path / "net.res"))
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    "settings",
    [
        '[tool.resdsl]\nallow = ["name-unused"]',
        '[ tool . "resdsl" ]\nallow = ["name-unused"]',
        'tool.resdsl.allow = ["name-unused"]',
        '[tool]\nother = 1\nresdsl = { allow = ["name-unused"] }',
        'tool = { resdsl = { allow = ["name-unused"] } }',
    ],
)
def test_settings_are_read_however_toml_writes_them(run, settings: str, tmp_path: Path):
    (tmp_path / "net.res").write_text("res 1 network a(spare = 1) { input 3x8x8 stem conv(3x3, 8) }")
    (tmp_path / "pyproject.toml").write_text(settings)
    assert run("check", str(tmp_path)).stdout == "1 network\n"


def test_the_nearest_project_with_settings_counts(run, tmp_path: Path):
    inner = tmp_path / "inner" / "deep"
    inner.mkdir(parents=True)
    (inner / "net.res").write_text(WRONG.replace("rellu", "relu").replace("identity\n", "projection\n"))
    (tmp_path / "pyproject.toml").write_text('[tool.resdsl]\nallow = ["name-unused"]\n')
    (tmp_path / "inner" / "pyproject.toml").write_text("[project]\nname = 'resdsl-nets'\n")
    assert run("check", str(inner)).stderr == ""
    (tmp_path / "inner" / "pyproject.toml").write_text("[tool.resdsl]\nallow = []\n")
    assert "warning[name-unused]" in run("check", str(inner)).stderr


def _example(code) -> str:
    from resdsl.diagnostics.explanation import explain

    return explain(code).wrong.text
