"""Many rows in one call: row-precise results, all or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from common.choices import RowOutcome
from common.reasons import sentence
from common.verdict import Reason


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row. `message` is a sentence in the caller's language."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of row number `index` (from 0). `external_id` is the row's own key: for families the code."""

    index: int
    external_id: str
    outcome: RowOutcome
    errors: tuple[RowError, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchResult:
    """One result per row, in the order sent. If any row failed, nothing was applied: the others are unchanged."""

    results: Sequence[RowResult] = ()

    @property
    def failed(self) -> bool:
        return any(result.outcome == RowOutcome.FAILED for result in self.results)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows had which outcome; every outcome is present."""
        outcomes = [result.outcome for result in self.results]
        return {outcome.value: outcomes.count(outcome) for outcome in RowOutcome}


class Batch:
    """The rows of one call while they are judged and written.

    A key that comes twice is a fault of the later row, about its `key_field`; None: keys may come twice.
    """

    def __init__(self, keys: Sequence[str], *, key_field: str | None = "external_id") -> None:
        self.keys = keys
        self.outcomes = [RowOutcome.UNCHANGED] * len(keys)
        self._faults: dict[int, list[Reason]] = {}
        first: dict[str, int] = {}
        for index, key in enumerate(keys):
            if key_field and first.setdefault(key, index) != index:
                self.add_faults(index, [Reason("row.duplicate", {"first": first[key]}, key_field)])

    @property
    def failed(self) -> bool:
        return bool(self._faults)

    def faults_of(self, index: int) -> tuple[Reason, ...]:
        return tuple(self._faults.get(index, ()))

    def add_faults(self, index: int, faults: Iterable[Reason]) -> None:
        found = list(faults)
        if found:
            self._faults.setdefault(index, []).extend(found)

    def require(self, index: int, field: str, name: str, known: Mapping[str, int], code: str) -> int:
        """The primary key that the row's reference stands for; 0 and a fault of the row if it is unknown."""
        found = known.get(name)
        if found is None:
            self.add_faults(index, [Reason(code, field=field)])
        return found or 0

    def result(self) -> BatchResult:
        if self.failed:
            outcomes = [
                RowOutcome.FAILED if index in self._faults else RowOutcome.UNCHANGED for index in range(len(self.keys))
            ]
        else:
            outcomes = self.outcomes
        return BatchResult(
            tuple(
                RowResult(index, key, outcome, tuple(_error(reason) for reason in self.faults_of(index)))
                for index, (key, outcome) in enumerate(zip(self.keys, outcomes, strict=True))
            )
        )


def _error(reason: Reason) -> RowError:
    return RowError(reason.field, reason.code, sentence(reason))
