"""Results of a report's function or program: attachments beside blocks."""

import pytest

from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.reports.results import parse_result


def test_object_may_have_attachments() -> None:
    attachments = [{"color": "good", "text": "up"}]
    assert parse_result({"text": "a", "attachments": attachments}, "acme:report") == Message(
        "a", attachments=tuple(attachments)
    )


@pytest.mark.parametrize(
    ("attachments", "problem"),
    [
        ({"text": "up"}, "acme:report returned 'attachments' that are not a list."),
        (["up"], "acme:report returned attachments of which attachments[0] is no attachment but a str."),
    ],
)
def test_attachments_of_a_wrong_type_are_named(attachments: object, problem: str) -> None:
    with pytest.raises(ReportFailed) as refused:
        parse_result({"attachments": attachments}, "acme:report")
    assert str(refused.value) == problem
