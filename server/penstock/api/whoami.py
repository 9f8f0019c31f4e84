"""Who the caller is, and whether both sides understand each other."""

from __future__ import annotations

from fastapi import APIRouter, Response

from penstock import __version__
from penstock.api.access import Caller
from penstock.api.answer import Answer
from penstock.api.document import answers
from penstock.api.shape import NUMBER, TEXT, thing

router = APIRouter(tags=["whoami"])
API_VERSION = 1
"""Grows when a client of the number before would no longer understand the answers."""


@router.get(
    "/whoami",
    **answers(
        thing(actor=TEXT, tenant=TEXT, access=TEXT, scope=TEXT, version=TEXT, apiVersion=NUMBER)
    ),
)
async def whoami(caller: Caller) -> Response:
    """Says whom the token belongs to, and what it allows."""
    return Answer(
        {
            "actor": caller.actor,
            "tenant": caller.tenant,
            "access": caller.access,
            "scope": caller.scope,
            "version": __version__,
            "apiVersion": API_VERSION,
        }
    )
