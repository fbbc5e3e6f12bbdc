from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from api.web.coverage.trend_picture import HEIGHT, WIDTH, draw_trend
from service.coverage_outlook.forecast import Band
from service.coverage_outlook.targets import Tally, Target
from service.coverage_outlook.trend import TrendPoint, month_ends, weeks_before

TODAY = date(2026, 11, 24)
PLAN = (Target(date(2025, 12, 31), Decimal("0.9"), "0"), Target(date(2026, 12, 31), Decimal(1), "0"))


def point(day, share):
    return TrendPoint(day, Tally(share, 100))


def test_fewer_than_two_points_are_no_picture():
    assert draw_trend([], PLAN) is None
    assert draw_trend([point(TODAY, 50)], PLAN) is None


def test_higher_shares_are_higher_and_later_days_further_right():
    picture = draw_trend([point(date(2026, 1, 31), 80), point(TODAY, 95)], PLAN)

    assert picture.points[0].x < picture.points[1].x < picture.targets[-1].x
    assert picture.points[0].y > picture.points[1].y > picture.targets[-1].y
    assert picture.points[1].text == "2026-11-24 95.0%"
    assert picture.shares[0].text == "100%"


def test_a_target_before_the_first_point_is_not_drawn_and_the_next_one_is():
    picture = draw_trend([point(date(2026, 1, 31), 80), point(TODAY, 95)], PLAN)

    assert len(picture.targets) == 1


def test_the_band_opens_from_the_last_point_to_the_early_and_the_late_date():
    band = Band((1,) * 8, date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1))

    picture = draw_trend([point(date(2026, 1, 31), 80), point(TODAY, 95)], PLAN, band)

    assert picture.band.startswith(f"{picture.points[-1].x},{picture.points[-1].y} ")
    assert len(picture.band.split()) == 3
    assert draw_trend([point(date(2026, 1, 31), 80), point(TODAY, 95)], PLAN, Band((0,) * 8, None, None, None)).band == ""


@given(
    st.lists(st.integers(0, 100), min_size=2, max_size=30),
    st.integers(1, 40),
    st.one_of(st.none(), st.tuples(st.integers(1, 700), st.integers(0, 700))),
)
def test_everything_lies_within_the_picture(shares, days_between, ahead):
    trend = [point(TODAY - timedelta(days=days_between * number), share) for number, share in enumerate(shares)][::-1]
    band = None
    if ahead is not None:
        early = trend[-1].day + timedelta(days=ahead[0])
        band = Band((1,) * 8, early, early, early + timedelta(days=ahead[1]))

    picture = draw_trend(trend, PLAN, band)

    places = [(mark.x, mark.y) for mark in (*picture.points, *picture.targets, *picture.shares, *picture.years)]
    places += [tuple(map(float, place.split(","))) for place in picture.band.split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)


def test_ends_of_months_come_oldest_first_and_leap_years_are_known():
    assert month_ends(date(2024, 3, 31), count=3) == [date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29)]
    assert weeks_before(TODAY, count=2) == [date(2026, 11, 10), date(2026, 11, 17)]
