"""The newest checkpoint of the custody log, to be printed, read out or photographed: whoever kept it can tell later that the log only grew."""

import io

import segno
from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.dependencies import Context, CurrentActor
from api.web.rendering import render
from integrity.checkpoint import open_checkpoint, short_code
from service.custody.change_key import verifier_key_of
from service.custody.prove_event import newest_checkpoint

router = APIRouter(prefix="/log")


@router.get("/checkpoint")
def get_checkpoint(request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show the newest time-stamped checkpoint with its short code and as a QR code."""
    found = newest_checkpoint(context)
    code = short_code(open_checkpoint(found.note, [found.log_key]).checkpoint)
    manifest_key = verifier_key_of(context.manifest_signer)
    return render(
        request, "custody/checkpoint.html", actor=actor, found=found, short_code=code, picture=_picture(found.note), manifest_key=manifest_key
    )


def _picture(note: str) -> Markup:
    """The whole note as a QR code (ISO/IEC 18004), drawn as SVG without styles."""
    drawing = io.BytesIO()
    segno.make_qr(note.encode(), error="m").save(
        drawing, kind="svg", xmldecl=False, svgns=True, scale=4, border=4, svgclass="qr", lineclass=None, omitsize=True
    )
    return Markup(drawing.getvalue().decode())  # noqa: S704 - drawn here, from digits and letters of a signed note
