"""The rounds of one case on one provider, read out of result files series by series."""

from __future__ import annotations

from dataclasses import dataclass

from persona_asv.model import Cell, ResultFile, State


def params(case: str, provider: str) -> tuple[str, str]:
    """Return asv's parameters of a case on a provider."""
    return repr(case), repr(provider)


@dataclass(frozen=True, slots=True)
class CaseRounds:
    """The rounds of one case on one provider, read series by series."""

    case: str
    provider: str
    files: tuple[ResultFile, ...]

    def cells(self, name: str) -> tuple[Cell, ...]:
        """Return the benchmark's cells, one a round that measured it."""
        found = (
            file.series[name].at(*params(self.case, self.provider))
            for file in self.files
            if name in file.series
        )
        return tuple(cell for cell in found if cell is not None and cell.state is State.MEASURED)

    def samples(self, name: str) -> list[float]:
        """Return the benchmark's samples of all rounds, in asv's unit."""
        return [sample for cell in self.cells(name) for sample in cell.samples or ()]

    def values(self, name: str) -> list[float]:
        """Return the benchmark's value in each round, in asv's unit."""
        return [cell.value for cell in self.cells(name) if cell.value is not None]
