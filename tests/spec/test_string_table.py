"""Numbers of distinct words and of distinct combinations."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.submissions.reading import string_table
from api.submissions.reading.string_table import CombinationTable, StringTable


def number_words(table: StringTable, words: list[bytes]) -> list[bytes]:
    text = b"".join(words) + bytes(80)
    length = np.array([len(word) for word in words], dtype=np.int64)
    word_by_number = {number: word for word, number in table.index_by_word.items()}
    numbers = table.assign_numbers(text, np.cumsum(length) - length, length).tolist()
    word_by_number |= {number: word for word, number in table.index_by_word.items()}
    return [word_by_number[number] for number in numbers]


WORDS = st.lists(st.lists(st.binary(max_size=80).map(lambda raw: raw.replace(b"\0", b"0")), min_size=1), max_size=4)


@example([[b"", b"x" * 65]], False)  # blank words and one longer than a short word
@given(WORDS, st.booleans())
def test_words_are_distinguished_by_all_their_bytes(chunks, colliding):
    with pytest.MonkeyPatch.context() as patch:
        if colliding:  # keys depend only on the first eight bytes
            patch.setattr(string_table, "_HASH_FACTORS", np.array([1] + [0] * 7, dtype=np.uint64))
        table = StringTable()
        for chunk in chunks:
            assert number_words(table, chunk + chunk[::-1]) == chunk + chunk[::-1]


def test_words_with_the_same_key_are_distinguished(monkeypatch):
    monkeypatch.setattr(string_table, "_HASH_FACTORS", np.array([1] + [0] * 7, dtype=np.uint64))
    table = StringTable()
    word_list = [b"measure-one", b"measure-two", b"measure-", b"measure-one", b"measure-three-and-more"]
    assert number_words(table, word_list) == word_list
    assert number_words(table, word_list[::-1]) == word_list[::-1]


@given(st.lists(st.tuples(*[st.integers(-2, 2**31 - 1)] * 4), min_size=1))
@example([(0, 0, 0, 2**31 - 1), (2**31 - 1, 0, 0, 0), (0, 2**31 - 1, 2**20, 0), (0, 0, 0, 2**31 - 1)])
def test_combinations_are_numbered_in_order_of_appearance(rows):
    combined = CombinationTable()
    numbers = combined.assign_numbers([np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)])
    assert numbers.tolist() == [list(dict.fromkeys(rows)).index(row) for row in rows]
    assert list(combined.index_by_combination) == list(dict.fromkeys(rows))
