from __future__ import annotations

from typing import TYPE_CHECKING

from ...._async.sender import AsyncSender
from ...._sync.sender import Sender

if TYPE_CHECKING:
    from ...._calls import Content
    from ...models.health import Health
    from ...models.readiness import Readiness


class Health(Sender):
    def get_health(
        self,
    ) -> Health:
        """Get the health of the server.

        Report that the server process answers. It asks no database: restart the process if this fails.
        """
        from . import get_health as _get_health

        return self._send(_get_health.call())

    def get_readiness(
        self,
    ) -> Readiness:
        """Get the readiness of the server.

        Report whether requests should be sent to this server: status 200 if so, otherwise 503, with every check.

        A result is used for a second, that of the walls for a minute. A check that takes 2 seconds has failed.
        """
        from . import get_readiness as _get_readiness

        return self._send(_get_readiness.call())


class AsyncHealth(AsyncSender):
    async def get_health(
        self,
    ) -> Health:
        """Get the health of the server.

        Report that the server process answers. It asks no database: restart the process if this fails.
        """
        from . import get_health as _get_health

        return await self._send(_get_health.call())

    async def get_readiness(
        self,
    ) -> Readiness:
        """Get the readiness of the server.

        Report whether requests should be sent to this server: status 200 if so, otherwise 503, with every check.

        A result is used for a second, that of the walls for a minute. A check that takes 2 seconds has failed.
        """
        from . import get_readiness as _get_readiness

        return await self._send(_get_readiness.call())
