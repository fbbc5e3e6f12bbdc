"""Random histories, handed over and corrected bit by bit, give what the plainest telling of them gives, at random instants."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from evidence_store.object_store.memory import MemoryObjectStore
from service.accounts.first_people import TOP_CODE
from service.coverage.measure import cut_off, measure_coverage
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.integration.service import coverage_oracle
from tests.service_fixtures import running_service

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
BEGUN = datetime(2026, 1, 2, 3, tzinfo=UTC)
OFFICERS, RECORDERS, HANDED_OVER, QUESTIONS = 30, 70, 6, 40
AGENCIES = {"A": TOP_CODE, "B": TOP_CODE, "A1": "A", "A2": "A", "B1": "B"}


class History:
    """A ledger as those who keep it would tell it, drawn from one seed; every telling is a roster."""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.merged_on = self.day()

    def day(self, earliest=FIRST, latest=LAST):
        return earliest + timedelta(days=self.draw.randint(0, (latest - earliest).days))

    def spans(self, most):
        """Spans that share no day, the last perhaps open."""
        days = sorted(self.draw.sample(range((LAST - FIRST).days), 2 * self.draw.randint(1, most)))
        spans = [(FIRST + timedelta(days=one), FIRST + timedelta(days=other)) for one, other in zip(days[::2], days[1::2], strict=True)]
        for number, (begins, ends) in enumerate(spans):
            is_open = number == len(spans) - 1 and self.draw.random() < 0.7
            yield {"valid_from": begins.isoformat(), "valid_until": None if is_open else ends.isoformat()}

    def agencies(self):
        told = [{"code": code, "name": code, "level": "city", "parent": parent, "valid_from": "2000-01-01"} for code, parent in AGENCIES.items()]
        merged = next(agency for agency in told if agency["code"] == "A2")
        merged["valid_until"] = (self.merged_on - timedelta(days=1)).isoformat()
        merged["successors"] = [
            {"agency": "B1", "kind": "merge", "since": self.merged_on.isoformat(), "document_number": "1", "reason": "示范"},
        ]
        return told

    def officer(self, number):
        posts = [
            {
                **span,
                "agency": self.draw.choice([*AGENCIES, TOP_CODE]),
                "is_front_line": self.draw.random() < 0.9,
                "duty_state": self.draw.choice(["on_duty"] * 6 + ["long_leave", "retired"]),
            }
            for span in self.spans(2)
        ]
        certificates = []
        for which in range(self.draw.choice([0, 1, 1, 1, 1, 2])):
            begins = self.day(date(2025, 6, 1), date(2026, 5, 1))
            days = sorted({self.day() for _ in range(self.draw.randint(0, 2))})
            changes = [
                {
                    "state": self.draw.choice(["valid"] * 4 + ["suspended", "withdrawn", "cancelled"]),
                    "since": day.isoformat(),
                    "reason": "示范",
                    "document_number": "1",
                }
                for day in days
            ]
            ends = self.day(date(2026, 5, 1), date(2027, 6, 1))
            certificates.append(
                {"number": f"C{number}-{which}", "valid_from": begins.isoformat(), "valid_until": ends.isoformat(), "changes": changes}
            )
        return {"code": f"{number:06}", "name": f"示范人员 {number}", "posts": posts, "certificates": certificates}

    def recorder(self, number):
        days = sorted({self.day() for _ in range(self.draw.randint(0, 4))})
        states = ["in_service"] * 10 + ["ordered", "delivered", "in_repair", "lost", "sealed"]
        is_exclusive = self.draw.random() < 0.85
        assignments = [{**span, "officer": f"{self.draw.randrange(OFFICERS):06}", "is_exclusive": is_exclusive} for span in self.spans(3)]
        return {
            "serial": f"ZF{number:05}",
            "agency": self.draw.choice([*AGENCIES]),
            "changes": [{"state": self.draw.choice(states), "since": day.isoformat()} for day in days],
            "assignments": assignments,
        }

    def first_roster(self):
        return {
            "agencies": self.agencies(),
            "officers": [self.officer(number) for number in range(OFFICERS)],
            "recorders": [self.recorder(number) for number in range(RECORDERS)],
        }

    def correction(self, standing):
        """Something that was told before told anew: ended, moved, withdrawn, in another state."""
        officers = [
            {**officer, "posts": self.corrected(officer["posts"], self.change_post), "certificates": []}
            for officer in self.draw.sample(standing["officers"], 4)
        ]
        recorders = []
        for recorder in self.draw.sample(standing["recorders"], 4):
            assignments = self.corrected(recorder["assignments"], self.end_earlier)
            changes = self.corrected(recorder["changes"], lambda change: {**change, "state": self.draw.choice(["in_service", "in_repair"])})
            recorders.append({**recorder, "assignments": assignments, "changes": changes})
        return {"officers": officers, "recorders": recorders}

    def corrected(self, facts, change):
        return [{**fact, "withdrawn": True} if self.draw.random() < 0.2 else change(fact) for fact in facts if self.draw.random() < 0.6]

    def change_post(self, post):
        return self.end_earlier({**post, "duty_state": self.draw.choice(["on_duty", "seconded_out"])})

    def end_earlier(self, span):
        begins = date.fromisoformat(span["valid_from"])
        ends = date.fromisoformat(span["valid_until"]) if span["valid_until"] else LAST
        return {**span, "valid_until": self.day(begins, max(begins, ends)).isoformat()}


def standing_of(roster, withdrawn):
    """The first roster without what was withdrawn since, for the next correction to speak of."""
    lists = {"officers": ("code", "posts"), "recorders": ("serial", "assignments")}
    return {
        kind: [{**told, name: [fact for fact in told[name] if (told[key], name, fact["valid_from"]) not in withdrawn]} for told in roster[kind]]
        for kind, (key, name) in lists.items()
    }


@pytest.mark.parametrize("seed", range(8))
def test_random_histories_give_what_the_plainest_telling_gives(seed, tmp_path, database):
    history, handed_over, withdrawn = History(seed), [], set()
    with running_service(tmp_path, database, MemoryObjectStore()) as service:
        service.clock.time = BEGUN
        for number in range(HANDED_OVER):
            roster = history.first_roster() if number == 0 else history.correction(standing_of(handed_over[0][1], withdrawn))
            for kind, key, name in (("officers", "code", "posts"), ("recorders", "serial", "assignments")):
                withdrawn |= {(one[key], name, fact["valid_from"]) for one in roster[kind] for fact in one[name] if fact.get("withdrawn")}
            import_roster(service.context, Roster.model_validate(roster), actor=service.administrator)
            handed_over.append((service.clock.time, roster))
            service.clock.advance(days=30)
        counted, equipped, reasons = 0, 0, set()
        for _ in range(QUESTIONS):
            known = BEGUN + timedelta(days=history.draw.randint(0, 30 * HANDED_OVER))
            day, agency = history.day(), history.draw.choice([*AGENCIES, *[TOP_CODE] * 3])
            expected = coverage_oracle.coverage(handed_over, known, day.isoformat(), agency)
            as_of = cut_off(day) - timedelta(seconds=1)
            found = measure_coverage(service.context, actor=service.administrator, agency_code=agency, as_of=as_of, known=known, most_names=1000)
            missing = {officer.code: str(officer.reason) for officer in found.missing}
            assert (found.figure.numerator, found.figure.denominator, missing) == expected, (day, known, agency)
            counted += found.figure.denominator
            equipped += found.figure.numerator
            reasons |= set(missing.values())
    assert (counted > 2 * QUESTIONS, equipped > 5, len(reasons) > 2) == (True, True, True), "a history in which little happens proves little"
