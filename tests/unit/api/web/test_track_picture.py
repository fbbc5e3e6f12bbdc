"""A track as a picture."""

from hypothesis import given
from hypothesis import strategies as st

from api.web.clips.track_picture import HEIGHT, WIDTH, draw_line, view_track

POINTS = st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=30)


def places(picture):
    return [tuple(map(float, pair.split(","))) for pair in picture.points.split()]


@given(POINTS)
def test_every_line_lies_within_its_picture_and_its_scale_is_a_round_length(line):
    picture = draw_line(line)

    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places(picture))
    assert len(places(picture)) == len(line)
    assert 0 < picture.scale_length <= 0.31 * WIDTH
    assert str(picture.scale_m).rstrip("0") in {"1", "2", "5"}


@given(st.floats(-80, 80), st.floats(-170, 170), st.floats(0.0005, 0.5), st.floats(0.0005, 0.5))
def test_north_is_up_and_east_is_right(latitude, longitude, north, east):
    (left, low), (right, high) = places(draw_line([(latitude, longitude), (latitude + north, longitude + east)]))

    assert left <= right
    assert high <= low
    assert (left, low) != (right, high)


def test_a_kilometre_along_the_equator_is_as_long_as_the_scale_says():
    picture = draw_line([(0.0, 10.0), (0.0, 10.0 + 1000 / 111_195)])

    (left, _), (right, _) = places(picture)

    assert picture.scale_m == 200
    assert abs((right - left) / picture.scale_length - 5) < 0.01


def test_somebody_who_stood_still_is_a_point_in_the_middle():
    assert draw_line([(31.2, 121.4)] * 5).start == (WIDTH / 2, HEIGHT / 2)


def test_a_line_across_the_date_line_does_not_go_round_the_earth():
    assert draw_line([(10.0, 179.9), (10.0, -179.9)]).scale_m < 20_000


def test_a_clip_without_a_track_has_no_view_and_an_empty_track_no_picture():
    facts = {"first_at": None, "last_at": None, "line": []}

    assert view_track(None) is None
    assert view_track({"error": "damaged"}) is None
    assert view_track({"track": facts}).picture is None
