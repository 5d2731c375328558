from __future__ import annotations

from ...._core import AsyncCaller, Caller, Content
from ...models.me import Me
from . import get_me as _get_me


class Partners(Caller):
    def get_me(
        self,
    ) -> Me:
        """Who the key belongs to.

        The client, its organisation and scopes in each programme, and when the key expires.
        """
        return self._send(_get_me.call())


class AsyncPartners(AsyncCaller):
    async def get_me(
        self,
    ) -> Me:
        """Who the key belongs to.

        The client, its organisation and scopes in each programme, and when the key expires.
        """
        return await self._send(_get_me.call())
