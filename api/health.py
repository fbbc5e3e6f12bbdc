"""Whether the service lives, is ready, and how it does; for machines."""

from http import HTTPStatus

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from api.dependencies import Context
from service.health import read_metrics, read_readiness

router = APIRouter(tags=["health"])

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer as long as the process lives."""
    return {"status": "alive"}


@router.get("/readyz")
def readyz(context: Context) -> Response:
    """Answer 200 when database, store, lock probe and log are well, else 503; the body says which is not."""
    readiness = read_readiness(context)
    body = {"ready": readiness.is_ready, "parts": {part.name: {"well": part.is_well, "detail": part.detail} for part in readiness.parts}}
    return JSONResponse(body, status_code=HTTPStatus.OK if readiness.is_ready else HTTPStatus.SERVICE_UNAVAILABLE)


@router.get("/metrics")
def metrics(context: Context) -> Response:
    """Figures in the Prometheus text format."""
    figures = read_metrics(context)
    names = sorted({name.partition("{")[0] for name in figures})
    lines = [f"# TYPE {name} gauge" for name in names] + [f"{name} {value}" for name, value in sorted(figures.items())]
    return PlainTextResponse("\n".join(lines) + "\n", media_type=_PROMETHEUS)
