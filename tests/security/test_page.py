"""SECURITY.md promises what tests hold."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / ".github" / "SECURITY.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_is_there():
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))
    assert [path for path in named if not (ROOT / path).is_file()] == []
    ours = {path.relative_to(ROOT).as_posix() for path in Path(__file__).parent.glob("test_*.py")}
    assert ours - named == {"tests/security/test_page.py"}


def test_every_threat_of_the_table_has_a_test():
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| to ")]
    assert len(rows) >= 15
    assert all(len(row) == 3 and "`tests/" in row[2] for row in rows)


def test_the_readme_leads_to_the_page():
    assert "(.github/SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
