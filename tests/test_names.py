"""Names and words that CI checks: banned names, docstrings, class names, test names and folder sizes."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from schedbot import command_table
from tests.support.source_code import ALL, PRODUCT, ROOT, TESTS, functions, nodes, place


def words(text: str) -> set[str]:
    return set(text.split())


# Participles and pronouns that do not say what the value is.
BANNED_NAMES = words(
    "told said found one ones asked made seen given wanted kept heard spoken chosen answered whose meant gone"
    " saying sayings owed stands wished uttered"
)
# Metaphors that stand for a term of the field, as a whole name or as a part of one.
BANNED_PARTS = words(
    "kin seat seats press presses hand hands wire keyring errand errands ledger departure departures intake printing"
    " turnstile births bracket brackets stranger bury"
)
QUESTION_WORD = re.compile(r"(What|Whose|Of|How|Who|Whom|Where|When|Whether|Which)\b")
LONGEST_TEST_NAME, MOST_MODULES = 60, 20


def stored_names(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """Yield each name that the file defines or assigns: variables, parameters, attributes, functions, classes."""
    for node in nodes(path):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node, name
            case ast.arg(arg=name):
                yield node, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node, name


def parts(name: str) -> set[str]:
    """Return the words of a name in snake_case or CamelCase, in lower case."""
    return {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def is_banned(name: str) -> bool:
    if name.startswith("test_"):
        return False
    metaphors = parts(re.sub("by_hand", "", name, flags=re.IGNORECASE)) & BANNED_PARTS
    return name.strip("_").lower() in BANNED_NAMES or bool(metaphors)


def docstrings(path: Path) -> Iterator[tuple[ast.AST, str]]:
    for node in nodes(path):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            docstring = ast.get_docstring(node)
            if docstring:
                yield node, docstring


def test_no_name_is_banned() -> None:
    banned = [f"{place(path, node)} {name}" for path in ALL for node, name in stored_names(path) if is_banned(name)]
    assert banned == []


def test_no_docstring_begins_with_a_question_word() -> None:
    questions = [
        f"{place(path, node)} {docstring.splitlines()[0]}"
        for path in ALL
        for node, docstring in docstrings(path)
        if QUESTION_WORD.match(docstring)
    ]
    assert questions == []


def test_class_names_are_unique() -> None:
    """Values of the Python API have the names of the field, like the classes that they are copies of."""
    places = defaultdict(list)
    for path in (path for path in ALL if not place(path).startswith("schedbot/api/")):
        for node in nodes(path):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(place(path, node))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_test_names_are_short() -> None:
    tests = [(path, test) for path, test in functions(ALL) if test.name.startswith("test_")]
    assert [place(path, test) for path, test in tests if len(test.name) > LONGEST_TEST_NAME] == []


def test_no_product_file_is_named_like_a_test() -> None:
    assert [place(path) for path in PRODUCT if path.name.startswith("test_")] == []


def test_no_folder_holds_more_than_20_modules() -> None:
    modules = Counter(path.parent for path in ALL if path.name not in ("__init__.py", "conftest.py"))
    assert {place(folder): count for folder, count in modules.items() if count > MOST_MODULES} == {}


def test_test_files_have_unique_names() -> None:
    names = Counter(path.name for path in TESTS if path.name.startswith("test_"))
    assert [name for name, count in names.items() if count > 1] == []


def test_command_folders_are_the_sections_of_the_help() -> None:
    folders = {path.parent.name for path in (ROOT / "schedbot" / "commands").glob("*/__init__.py")}
    assert folders == {section.lower() for section in command_table.COMMANDS}
