"""The application: routes, headers, problems, around one context."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from api.headers import SecurityHeaders
from api.health import router as health
from api.live import LiveStreams
from api.problems import install_problem_handlers
from api.v1.router import router as v1
from api.web.problem_pages import problem_page
from api.web.rendering import STATIC
from api.web.router import router as web
from service.bootstrap import build_context
from service.context import ServiceContext
from service.settings import read_settings


def create_app(context: ServiceContext | None = None) -> FastAPI:
    """Build the application.

    Args:
        context: What use cases need; built from ``BODYCAM_*`` variables when not given, and then disposed of at the end.
    """
    own = context or build_context(read_settings())
    live = LiveStreams()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with live.heeding_signals():
            yield
        if context is None:
            own.dispose()

    app = FastAPI(title="Bodycam Evidence", version="0.1.0", lifespan=lifespan, redoc_url=None)
    app.state.context = own
    app.state.live = live
    app.add_middleware(SecurityHeaders, is_tls=own.settings.public_url.startswith("https://"))
    install_problem_handlers(app, problem_page)
    app.include_router(health)
    app.include_router(v1)
    app.include_router(web)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
