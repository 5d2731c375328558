"""The cache of responses and its limits."""

from uuid import UUID

from api.outcomes.cache import MAX_RELEASES, RESPONSE_OVERHEAD_BYTES, CachedResponse, CacheSource, ReleaseCache

SOURCE = CacheSource(selector=("harbour", None), publication=UUID(int=1))


def make_response(size: int) -> CachedResponse:
    return CachedResponse(source=SOURCE, headers=[], body=b"x" * (size - RESPONSE_OVERHEAD_BYTES))


def test_most_recently_used_responses_stay_in_the_cache():
    memory = ReleaseCache(max_bytes=10_000)
    for name in "abc":
        memory.store_response((name, b""), make_response(3000))
    assert memory.find_response(("a", b"")) is not None
    memory.store_response(("d", b""), make_response(3000))
    assert [name for name in "abcd" if memory.find_response((name, b""))] == ["a", "c", "d"]


def test_new_response_replaces_the_old_one():
    memory = ReleaseCache(max_bytes=10_000)
    for size in (6000, 5000, 4000):
        memory.store_response(("a", b""), make_response(size))
    memory.store_response(("b", b""), make_response(6000))
    responses = [memory.find_response((name, b"")) for name in "ab"]
    assert [len(response.body) + RESPONSE_OVERHEAD_BYTES for response in responses if response] == [4000, 6000]


def test_response_that_is_too_large_is_not_cached():
    memory = ReleaseCache(max_bytes=10_000)
    memory.store_response(("a", b""), make_response(12_000))
    memory.store_response(("b", b""), make_response(10_000))
    assert (memory.find_response(("a", b"")), memory.find_response(("b", b"")) is not None) == (None, True)


def test_query_string_is_part_of_the_cache_key():
    memory = ReleaseCache()
    memory.store_response(("a", b"sex=female"), make_response(2000))
    assert memory.find_response(("a", b"sex=male")) is None


def test_oldest_releases_leave_the_cache():
    memory = ReleaseCache()
    for number in range(MAX_RELEASES + 1):
        memory.add_release(UUID(int=number), None)
    assert list(memory.releases) == [UUID(int=number) for number in range(1, MAX_RELEASES + 1)]
