"""Result of one check of `doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Result of one check. `remedy` is empty for an ok result; a warning needs attention only in some set-ups."""

    check: str
    detail: str
    remedy: str = ""
    is_warning: bool = False

    @property
    def is_ok(self) -> bool:
        """Is the check passed? A warning passes."""
        return self.is_warning or not self.remedy
