"""The application: routes, headers, problems, around one context."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from api.headers import SecurityHeaders
from api.health import router as health
from api.problems import Problem, install_problem_handlers
from api.v1.router import router as v1
from service.bootstrap import build_context
from service.context import ServiceContext
from service.settings import read_settings


def create_app(context: ServiceContext | None = None) -> FastAPI:
    """Build the application.

    Args:
        context: What use cases need; built from ``BODYCAM_*`` variables when not given, and then disposed of at the end.
    """
    own = context or build_context(read_settings())

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if context is None:
            own.dispose()

    app = FastAPI(title="Bodycam Evidence", version="0.1.0", lifespan=lifespan, redoc_url=None)
    app.state.context = own
    app.add_middleware(SecurityHeaders, is_tls=own.settings.public_url.startswith("https://"))
    install_problem_handlers(app, _plain_problem)
    app.include_router(health)
    app.include_router(v1)
    return app


def _plain_problem(_request: Request, problem: Problem) -> Response:
    return PlainTextResponse(problem.detail, status_code=problem.status)
