"""What a form sent, read."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

_URLENCODED = "application/x-www-form-urlencoded"
# A reader has at most 200 topics, each with a box of its own.
_MOST_FIELDS = 1000


async def _read(request: Request) -> FormData:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _URLENCODED:
        text = (await request.body()).decode("utf-8", "replace")
        try:
            typed = parse_qsl(
                text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace"
            )
        except ValueError:
            raise HTTPException(422) from None
        return FormData([*typed])
    async with request.form(max_fields=_MOST_FIELDS) as form:
        return FormData([pair for pair in form.multi_items() if isinstance(pair[1], str)])


# A route's argument: the fields as text, in their order; none where no form was sent.
Sent = Annotated[FormData, Depends(_read)]
