"""A witness over HTTP (C2SP tlog-witness); an application of its own, beside the service's.

Its body is read piece by piece, because strangers may send to it and nothing longer than a checkpoint is taken.
"""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from integrity.witness import Verdict
from service.witness.co_sign import Witness, co_sign

MAX_BODY_BYTES = 128 * 1024
_SIZE_TYPE = "text/x.tlog.size"
_STATUS = {
    Verdict.SIGNED: HTTPStatus.OK,
    Verdict.UNKNOWN_LOG: HTTPStatus.NOT_FOUND,
    Verdict.BAD_SIGNATURE: HTTPStatus.FORBIDDEN,
    Verdict.MALFORMED: HTTPStatus.BAD_REQUEST,
    Verdict.OTHER_SIZE: HTTPStatus.CONFLICT,
    Verdict.ROLLED_BACK: HTTPStatus.CONFLICT,
    Verdict.FORKED: HTTPStatus.UNPROCESSABLE_ENTITY,
}


def create_witness_app(witness: Witness) -> FastAPI:
    """Build the application of a witness."""
    app = FastAPI(title="Bodycam Evidence witness", version="0.1.0", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        answer = await run_in_threadpool(co_sign, witness, bytes(body))
        status = _STATUS[answer.verdict]
        if status == HTTPStatus.OK:
            return Response(answer.line, media_type="text/plain")
        if status == HTTPStatus.CONFLICT:
            return Response(f"{answer.seen_size}\n", status_code=status, headers={"Content-Type": _SIZE_TYPE})
        return Response(f"{answer.verdict}\n", status_code=status, media_type="text/plain")

    return app
