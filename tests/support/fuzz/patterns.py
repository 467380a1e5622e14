"""Regular expressions of the program, found by walking its modules, and long texts that are hard for them."""

import ast
import importlib
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
METHODS = ("fullmatch", "match", "search", "sub", "split", "findall", "finditer")
LENGTH = 50_000
COMMON = "a1 \n"  # characters that many classes match


class UsedPattern(NamedTuple):
    """A pattern, the method that applies it, and its place."""

    place: str
    method: str
    pattern: re.Pattern[str]

    def apply(self, text: str) -> None:
        """Apply the pattern to all of the text."""
        if self.method in ("fullmatch", "match", "search"):
            getattr(self.pattern, self.method)(text)
        else:
            for _ in self.pattern.finditer(text):
                pass


def find_patterns() -> list[UsedPattern]:
    """Return all patterns of all modules, by constant or in a call of `re`."""
    paths = sorted((ROOT / "schedbot").rglob("*.py"))
    sources = {path: path.read_text() for path in paths}
    everything = "\n".join(sources.values())
    patterns: list[UsedPattern] = []
    for path, source in sources.items():
        patterns += list(constants_of(path, everything))
        patterns += list(calls_in(path, source))
    return patterns


def constants_of(path: Path, everything: str) -> Iterator[UsedPattern]:
    """Yield the patterns among the module's constants, for each method that is called on the name in any module."""
    if path.name == "__main__.py":
        return
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    place = str(path.relative_to(ROOT))
    for name, value in vars(module).items():
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str) and f"{name} = " in path.read_text():
            own = re.findall(rf"\b{name}\.(\w+)\(", path.read_text())
            others = re.findall(rf"\b{path.stem}\.{name}\.(\w+)\(", everything)
            methods = sorted({*own, *others} & set(METHODS))
            yield from (UsedPattern(f"{place}: {name}", method, value) for method in methods or ["finditer"])


def calls_in(path: Path, source: str) -> Iterator[UsedPattern]:
    """Yield the patterns that are written in a call, as in `re.sub("a", "b", text)`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[ast.Constant(value=str() as text), *_]
            ) if method in METHODS:
                yield UsedPattern(f"{path.relative_to(ROOT)}:{node.lineno}", method, re.compile(text))


def hard_texts(pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield long texts of the pattern's own characters, which begin to match again and again, and then do not."""
    words = sorted(set(re.findall(r"[A-Za-z0-9]{2,}", pattern.pattern)))[:8]
    letters = [*sorted(set(re.sub(r"[\\()|?+{}A-Za-z0-9]", "", pattern.pattern)) | set(COMMON))][:14]
    pairs = {first + second for first, second in product(letters, letters)}
    units = {*pairs, *(pair + " " for pair in pairs), *letters, *(word + " " for word in words)}
    for unit in sorted(units):
        body = (unit * (LENGTH // len(unit)))[:LENGTH]
        yield body + "\x00"
        if len(unit) == 1:
            yield from (first + body + "\x00" for first in letters if first != unit)
