"""Small files of moving pictures in many containers and codecs."""

from io import BytesIO

import av
import cv2
import numpy as np

AUDIO_FORMATS = {"aac": "fltp", "pcm_s16le": "s16", "mp2": "s16"}


def make_video(container="mp4", codec="libx264", *, pixels="yuv420p", sound=None, is_dark=False, frames=30):
    target = BytesIO()
    with av.open(target, "w", format=container) as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, pixels
        audio = output.add_stream(sound, rate=48_000, layout="mono") if sound else None
        for number in range(frames):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(_picture(number, is_dark=is_dark), format="bgr24")))
        output.mux(stream.encode())
        if audio is not None:
            output.mux(audio.encode(_silence(AUDIO_FORMATS[sound])))
            output.mux(audio.encode())
    return target.getvalue()


def make_sound():
    """Sound alone, in MP4."""
    target = BytesIO()
    with av.open(target, "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=48_000, layout="mono")
        for _ in range(20):
            frame = _silence("fltp")
            frame.pts = None
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return target.getvalue()


def _picture(number, *, is_dark):
    picture = np.zeros((180, 320, 3), np.uint8)
    if not is_dark:
        picture[:] = (80, 120, 90)
        cv2.putText(picture, f"{number}", (20, 90), cv2.FONT_HERSHEY_SIMPLEX, 2, (255, 255, 255), 3)
    return picture


def _silence(layout):
    shape = (1, 1152) if layout == "s16" else (1, 1024)
    frame = av.AudioFrame.from_ndarray(np.zeros(shape, np.float32 if layout == "fltp" else np.int16), format=layout, layout="mono")
    frame.sample_rate, frame.pts = 48_000, 0
    return frame
