"""Coverage of an agency as a file, in the visitor's language."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.coverage_files import FileQuery, file_response
from api.dependencies import Context, CurrentActor
from api.web.rendering import texts_of

router = APIRouter(prefix="/coverage/files")


@router.get("")
def get_file(request: Request, context: Context, actor: CurrentActor, query: Annotated[FileQuery, Query()]) -> Response:
    """Give an agency's coverage, frozen, as XLSX, PDF or CSV."""
    return file_response(context, query, actor=actor, language=texts_of(request).language)
