"""Call a report's Python function, sync or async: `module:function` of the configuration.

A module is imported once in a process and stays loaded, so that a database pool at module level works. Async functions
share one event loop. Sources of modules: `python_path`, then the environment that schedbot is installed in.
"""

import asyncio
import importlib
import inspect
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from schedbot import log
from schedbot.errors import ReportFailed
from schedbot.reports.context import ReportContext
from schedbot.reports.definitions import ReportDefinition

FRAMES = 5  # the last frames of a traceback
LONGEST_MESSAGE = 500


def call(definition: ReportDefinition, contexts: Sequence[ReportContext]) -> list[Any]:
    """Return what the function gives for each context. With `batch`, it is called once, with all of them.

    Raises ReportFailed with the function, and the last frames of its traceback in `detail`.
    """
    function = load(definition)
    if definition.batch == 1:
        return [invoke(definition, function, context) for context in contexts]
    return match_results(definition, contexts, invoke(definition, function, list(contexts)))


def match_results(definition: ReportDefinition, contexts: Sequence[ReportContext], results: Any) -> list[Any]:
    """Return the results of a batch in the order of its contexts. A mapping is by the schedule's name."""
    if isinstance(results, dict):
        return [results.get(context.schedule) for context in contexts]
    if not isinstance(results, list | tuple) or len(results) != len(contexts):
        size = f"{len(results)} results" if isinstance(results, list | tuple) else f"a {type(results).__name__}"
        raise ReportFailed(
            f"{definition.place} returned {size} for {len(contexts)} contexts.",
            "With 'batch', a function returns a list with a result for each context, or {schedule: result}.",
        )
    return list(results)


def load(definition: ReportDefinition) -> Callable[..., Any]:
    """Return the function. Raises ReportFailed if it cannot be imported."""
    module_name, _, path = definition.place.partition(":")
    try:
        function: Any = importlib.import_module(module_name)  # a lock of its own for each module
        for name in path.split("."):
            function = getattr(function, name)
    except ModuleNotFoundError as error:
        if error.name and (module_name + ".").startswith(error.name + "."):
            raise ReportFailed(
                f"The module '{error.name}' of {definition.title} is not there.",
                "Name its folder in python_path of schedbot.toml, or install it beside schedbot.",
            ) from None
        raise import_failed(definition, error) from None
    except AttributeError as error:
        if error.obj is None or not inspect.ismodule(error.obj) or error.name not in path.split("."):
            raise import_failed(definition, error) from None
        raise ReportFailed(
            f"The module '{module_name}' has no function '{path}' ({definition.title.removeprefix('the ')}).",
            f"Fix python = ... in [{definition.section}.{definition.name}].",
        ) from None
    except (Exception, SystemExit) as error:
        raise import_failed(definition, error) from None
    if not callable(function):
        raise ReportFailed(f"{definition.place} is not a function but a {type(function).__name__}.")
    return function  # type: ignore[no-any-return]


def try_load(definition: ReportDefinition) -> None:
    """Import the function's module, if possible. `call` says why it is not."""
    with suppress(ReportFailed, MemoryError):
        load(definition)


def import_failed(definition: ReportDefinition, error: BaseException) -> ReportFailed:
    module_name = definition.place.partition(":")[0]
    return ReportFailed(
        f"The module '{module_name}' cannot be imported: {describe(error)}.",
        suggest_module(error)
        or (
            "Fix the module; 'schedbot reports check' tries it again."
            if definition.section == "reports"
            else "Fix the module, then try again."
        ),
        format_frames(error),
    )


def invoke(definition: ReportDefinition, function: Callable[..., Any], *arguments: object) -> Any:
    """Return the function's result. Raises ReportFailed for whatever it raises."""
    try:
        result = function(*arguments)
        return run_async(result) if inspect.iscoroutine(result) else result
    except (ReportFailed, MemoryError):
        raise
    except RuntimeError as error:
        if "can't start new thread" in str(error):  # their stacks fill the memory
            raise MemoryError from None
        raise raised(definition, error) from None
    except BaseException as error:  # SystemExit too
        raise raised(definition, error) from None


def raised(definition: ReportDefinition, error: BaseException) -> ReportFailed:
    """Return the failure of a report whose function raised an error."""
    return ReportFailed(f"{definition.place} raised {describe(error)}.", suggest_module(error), format_frames(error))


def suggest_module(error: BaseException) -> str:
    """Return what to do about a module that is not there; nothing about another error."""
    name = error.name.partition(".")[0] if isinstance(error, ModuleNotFoundError) and error.name else ""
    if name == "matplotlib":
        return "Install schedbot[charts]."
    return f"Install '{name}' beside schedbot, or name its folder in python_path of schedbot.toml." if name else ""


def iterate(definition: ReportDefinition, values: Iterable[Any]) -> Iterator[Any]:
    """Yield the values. Raises ReportFailed for whatever the iteration raises, with the number of values before it."""
    count = 0
    try:
        for value in values:
            count += 1
            yield value
    except (MemoryError, GeneratorExit):
        raise
    except BaseException as error:
        problem = f"{definition.place} raised {describe(error)} after row {count:,}."
        raise ReportFailed(problem, "", format_frames(error)) from None


@cache
def event_loop() -> asyncio.AbstractEventLoop:
    """Return the loop of all async reports of this process. It runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="reports", daemon=True).start()
    return loop


def is_loop_free(within_s: float) -> bool:
    """Does the loop of async reports go on? A report that blocks or stops the loop harms the others in the loop."""
    if not event_loop.cache_info().currsize:
        return True
    has_run = threading.Event()
    event_loop().call_soon_threadsafe(has_run.set)
    return has_run.wait(within_s)


def run_async(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine."""
    return asyncio.run_coroutine_threadsafe(coroutine, event_loop()).result()


def describe(error: BaseException) -> str:
    """Return type and message of an exception in one line, without tokens."""
    message = " ".join(log.redact_tokens(str(error)).split())[:LONGEST_MESSAGE].rstrip(".")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def format_frames(error: BaseException) -> str:
    """Return the last frames of a traceback: file, line, function and source line, without values of variables."""
    frames = traceback.extract_tb(skip_own_frames(error.__traceback__))[-FRAMES:]
    lines = [f"{short_path(frame.filename)}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames]
    return log.redact_tokens("\n".join([*lines, describe(error)]))


def skip_own_frames(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame that is not of this module or of the import system."""
    while trace and (trace.tb_frame.f_code.co_filename == __file__ or "importlib" in trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def short_path(file: str) -> str:
    """Return a path relative to the folder of `sys.path` that it is in."""
    folders = [Path(folder) for folder in sys.path if folder]
    inside = [folder for folder in folders if Path(file).is_relative_to(folder)]
    return str(Path(file).relative_to(max(inside, key=lambda folder: len(folder.parts)))) if inside else file
