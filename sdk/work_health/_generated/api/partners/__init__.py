from __future__ import annotations

from typing import TYPE_CHECKING

from ...._async.sender import AsyncSender
from ...._sync.sender import Sender

if TYPE_CHECKING:
    from ...._calls import Content
    from ...models.client_key import ClientKey
    from ...models.client_key_list import ClientKeyList
    from ...models.issued_key import IssuedKey
    from ...models.me import Me
    from ...models.new_key import NewKey


class Partners(Sender):
    def get_me(
        self,
    ) -> Me:
        """Get the caller and its grants.

        Return the client, its organisation and scopes in each programme, and when its key expires.
        """
        from . import get_me as _get_me

        return self._send(_get_me.call())

    def list_keys(
        self,
    ) -> ClientKeyList:
        """List the client's keys.

        Return the keys of the caller's client, without their secrets: the valid ones, and the newest 100 of all.
        """
        from . import list_keys as _list_keys

        return self._send(_list_keys.call())

    def create_key(
        self,
        key: NewKey,
    ) -> IssuedKey:
        """Create a key to replace the one in use.

        Create a key of the same client, with the same grants, and let the key in use end after the overlap.

        The response is the only one that contains the secret. There is no Idempotency-Key: the server would have to
        store the secret. If the response is lost, revoke the lost key and create another.
        A client has at most 3 valid keys.
        """
        from . import create_key as _create_key

        return self._send(
            _create_key.call(
                key=key,
            )
        )

    def revoke_key(
        self,
        key: str,
    ) -> ClientKey:
        """Revoke a key of the client.

        Revoke a key permanently, also the one in use. Revoking it again changes nothing.
        """
        from . import revoke_key as _revoke_key

        return self._send(
            _revoke_key.call(
                key,
            )
        )


class AsyncPartners(AsyncSender):
    async def get_me(
        self,
    ) -> Me:
        """Get the caller and its grants.

        Return the client, its organisation and scopes in each programme, and when its key expires.
        """
        from . import get_me as _get_me

        return await self._send(_get_me.call())

    async def list_keys(
        self,
    ) -> ClientKeyList:
        """List the client's keys.

        Return the keys of the caller's client, without their secrets: the valid ones, and the newest 100 of all.
        """
        from . import list_keys as _list_keys

        return await self._send(_list_keys.call())

    async def create_key(
        self,
        key: NewKey,
    ) -> IssuedKey:
        """Create a key to replace the one in use.

        Create a key of the same client, with the same grants, and let the key in use end after the overlap.

        The response is the only one that contains the secret. There is no Idempotency-Key: the server would have to
        store the secret. If the response is lost, revoke the lost key and create another.
        A client has at most 3 valid keys.
        """
        from . import create_key as _create_key

        return await self._send(
            _create_key.call(
                key=key,
            )
        )

    async def revoke_key(
        self,
        key: str,
    ) -> ClientKey:
        """Revoke a key of the client.

        Revoke a key permanently, also the one in use. Revoking it again changes nothing.
        """
        from . import revoke_key as _revoke_key

        return await self._send(
            _revoke_key.call(
                key,
            )
        )
