"""The list of long files names files that are there, each once, the longest first."""

from pathlib import Path

from tests.longest_first import HERE, SECONDS, begins, seconds_of

ROOT = HERE.parents[1]

REPORT = """<testsuites><testsuite>
<testcase classname="tests.faults.test_chaos" name="a" time="12.5"/>
<testcase classname="tests.faults.test_chaos.TestMore" name="b" time="30.6"/>
<testcase classname="tests.cases.test_gate" name="c" time="19.9"/>
</testsuite></testsuites>"""


def test_the_list_is_of_files_that_are_there() -> None:
    """A file that was renamed would silently begin late."""
    assert SECONDS
    assert [file for file in SECONDS if not (ROOT / file).is_file()] == []
    assert list(SECONDS.values()) == sorted(SECONDS.values(), reverse=True)


def test_the_longest_file_begins_before_all_others() -> None:
    """One that is not listed begins after those that are."""
    first, *_, last = SECONDS
    assert begins(Path(first)) <= begins(Path(last)) < begins(Path("tests/docs/test_new.py"))


def test_a_report_is_summed_by_file(tmp_path: Path) -> None:
    """Classes count to their file; what is short is left out."""
    report = tmp_path / "report.xml"
    report.write_text(REPORT, encoding="utf-8")

    assert seconds_of(report) == {"tests/faults/test_chaos.py": 43}
