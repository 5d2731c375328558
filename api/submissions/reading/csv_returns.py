"""Assign the rows of a CSV file to returns."""

from collections.abc import Mapping
from itertools import islice

import numpy as np

from api.submissions.cell_columns import MISSING, Column
from api.submissions.reading.csv_header import RETURN_COLUMNS, Header
from api.submissions.reading.csv_scanner import Records
from api.submissions.reading.csv_value_cache import CsvValueCache
from api.submissions.reading.csv_values import CsvValue, UnclearPeriod, explain_period
from api.submissions.reading.faults import INVALID, Fault, Faults
from api.submissions.reading.string_table import CombinationTable
from schema.measures import Cadence
from schema.submissions import MAX_RETURNS, NewReturn, ReturnKind


class ReturnBuilder:
    """A return that its rows describe one by one."""

    def __init__(self, item: int, measure: str, series: str | None, service: str | None, period: str) -> None:
        self.item = item
        self.measure, self.series, self.service, self.period = measure, series, service, period
        self.values: dict[str, CsvValue] = {}

    def find_contradiction(self, values: Mapping[str, CsvValue]) -> str | None:
        """Return the column in which a row contradicts earlier rows, if there is one. Blank cells do not count."""
        for name, value in values.items():
            if value is not None and self.values.setdefault(name, value) != value:
                return name
        return None

    def build(self) -> NewReturn:
        kind, base_revision, note, rounded_to = (self.values.get(name) for name in RETURN_COLUMNS[4:])
        return NewReturn(
            measure=self.measure,
            period=self.period,
            series=self.series,
            service=self.service or "main",
            kind=kind if isinstance(kind, ReturnKind) else ReturnKind.DATA,
            base_revision=base_revision if isinstance(base_revision, int) else None,
            note=note if isinstance(note, str) else None,
            rounded_to=rounded_to if isinstance(rounded_to, int) else None,
        )


class ReturnTable:
    """The returns of a file. Each distinct combination of the return columns is read once."""

    def __init__(
        self,
        header: Header,
        caches: Mapping[str, CsvValueCache],
        parameters: Mapping[str, str | None],
        cadences: Mapping[str, Cadence],
        faults: Faults,
    ) -> None:
        self._header, self._caches, self._parameters, self._faults = header, caches, parameters, faults
        self._cadences = cadences
        self._returns: dict[tuple[CsvValue, ...], ReturnBuilder] = {}
        self._combinations = CombinationTable()
        self._item_by_combination: list[int] = []
        self._fault_by_combination: dict[int, tuple[Fault, str, str | None]] = {}  # with column and word

    def __len__(self) -> int:
        return len(self._returns)

    def build(self) -> list[NewReturn]:
        return [builder.build() for builder in self._returns.values()]

    def assign(self, codes: Mapping[str, Column], records: Records) -> Column:
        """Return the item of each record's return, or MISSING if it is not known."""
        combinations = self._combinations.assign_numbers([codes[name] for name in RETURN_COLUMNS])
        known = len(self._item_by_combination)
        for index, values in enumerate(islice(self._combinations.index_by_combination, known, None), known):
            self._item_by_combination.append(self._register(index, values))
        if self._fault_by_combination:
            is_faulty = np.isin(combinations, list(self._fault_by_combination))
            for position in np.flatnonzero(is_faulty).tolist():
                fault, column, word = self._fault_by_combination[int(combinations[position])]
                self._faults.add(fault, rows=[int(records.row[position])], column=column, actual=word)
        return np.array(self._item_by_combination, dtype=np.int64)[combinations]

    def _register(self, index: int, combination: tuple[int, ...]) -> int:
        """Return the item of the return that a new combination of values belongs to."""
        values = {name: self._value(name, number) for name, number in zip(RETURN_COLUMNS, combination, strict=True)}
        measure, series, service, period = (values.pop(name) for name in RETURN_COLUMNS[:4])
        if isinstance(period, UnclearPeriod):
            fault = explain_period(period, self._cadences.get(measure) if isinstance(measure, str) else None)
            self._fault_by_combination[index] = (fault, self._header.name_in_file("period"), period.word)
            return MISSING
        if INVALID in combination or not isinstance(measure, str) or not isinstance(period, str):
            return MISSING
        key = (measure, series, service or "main", period)
        builder = self._returns.get(key)
        if builder is None:
            if len(self._returns) >= MAX_RETURNS:
                fault = Fault(code="too-many-returns", message=f"The file has more than {MAX_RETURNS:,} returns.")
                column = self._header.name_in_file("period") if "period" in self._header.positions else "period"
                self._fault_by_combination[index] = (fault, column, None)
                return MISSING
            builder = self._returns[key] = ReturnBuilder(
                len(self._returns), measure, _text_or_none(series), _text_or_none(service), period
            )
        contradiction = builder.find_contradiction(values)
        if contradiction is not None:
            fault = Fault(code="inconsistent-return", message=f"Rows of one return differ in {contradiction}.")
            self._fault_by_combination[index] = (fault, self._header.name_in_file(contradiction), None)
        return builder.item

    def _value(self, name: str, number: int) -> CsvValue:
        if number == MISSING:
            return self._parameters.get(name)
        return INVALID if number == INVALID else self._caches[name].values[number]


def _text_or_none(value: CsvValue) -> str | None:
    return value if isinstance(value, str) else None
