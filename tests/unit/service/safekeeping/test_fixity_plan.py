from hypothesis import given
from hypothesis import strategies as st

from service.safekeeping.fixity_plan import plan_fixity

COUNTS = st.integers(0, 10**9)


@given(COUNTS, st.floats(0, 100))
def test_ninety_days_of_shares_are_a_whole_round(kept, percent):
    plan = plan_fixity(kept=kept, read_today=0, bytes_today=0, percent=percent, budget_bytes=1)

    assert 90 * plan.clips >= kept
    assert plan.clips * 100 >= kept
    assert plan.clips <= kept


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_what_was_read_today_counts(kept, read_today, bytes_today, budget):
    plan = plan_fixity(kept=kept, read_today=read_today, bytes_today=bytes_today, percent=50, budget_bytes=budget)

    assert plan.clips == max(0, -(-kept // 2) - read_today)
    assert plan.size_bytes == max(0, budget - bytes_today)
    assert plan.is_untouched == (read_today == 0)
