"""`python -m api fetch …` refuses files without end, files that grow when decompressed, and other sites."""

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from api.sources import downloading
from api.sources.downloading import DownloadRefused, KeyOverHttp, download_file, refuse_key_over_http
from api.sources.tables import UnexpectedSourceFormat

ADDRESS = "https://statistics.example/file.csv"
MEGABYTE = 2**20
Respond = Callable[[httpx2.Request], httpx2.Response]


async def download(respond: Respond, address: str = ADDRESS, **more) -> downloading.Download:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(respond)) as http:
        return await download_file(http, address, {"date": "latest"}, **more)


def plain() -> httpx2.Response:
    return httpx2.Response(200, stream=httpx2.ByteStream(b"a,b\n1,2\n"))


def redirect(*targets: str) -> Respond:
    """Redirect to each target in turn, then send a file."""
    remaining = list(targets)

    def respond(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(302, headers={"Location": remaining.pop(0)}) if remaining else plain()

    return respond


def compressed(content: bytes, encoding: str = "gzip") -> httpx2.Response:
    return httpx2.Response(200, headers={"Content-Encoding": encoding}, stream=httpx2.ByteStream(content))


async def test_compressed_file_is_decompressed():
    file = await download(lambda _: compressed(gzip.compress(b"a,b\n1,2\n")))
    assert (file.status_code, file.content) == (200, b"a,b\n1,2\n")


async def test_only_gzip_is_requested():
    encodings: list[str] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        encodings.append(request.headers["Accept-Encoding"])
        return plain()

    await download(respond)
    assert encodings == ["gzip"]


async def test_file_without_end_is_refused():
    sent_megabytes = 0

    async def stream() -> AsyncIterator[bytes]:
        nonlocal sent_megabytes
        while True:
            sent_megabytes += 1
            yield bytes(MEGABYTE)

    with pytest.raises(DownloadRefused):
        await download(lambda _: httpx2.Response(200, content=stream()))
    assert sent_megabytes == downloading.MAX_WIRE_BYTES // MEGABYTE + 1


async def test_decompression_bomb_is_refused_within_bounded_memory():
    bomb = gzip.compress(bytes(8 * downloading.MAX_FILE_BYTES), compresslevel=1)
    tracemalloc.start()
    try:
        with pytest.raises(DownloadRefused):
            await download(lambda _: compressed(bomb))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 3 * downloading.MAX_FILE_BYTES


async def test_trickling_file_is_cut_off():
    async def stream() -> AsyncIterator[bytes]:
        while True:
            yield b"1"
            await asyncio.sleep(0.01)

    with pytest.raises(httpx2.ReadTimeout):
        await download(lambda _: httpx2.Response(200, content=stream()), max_seconds=0.1)


@pytest.mark.parametrize(
    "response",
    [
        compressed(b"a,b\n1,2\n"),
        compressed(gzip.compress(b"a,b\n1,2\n")[:-4]),
        compressed(b"a,b\n1,2\n", "br"),
        compressed(b"a,b\n1,2\n", "gzip, gzip"),
    ],
    ids=["not gzip", "cut off", "another encoding", "two encodings"],
)
async def test_damaged_compression_is_refused(response: httpx2.Response):
    with pytest.raises(UnexpectedSourceFormat):
        await download(lambda _: response)


@pytest.mark.parametrize(
    "targets",
    [
        ["/new/file.csv"],
        ["https://statistics.example/new/file.csv"],
        ["https://www.statistics.example/file.csv", "https://statistics.example/new/file.csv"],
    ],
)
async def test_redirects_within_the_site_are_followed(targets: list[str]):
    assert (await download(redirect(*targets))).status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "http://statistics.example/file.csv",
        "https://files.example/file.csv",
        "https://statistics.example.attacker.example/file.csv",
        "https://statistics.example:8443/file.csv",
        "https://statistics.example@attacker.example/file.csv",
        "http://127.0.0.1:8000/v1/me",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
    ],
)
async def test_redirects_to_other_sites_are_refused(target: str):
    requested: list[str] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        requested.append(str(request.url.host))
        return httpx2.Response(302, headers={"Location": target})

    with pytest.raises((DownloadRefused, httpx2.UnsupportedProtocol)):
        await download(respond)
    assert requested == ["statistics.example"]


async def test_endless_redirects_are_refused():
    with pytest.raises(DownloadRefused):
        await download(redirect(*["/file.csv"] * 20))


@pytest.mark.parametrize("address", ["http://statistics.example/file.csv", "ftp://statistics.example/file.csv"])
async def test_publisher_without_encryption_is_refused(address: str):
    with pytest.raises((DownloadRefused, httpx2.UnsupportedProtocol)):
        await download(redirect(), address)


async def test_messages_contain_no_password():
    with pytest.raises(DownloadRefused) as refusal:
        await download(redirect(), "http://name:password@statistics.example/file.csv?token=secret")
    assert not {"password", "secret"} & set(str(refusal.value).replace("?", ":").replace("@", ":").split(":"))
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "server", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000", "https://returns.example"]
)
def test_key_is_sent_to_this_machine_or_encrypted(server: str):
    refuse_key_over_http(server)


@pytest.mark.parametrize("server", ["http://returns.example", "http://10.0.0.5:8000", "http://127.0.0.1.example"])
def test_key_is_not_sent_unencrypted(server: str):
    with pytest.raises(KeyOverHttp):
        refuse_key_over_http(server)
