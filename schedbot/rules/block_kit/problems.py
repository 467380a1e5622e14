"""Problem of a block: its kind, its place, and its sentence for a person and in Slack's words."""

import re
from dataclasses import dataclass
from enum import Enum

MAX_VALUE = 60


class ProblemKind(Enum):
    """Kind of a problem, with the sentence for a person and the sentence of Slack's own."""

    def __init__(self, sentence: str, slack_sentence: str) -> None:
        self.sentence = sentence
        self.slack_sentence = slack_sentence

    MISSING = "is missing, and Slack requires it.", "missing required field: {name}"
    EMPTY = "is empty; Slack needs at least 1 character.", "must be more than 0 characters"
    TOO_LONG = "has {value} characters; Slack allows {limit:,}.", "must be less than {below} characters"
    TOO_MANY = "has {value} entries; Slack allows {limit:,}.", "no more than {limit} items allowed"
    TOO_FEW = "has {value} entries; Slack needs at least {limit}.", "no less than {limit} items allowed"
    NO_STRING = "is not a string.", "must provide a string"
    NO_LIST = "is not a list.", "must provide an array"
    NO_OBJECT = "is not an object; Slack needs {allowed}.", "must provide an object"
    WRONG_TYPE = "is '{value}'; Slack allows {allowed} here.", "unsupported type: {value}"
    WRONG_OBJECT = "is an object of the type '{value}'; Slack allows {allowed} here.", "unsupported type: {value}"
    NOT_FOR_MESSAGES = "is '{value}', which is no block of a message.", "unsupported type: {value}"
    MISSPELT = "is '{value}'; did you mean '{allowed}'?", "unsupported type: {value}"
    WRONG_VALUE = "is '{value}'; Slack allows {allowed}.", "must be one of: {allowed}"
    BESIDE_BLOCKS = "is beside 'blocks', and Slack refuses the two together.", "invalid additional property: {name}"
    FORBIDDEN = "is a property that Slack does not allow: {value}.", "invalid additional property: {value}"
    NO_SCHEME = "is '{value}', an address without a scheme such as https://.", "invalid url"
    DUPLICATE = "is '{value}' for a second time; each must be different.", "must be unique: {value}"
    NEEDS_ONE = "needs {allowed}.", "must define either {quoted}"
    CELLS_TOO_LONG = (
        "brings the cells of the message's tables to {value} characters; Slack allows {limit:,}.",
        "must be less than {below} characters",
    )
    UNKNOWN_TYPE = "is '{value}', a type that schedbot does not know.", "unsupported type: {value}"
    UNKNOWN_PROPERTY = "is a property that schedbot does not know.", "invalid additional property: {name}"


@dataclass(frozen=True, slots=True)
class BlockProblem:
    """Problem at the JSON pointer `at`. A warning is no reason to refuse: it is not sure that Slack refuses it."""

    kind: ProblemKind
    at: str
    value: str = ""
    limit: int = 0
    allowed: tuple[str, ...] = ()
    is_warning: bool = False

    @property
    def block_index(self) -> int | None:
        """Position of the block, from 0, in the message or in its attachment; None for a problem outside a block."""
        return self._index_of("blocks")

    @property
    def attachment_index(self) -> int | None:
        """Position of the attachment, from 0; None for a problem outside an attachment."""
        return self._index_of("attachments")

    def _index_of(self, name: str) -> int | None:
        match = re.match(rf"(?:/attachments/[0-9]+)?/{name}/([0-9]+)", self.at)
        return int(match[1]) if match else None

    def describe(self) -> str:
        """Return the problem as a sentence for a person: it begins with the place."""
        if self.kind is ProblemKind.FORBIDDEN:
            return f"{self.at} has the property '{self.value}', which Slack does not allow there."
        value = self.value if len(self.value) <= MAX_VALUE else self.value[:MAX_VALUE] + "…"
        return f"{self.at} {self.kind.sentence}".format(value=value, limit=self.limit, allowed=join(self.allowed))

    def to_slack(self) -> str:
        """Return the problem in Slack's words, with Slack's pointer."""
        parent, _, name = self.at.rpartition("/")
        at = parent if self.kind is ProblemKind.MISSING else self.at
        quoted = " or ".join(f"`{name}`" for name in self.allowed)
        values = {"value": self.value, "limit": self.limit, "below": self.limit + 1, "allowed": join(self.allowed)}
        sentence = self.kind.slack_sentence.format(**values, name=name, quoted=quoted)
        return f"{sentence} [json-pointer:{at}]"


def join(names: tuple[str, ...]) -> str:
    """Return the names as `a, b or c`."""
    return " or ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
