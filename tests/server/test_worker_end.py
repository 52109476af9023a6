"""The worker ends when it is told to, also where a duty does not hear it the first time."""

import asyncio

from server.worker import end


async def test_ops_2b_a_duty_that_swallows_the_first_cancel_ends_all_the_same() -> None:
    heard = 0

    async def deaf() -> None:
        nonlocal heard
        while heard < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                heard += 1

    async def plain() -> None:
        await asyncio.sleep(60)

    duties = [asyncio.create_task(deaf()), asyncio.create_task(plain())]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end(duties)
    assert heard == 2
    assert all(duty.done() for duty in duties)
