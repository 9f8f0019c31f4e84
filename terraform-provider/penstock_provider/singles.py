"""Objects outside of namespaces: few, so that each call is a request of its own."""

from __future__ import annotations

from penstock_provider.api import UNKNOWN_TENANT, ApiError, Json
from penstock_provider.client import Client
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.values import JsonValue

_GONE = 404


class Singles:
    """Reads and writes by address, for one configured provider."""

    def __init__(self, loop: Loop, client: Client) -> None:
        self._loop = loop
        self._client = client

    @property
    def owner(self) -> str:
        """Whose objects are written."""
        return self._client.settings.owner

    async def get(self, path: str) -> Json | None:
        """The object's form, or None when it is not there."""
        try:
            return await self._request("GET", path)
        except ApiError as error:
            if error.status == _GONE and error.code == "not-found":
                return None
            raise

    async def put(self, path: str, body: Json, if_match: str | None = None) -> Json:
        """Writes the object and returns its form."""
        return await self._request("PUT", path, body, if_match)

    async def post(self, path: str, body: Json) -> Json:
        """Asks for something."""
        return await self._request("POST", path, body)

    async def delete(self, path: str) -> None:
        """Removes the object; absent is fine."""
        try:
            await self._loop.in_thread(lambda: self._client.request("DELETE", path))
        except ApiError as error:
            if error.status != _GONE or error.code not in ("not-found", UNKNOWN_TENANT):
                raise

    async def _request(
        self, method: str, path: str, body: JsonValue = None, if_match: str | None = None
    ) -> Json:
        headers = {} if if_match is None else {"If-Match": f'"{if_match}"'}
        response = await self._loop.in_thread(
            lambda: self._client.request(method, path, body, headers=headers)
        )
        return response.json
