"""What a browser, or a person with curl, finds at the server's address."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from penstock import __version__
from penstock.api.answer import Answer

router = APIRouter(include_in_schema=False)
IS_TENANTLESS = True
_LINKS = {
    "openapi": ("/openapi.json", "every path of the API, in OpenAPI"),
    "ready": ("/health/ready", "whether it takes executions"),
    "live": ("/health/live", "whether it lives"),
    "metrics": ("/metrics", "metrics for Prometheus"),
}
_ROWS = "".join(
    f'<li><a href="{path}"><code>{path}</code></a> {what}</li>' for path, what in _LINKS.values()
)
_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Penstock</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem;
  margin: 4rem auto; padding: 0 1rem }}
:root {{ color-scheme: light dark }}
</style>
<h1>Penstock {__version__}</h1>
<p>Orchestration managed as infrastructure. This server runs flows; declare them with Terraform,
with <code>penstock apply</code> or over the API, and look at them with
<code>penstock execution list</code>.</p>
<ul>{_ROWS}</ul>
</html>
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/")
async def welcome(request: Request) -> Response:
    """What this is: a page for browsers, JSON for everybody else. It tells nothing secret."""
    if "text/html" in request.headers.get("accept", ""):
        return Response(_PAGE, media_type="text/html", headers={**_HEADERS, "Vary": "Accept"})
    links = {name: path for name, (path, _) in _LINKS.items()}
    return Answer({"name": "penstock", "version": __version__, **links})
