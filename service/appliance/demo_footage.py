"""Footage for a simulated recorder's card: moving pictures that say DEMO and what time it is in them."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from service.appliance.demo_plan import ClipPlan, DockingPlan, Spoiling
from service.appliance.demo_track import make_log

_WIDTH, _HEIGHT = 640, 360
_FRAME_RATE = 15
_KEY_FRAME_EVERY = 30
_OPTIONS = {"preset": "ultrafast", "crf": "30"}
_WHITE = (255, 255, 255)


def make_card(folder: Path, plan: DockingPlan) -> None:
    """Make every clip of a docking below a folder, which appears under its name only when all of it is there.

    Beside the last clip of every second docking lies its GPS log.

    Raises:
        OSError: The disk is full or the folder cannot be made.
    """
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    for number, clip in enumerate(plan.clips):
        file = unfinished / clip.path
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_clip(file, clip, label=f"{plan.serial} {plan.officer}", hue=(plan.number * 41 + number * 17) % 180)
        _end(file, clip)
    if plan.number % 2 == 0:
        last = plan.clips[-1]
        log = (unfinished / last.path).with_suffix(".NMEA")
        log.write_bytes(make_log(last.recorded_at, last.length_s, number=plan.number))
        _end(log, last)
    unfinished.rename(folder)


def _end(file: Path, clip: ClipPlan) -> None:
    ended = (clip.recorded_at + timedelta(seconds=clip.length_s)).timestamp()
    os.utime(file, (ended, ended))


def _write_clip(file: Path, clip: ClipPlan, *, label: str, hue: int) -> None:
    with av.open(str(file), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=_FRAME_RATE, options=_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        stream.codec_context.gop_size = _KEY_FRAME_EVERY
        stream.codec_context.thread_count = 1
        street = _street(hue)
        for number in range(clip.length_s * _FRAME_RATE):
            at = clip.recorded_at + timedelta(seconds=number / _FRAME_RATE)
            picture = np.zeros_like(street) if clip.spoiling is Spoiling.COVERED_LENS else _picture(street, number, at, label)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        output.mux(stream.encode())
    if clip.spoiling is Spoiling.CUT_OFF:
        os.truncate(file, file.stat().st_size // 2)


def _street(hue: int) -> Any:
    """A ground that brightens from top to bottom, in one colour."""
    ground = np.empty((_HEIGHT, _WIDTH, 3), np.uint8)
    ground[:, :, 0], ground[:, :, 1] = hue, 90
    ground[:, :, 2] = np.linspace(70, 190, _HEIGHT, dtype=np.uint8)[:, np.newaxis]
    return cv2.cvtColor(ground, cv2.COLOR_HSV2BGR)


def _picture(street: Any, number: int, at: datetime, label: str) -> Any:
    """One frame: something drives by, the text stands."""
    picture = street.copy()
    left = (number * 6) % (_WIDTH + 160) - 160
    cv2.rectangle(picture, (left, 210), (left + 150, 270), (60, 60, 200), -1)
    for wheel in (left + 35, left + 115):
        cv2.circle(picture, (wheel, 272), 16, (30, 30, 30), -1)
    _write(picture, "DEMO", (20, 80), 2.4)
    _write(picture, f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 100_000}", (20, 130), 0.9)
    _write(picture, label, (20, 335), 0.8)
    return picture


def _write(picture: Any, text: str, place: tuple[int, int], size: float) -> None:
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, _WHITE, 2, cv2.LINE_AA)
