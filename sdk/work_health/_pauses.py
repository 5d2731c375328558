"""Pauses between attempts, for each of the two clients."""

import time


def sleep(seconds: float) -> None:
    time.sleep(seconds)


async def sleep_async(seconds: float) -> None:
    import asyncio  # importing it takes a third of the time of importing this package

    await asyncio.sleep(seconds)
