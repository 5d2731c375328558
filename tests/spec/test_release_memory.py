"""How much a process remembers of answers."""

from uuid import UUID

from api.outcomes.cache import OVERHEAD, RELEASES, Answer, From, Memory

SOURCE = From(which=("harbour", None), publication=UUID(int=1))


def of(size: int) -> Answer:
    return Answer(source=SOURCE, headers=[], body=b"x" * (size - OVERHEAD))


def test_what_was_asked_for_last_is_kept():
    memory = Memory(most=10_000)
    for name in "abc":
        memory.keep((name, b""), of(3000))
    assert memory.answer(("a", b"")) is not None
    memory.keep(("d", b""), of(3000))
    assert [name for name in "abcd" if memory.answer((name, b""))] == ["a", "c", "d"]


def test_a_new_answer_takes_the_place_of_the_old_one():
    memory = Memory(most=10_000)
    for size in (6000, 5000, 4000):
        memory.keep(("a", b""), of(size))
    memory.keep(("b", b""), of(6000))
    kept = [memory.answer((name, b"")) for name in "ab"]
    assert [len(one.body) + OVERHEAD for one in kept if one] == [4000, 6000]


def test_an_answer_that_is_too_large_is_not_kept_nor_is_anything_lost_count_of():
    memory = Memory(most=10_000)
    memory.keep(("a", b""), of(12_000))
    memory.keep(("b", b""), of(10_000))
    assert (memory.answer(("a", b"")), memory.answer(("b", b"")) is not None) == (None, True)


def test_the_query_is_part_of_the_question():
    memory = Memory()
    memory.keep(("a", b"sex=female"), of(2000))
    assert memory.answer(("a", b"sex=male")) is None


def test_releases_are_known_until_there_are_too_many():
    memory = Memory()
    for number in range(RELEASES + 1):
        memory.know(UUID(int=number), None)
    assert list(memory.releases) == [UUID(int=number) for number in range(1, RELEASES + 1)]
