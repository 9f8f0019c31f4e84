"""Tenants that a run makes, for the process that plans what is inside of them.

The resource of a tenant is planned by another process of the provider: that of another provider
block. What it writes down in the record of the run says that the tenant is on its way.
"""

from __future__ import annotations

from penstock_provider.api import ApiError
from penstock_provider.client import Client, Tenancy
from penstock_provider.run_file import Record


class RunTenancy(Tenancy):
    """What one run declares about the tenant of a provider block."""

    def __init__(self, client: Client, record: Record) -> None:
        self._client = client
        self._record = record
        self._near: str | None = None

    @property
    def is_declared(self) -> bool:
        """Whether this run makes the tenant; read anew, for it may have been planned just now."""
        return self._client.settings.tenant in self._declared()

    def explained(self, error: ApiError) -> ApiError:
        """Says what looks like it, or that what is inside has come before its tenant."""
        if self.is_declared:
            more = "This configuration declares it, but nothing says that it comes first."
        else:
            if self._near is None:
                self._near = self._nearest()
            more = f"Did you mean `{self._near}`?" if self._near else ""
        detail = f"{error.detail} {more}".rstrip()
        return ApiError(error.status, error.code, detail, problems=error.problems)

    def _declared(self) -> set[str]:
        patterns = self._record.read() or ()
        here = self._client.settings.endpoint
        return {
            each.namespace
            for each in patterns
            if each.kind == "tenant" and each.namespace and each.endpoint in (None, here)
        }

    def _nearest(self) -> str:
        """The name that looks most like the one that is not there; empty when none does."""
        import difflib  # noqa: PLC0415 (only mistakes need it)

        names = self._declared()
        try:
            found = self._client.request("GET", "/tenants?limit=1000").json.get("items")
        except ApiError:
            # Only tokens of scope `server` may see them.
            found = None
        for form in found if isinstance(found, list) else ():
            if isinstance(form, dict):
                names.add(str(form.get("id")))
        return next(iter(difflib.get_close_matches(self._client.settings.tenant, names, n=1)), "")
