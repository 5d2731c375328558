"""Parse the distinct words of a CSV column, each once."""

from itertools import islice

import numpy as np

from api.submissions.cell_columns import MISSING, Column
from api.submissions.reading.csv_scanner import Records, unescape_word
from api.submissions.reading.csv_values import CsvValue, ValueParser
from api.submissions.reading.faults import INVALID, Fault, Faults
from api.submissions.reading.limits import MAX_DISTINCT_BYTES, MAX_DISTINCT_VALUES
from api.submissions.reading.string_table import StringTable


class CsvValueCache:
    """The values of a column's words. Words with equal values have the same number."""

    def __init__(self, parse: ValueParser) -> None:
        self._parse = parse
        self._strings = StringTable()
        self._number_by_string: list[int] = []
        self._fault_by_string: dict[int, tuple[Fault, str]] = {}  # with the word
        self._number_by_value: dict[CsvValue, int] = {}
        self.values: list[CsvValue] = []

    @property
    def is_full(self) -> bool:
        return len(self._number_by_string) > MAX_DISTINCT_VALUES or self._strings.byte_count > MAX_DISTINCT_BYTES

    def assign_numbers(self, records: Records, start: Column, length: Column, column: str, faults: Faults) -> Column:
        """Return the number of each record's value: MISSING if it is blank, INVALID if it has a fault."""
        strings = self._strings.assign_numbers(records.text, start, length)
        for raw in islice(self._strings.index_by_word, len(self._number_by_string), None):
            self._number_by_string.append(self._number_of(unescape_word(raw)))
        numbers = np.array(self._number_by_string, dtype=np.int64)[strings]
        if self._fault_by_string:
            for position in np.flatnonzero(numbers == INVALID).tolist():
                fault, word = self._fault_by_string[int(strings[position])]
                faults.add(fault, rows=[int(records.row[position])], column=column, actual=word)
        return numbers

    def _number_of(self, word: str) -> int:
        value = self._parse(word)
        if isinstance(value, Fault):
            self._fault_by_string[len(self._number_by_string)] = (value, word)
            return INVALID
        if value is None:
            return MISSING
        if value not in self._number_by_value:
            self._number_by_value[value] = len(self.values)
            self.values.append(value)
        return self._number_by_value[value]
