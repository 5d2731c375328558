from __future__ import annotations

from typing import TYPE_CHECKING

from ...._async.sender import AsyncSender
from ...._sync.sender import Sender

if TYPE_CHECKING:
    from ...._calls import Content
    from ...models.me import Me


class Partners(Sender):
    def get_me(
        self,
    ) -> Me:
        """Get the caller and its grants.

        Return the client, its organisation and scopes in each programme, and when its key expires.
        """
        from . import get_me as _get_me

        return self._send(_get_me.call())


class AsyncPartners(AsyncSender):
    async def get_me(
        self,
    ) -> Me:
        """Get the caller and its grants.

        Return the client, its organisation and scopes in each programme, and when its key expires.
        """
        from . import get_me as _get_me

        return await self._send(_get_me.call())
