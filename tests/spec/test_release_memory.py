"""How much a process remembers of answers."""

from uuid import UUID

from api.outcomes.cache import MAX_RELEASES, RESPONSE_OVERHEAD_BYTES, CachedResponse, CacheSource, ReleaseCache

SOURCE = CacheSource(selector=("harbour", None), publication=UUID(int=1))


def of(size: int) -> CachedResponse:
    return CachedResponse(source=SOURCE, headers=[], body=b"x" * (size - RESPONSE_OVERHEAD_BYTES))


def test_what_was_asked_for_last_is_kept():
    memory = ReleaseCache(max_bytes=10_000)
    for name in "abc":
        memory.store_response((name, b""), of(3000))
    assert memory.find_response(("a", b"")) is not None
    memory.store_response(("d", b""), of(3000))
    assert [name for name in "abcd" if memory.find_response((name, b""))] == ["a", "c", "d"]


def test_a_new_answer_takes_the_place_of_the_old_one():
    memory = ReleaseCache(max_bytes=10_000)
    for size in (6000, 5000, 4000):
        memory.store_response(("a", b""), of(size))
    memory.store_response(("b", b""), of(6000))
    kept = [memory.find_response((name, b"")) for name in "ab"]
    assert [len(one.body) + RESPONSE_OVERHEAD_BYTES for one in kept if one] == [4000, 6000]


def test_an_answer_that_is_too_large_is_not_kept_nor_is_anything_lost_count_of():
    memory = ReleaseCache(max_bytes=10_000)
    memory.store_response(("a", b""), of(12_000))
    memory.store_response(("b", b""), of(10_000))
    assert (memory.find_response(("a", b"")), memory.find_response(("b", b"")) is not None) == (None, True)


def test_the_query_is_part_of_the_question():
    memory = ReleaseCache()
    memory.store_response(("a", b"sex=female"), of(2000))
    assert memory.find_response(("a", b"sex=male")) is None


def test_releases_are_known_until_there_are_too_many():
    memory = ReleaseCache()
    for number in range(MAX_RELEASES + 1):
        memory.add_release(UUID(int=number), None)
    assert list(memory.releases) == [UUID(int=number) for number in range(1, MAX_RELEASES + 1)]
