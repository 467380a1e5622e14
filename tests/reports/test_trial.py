"""Trials of reports: rendered in a process with limits, and each different trial made once."""

import fcntl
import signal
import struct
import termios
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schedbot import reports
from schedbot.errors import ReportFailed
from schedbot.model import Report
from schedbot.reports import render_process, trial
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.render_process import RenderProcess
from schedbot.reports.trial import TrialOccurrence
from tests.support.app import until

MONDAY = 1_795_453_200_000
OCCURRENCE = LiveOccurrence("daily", "acme", "default", "C0ACME", MONDAY, "Europe/Berlin")


@pytest.fixture(autouse=True)
def render_child() -> Iterator[None]:
    """End the child of each test."""
    yield
    render_process.end_process()


def template(folder: Path, source: str, **params: object) -> Report:
    file = folder / "report.json.j2"
    file.write_text(source)
    return Report("template", str(file), params)


def count_due(account: str, calls: list[str], name: str = "daily") -> TrialOccurrence:
    """Return an occurrence that notes in `calls` when its instant is computed."""

    def find_due() -> int:
        calls.append(account)
        return MONDAY

    return TrialOccurrence(name, account, "default", "C0ACME", "Europe/Berlin", find_due)


def test_report_gets_the_values_of_its_occurrence(tmp_path: Path) -> None:
    report = template(tmp_path, '{"text": "{{ schedule }} {{ account }} {{ due.hour }} {{ n + 1 }}"}', n=1)
    assert render_process.render(report, OCCURRENCE).text == "daily acme 18 2"


def test_all_parts_of_a_message_come_back(tmp_path: Path) -> None:
    section = '{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}'
    report = template(tmp_path, f'{{"text": "a", "blocks": [{section}], "attachments": [{{"blocks": [{section}]}}]}}')
    message = render_process.render(report, OCCURRENCE)
    assert message == reports.render(report, {})
    assert (message.text, len(message.blocks), len(message.attachments)) == ("a", 1, 1)


@pytest.mark.parametrize(
    "source", ["{{ 'a' * 9000000000 }}", "{% set x = namespace(l=[]) %}{{ [0] * 9000000000 }}"], ids=["text", "list"]
)
def test_report_that_takes_all_memory_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(ReportFailed, match=r"memory|MemoryError"):
        render_process.render(template(tmp_path, source), OCCURRENCE)
    assert render_process.render(template(tmp_path, '{"text": "next"}'), OCCURRENCE).text == "next"


def test_deep_json_of_a_report_is_refused(tmp_path: Path) -> None:
    for depth in (300, 900, 100_000):
        nested = '{"text": "a", "blocks": [{"type": "section", "x": ' + "[" * depth + "]" * depth + "}]}"
        with pytest.raises(ReportFailed, match="nested too deeply"):
            render_process.render(template(tmp_path, nested), OCCURRENCE)


def test_dead_process_is_replaced(tmp_path: Path) -> None:
    report = template(tmp_path, '{"text": "hello"}')
    process = render_process.get_process()
    process.child.kill()
    process.child.wait()
    assert render_process.render(report, OCCURRENCE).text == "hello"


def has_unread_request(process: RenderProcess) -> bool:
    return bool(struct.unpack("i", fcntl.ioctl(process.end, termios.TIOCOUTQ, b"\0" * 4))[0])


def test_report_of_a_killed_process_is_tried_once_more(tmp_path: Path) -> None:
    report = template(tmp_path, '{"text": "hello"}')
    process = render_process.get_process()
    process.child.send_signal(signal.SIGSTOP)
    with ThreadPoolExecutor() as thread:
        result = thread.submit(render_process.render, report, OCCURRENCE)
        until(lambda: has_unread_request(process))
        process.child.kill()
        assert result.result(timeout=30).text == "hello"


def test_report_without_account_is_tried_once(tmp_path: Path) -> None:
    report, calls = template(tmp_path, '{"text": "hello"}'), list[str]()
    for number in range(5):
        trial.check(report, count_due(f"account-{number}", calls))
    assert calls == ["account-0"]


def test_report_is_tried_for_each_account_it_uses(tmp_path: Path) -> None:
    source = '{"text": "{% if account == "b" %}{{ missing }}{% endif %}hello"}'
    report, calls = template(tmp_path, source), list[str]()
    for account in "acaca":
        trial.check(report, count_due(account, calls, name=f"schedule of {account}"))
    for _ in range(2):
        with pytest.raises(ReportFailed, match="needs the parameter 'missing'"):
            trial.check(report, count_due("b", calls))
    assert calls == ["a", "c", "b"]


def test_number_of_different_trials_can_be_limited(tmp_path: Path) -> None:
    report, calls = template(tmp_path, '{"text": "{{ account }}{{ 0 if account != \'d\' else missing }}"}'), list[str]()
    with trial.limit_trials(2) as limit:
        for account in "ababcda":
            trial.check(report, count_due(account, calls))
    assert (calls, limit.left_out) == (["a", "b"], 2)
    with pytest.raises(ReportFailed, match="needs the parameter 'missing'"):
        trial.check(report, count_due("d", calls))


def test_account_used_by_an_included_file_counts(tmp_path: Path) -> None:
    (tmp_path / "part.j2").write_text("{% if account == 'b' %}{{ missing }}{% endif %}")
    (tmp_path / "macros.j2").write_text("{% macro greet() %}{{ account }}{% endmacro %}")
    for source in ('{% include "part.j2" %}', '{% import "macros.j2" as m with context %}{{ m.greet() }}'):
        calls: list[str] = []
        report = template(tmp_path, f'{{"text": "{source}hello"}}')
        trial.check(report, count_due("a", calls))
        trial.check(report, count_due("c", calls))
        assert calls == ["a", "c"]


def test_changed_template_is_tried_again(tmp_path: Path) -> None:
    trial.check(template(tmp_path, '{"text": "hello"}'), count_due("a", []))
    with pytest.raises(ReportFailed, match="is not JSON"):
        trial.check(template(tmp_path, "no JSON at all"), count_due("a", []))


@pytest.mark.slow
def test_endless_report_is_refused_once_for_all(tmp_path: Path) -> None:
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}[]"
    report, calls = template(tmp_path, endless), list[str]()
    for account in "ab":
        with pytest.raises(ReportFailed, match="It took more than 10 s"):
            trial.check(report, count_due(account, calls))
    assert calls == ["a"]
