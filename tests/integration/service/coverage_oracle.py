"""The coverage rate once more, as slowly and plainly as it can be told: from the rosters that were handed over, one after the other, as JSON."""

from datetime import date

NEW_DAYS = 30
REASONS = (("in_repair", {"in_repair"}), ("lost", {"lost"}), ("not_in_service", {"ordered", "delivered", "sealed", "scrapped"}))
LISTS = {
    "officers": (("posts", "valid_from"), ("certificates", "number")),
    "recorders": (("changes", "since"), ("assignments", "valid_from")),
    "agencies": (("successors", "since"),),
}
NAMES = {"officers": "code", "recorders": "serial", "agencies": "code"}


def known(handed_over, moment):
    """Everything that stands at an instant: what came later under the same name and first day replaces what came before."""
    ledger = {kind: {} for kind in LISTS}
    for recorded_at, roster in handed_over:
        for kind in LISTS if recorded_at <= moment else ():
            for told in roster.get(kind, ()):
                entry = ledger[kind].setdefault(told[NAMES[kind]], {name: {} for name, _ in LISTS[kind]})
                entry |= {key: value for key, value in told.items() if key not in entry or not isinstance(value, list)}
                for name, key in LISTS[kind]:
                    merge(entry[name], told.get(name, ()), key)
    return ledger


def merge(standing, told, key):
    for fact in told:
        names = (fact[key], fact.get("officer"))
        if fact.get("withdrawn"):
            standing.pop(names, None)
            continue
        changes = standing.get(names, {}).get("_changes", {})
        standing[names] = {**fact, "_changes": {**changes, **{change["since"]: change for change in fact.get("changes", ())}}}


def holds(fact, day):
    return fact["valid_from"] <= day and (fact.get("valid_until") is None or fact["valid_until"] >= day)


def latest(changes, day, otherwise):
    past = [change for change in changes if change["since"] <= day]
    return max(past, key=lambda change: change["since"])["state"] if past else otherwise


def certified_since(officer, day):
    valid = [
        certificate["valid_from"]
        for certificate in officer["certificates"].values()
        if holds(certificate, day) and latest(certificate["_changes"].values(), day, "valid") == "valid"
    ]
    return min(valid) if valid else None


def post_of(officer, day):
    posts = [post for post in officer["posts"].values() if holds(post, day)]
    assert len(posts) <= 1
    return posts[0] if posts else None


def held_by(ledger, code, day):
    own, pool = set(), False
    for recorder in ledger["recorders"].values():
        for assignment in recorder["assignments"].values():
            if assignment["officer"] == code and holds(assignment, day):
                if assignment.get("is_exclusive", True):
                    own.add(latest(recorder["changes"].values(), day, "delivered"))
                else:
                    pool = True
    return own, pool


def reason_of(own, pool, since, day):
    if "in_service" in own:
        return None
    for reason, states in REASONS:
        if own & states:
            return reason
    if pool:
        return "only_pool"
    return "newly_certified" if (date.fromisoformat(day) - date.fromisoformat(since)).days < NEW_DAYS else "no_recorder"


def counts_below(ledger, code, agency, day):
    """Whether an agency is another or counts somewhere below it on a day."""
    while code != agency and code in ledger["agencies"]:
        entry = ledger["agencies"][code]
        is_open = entry.get("valid_from", "") <= day and (entry.get("valid_until") or "9999") >= day
        taken_over = [one["agency"] for one in entry["successors"].values() if one["kind"] == "merge" and one["since"] <= day]
        code = taken_over[-1] if taken_over and not is_open else entry.get("parent")
    return code == agency


def coverage(handed_over, moment, day, agency):
    """Numerator, denominator, and the gap by officer number, on a day (``YYYY-MM-DD``) as known at an instant."""
    ledger = known(handed_over, moment)
    reasons = {}
    for code, officer in ledger["officers"].items():
        post, since = post_of(officer, day), certified_since(officer, day)
        if post is None or since is None or not post.get("is_front_line", True) or post.get("duty_state", "on_duty") != "on_duty":
            continue
        if counts_below(ledger, post["agency"], agency, day):
            reasons[code] = reason_of(*held_by(ledger, code, day), since, day)
    return list(reasons.values()).count(None), len(reasons), {code: reason for code, reason in reasons.items() if reason is not None}
