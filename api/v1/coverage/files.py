"""Coverage of an agency as a file."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.coverage_files import FileQuery, file_response
from api.dependencies import Context, CurrentActor
from service.language import Language

router = APIRouter(prefix="/coverage/files", tags=["coverage"])


class FileQueryInLanguage(FileQuery):
    """Likewise, in which language."""

    language: Language = Language.ZH_CN


@router.get("")
def get_file(context: Context, actor: CurrentActor, query: Annotated[FileQueryInLanguage, Query()]) -> Response:
    """Give an agency's coverage, frozen, as XLSX, PDF or CSV."""
    return file_response(context, query, actor=actor, language=query.language)
