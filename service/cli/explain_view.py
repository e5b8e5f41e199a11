"""Traces and verdicts as `paperround explain` shows them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from service.cli.report import counts, number, print_table, say
from service.cli.subscriber_view import filter_lines
from service.domain.matches import Found
from service.domain.readers import Subscriber
from service.explain.recount import TopicVerdict
from service.explain.trace import Outcome, Trace
from service.explain.verdict import MOST_MEANT, PaperVerdict
from service.store.papers import StoredPaper

_SHOWN = 10


def trace_document(told: Trace) -> dict[str, Any]:
    """Return a trace as scripts read it; `recomputed` holds all that is not on record."""
    digest, skip, wanted = told.digest, told.skip, told.wanted
    return {
        "email": told.subscriber.email,
        "date": told.day,
        "status": told.subscriber.status,
        "outcome": told.outcome,
        "because": told.because or None,
        "consent": told.consent
        and {
            "at": _moment(told.consent.at),
            "event": told.consent.event,
            "source": told.consent.source,
        },
        "suppressed": told.suppression
        and {"reason": told.suppression.words, "since": _moment(told.suppression.since)},
        "wanted": wanted
        and {
            "topics": [
                {"topic": wish.shown, "query": wish.query, "text": wish.text}
                for wish in wanted.wishes
            ],
            "timezone": wanted.preferences.timezone,
            "send_at": f"{wanted.preferences.send_at:%H:%M}",
            "cadence": wanted.preferences.cadence,
            "max_papers": wanted.preferences.max_papers,
            "mutes": list(wanted.preferences.filters.mutes),
            "follows": list(wanted.preferences.filters.follows),
            "min_upvotes": wanted.preferences.filters.min_upvotes,
        },
        "digest": digest
        and {
            "status": digest.status,
            "planned_at": _moment(digest.planned_at),
            "settled_at": _moment(digest.settled_at),
            "attempts": digest.attempts,
            "reply_code": digest.reply_code,
            "reply": digest.reply,
            "looked_at": [digest.seq_from, digest.seq_to],
            "matched": digest.selection.matched,
            "papers": told.chosen
            and [{"title": c.title, "reasons": list(c.reasons)} for c in told.chosen],
            "tries": [
                {
                    "number": tried.number,
                    "at": _moment(tried.at),
                    "result": tried.result,
                    "stage": tried.stage,
                    "reply_code": tried.code,
                    "reply": tried.reply,
                }
                for tried in told.tries
            ],
        },
        "skip": skip
        and {
            "reason": skip.reason,
            "at": _moment(skip.at),
            "looked_at": [skip.seq_from, skip.seq_to],
        },
        "recomputed": {
            "topics": [
                {"topic": wish.shown, "query": wish.query, "matched": matched}
                for wish, matched in told.recount.by_topic
            ],
            "matched": [_paper(stored) for stored in told.recount.ranked],
            "muted": told.recount.muted,
            "below_upvotes": told.recount.below,
        },
    }


def verdicts_document(
    subscriber: Subscriber, asked: str, day: date | None, found: Sequence[PaperVerdict]
) -> dict[str, Any]:
    """Return verdicts as scripts read them; `recomputed` holds all that is not on record."""
    return {
        "email": subscriber.email,
        "date": day,
        "asked": asked,
        "papers": [_verdict(verdict) for verdict in found],
    }


def print_trace(told: Trace) -> None:
    """Print a trace for a person."""
    say(f"{told.subscriber.email}, {told.day:%A} {told.day.day} {told.day:%B %Y}")
    digest = told.digest
    if digest is None:
        say(f"Letter:     none: {told.because}")
    else:
        settled = digest.settled_at and f" {digest.settled_at:%Y-%m-%d %H:%M} UTC"
        say(f"Letter:     {digest.status}{settled or ''}, planned {digest.planned_at:%H:%M} UTC")
        shown = number(len(digest.selection.cards), "paper")
        say(f"Holds:      {shown} of {digest.selection.matched} that matched")
        if digest.reply:
            say(f"Reply:      {digest.reply_code or ''} {digest.reply}".rstrip())
    if told.outcome is not Outcome.NOT_DUE or told.seq_to > told.seq_from:
        waiting = " wait" if told.outcome is Outcome.NOT_DUE else ""
        say(f"Looked at:  {number(told.seq_to - told.seq_from, 'new paper')}{waiting}")
    if told.consent:
        consent = told.consent
        say(f"Consent:    {consent.event} since {consent.at:%Y-%m-%d %H:%M} UTC, {consent.source}")
    if told.suppression:
        say(f"Suppressed: {told.suppression.words}, since {told.suppression.since:%Y-%m-%d}")
    if told.wanted:
        chosen = told.wanted.preferences
        hour = f"{chosen.cadence.spoken} at {chosen.send_at:%H:%M}, {chosen.timezone}"
        say(f"Wanted:     {hour}, at most {number(chosen.max_papers, 'paper')}")
        if not told.wanted.wishes:
            say("Topics:     none: trending")
        for name, words in filter_lines(chosen.filters):
            say(f"{name + ':':<12}{words}")
    if told.recount.muted or told.recount.below:
        out = counts({"muted": told.recount.muted, "below the minimum": told.recount.below})
        say(f"Kept out:   {out} (recomputed)")
    if told.tries:
        say("")
        print_table(
            ("try", "at (UTC)", "result", "stage", "reply"),
            [
                (t.number, f"{t.at:%Y-%m-%d %H:%M}", t.result, t.stage, _reply(t.code, t.reply))
                for t in told.tries
            ],
        )
    if told.recount.by_topic and told.seq_to > told.seq_from:
        say("")
        print_table(
            ("topic", "matched (recomputed)"),
            [(wish.shown, matched) for wish, matched in told.recount.by_topic],
        )
    _print_papers(told)


def print_verdicts(subscriber: Subscriber, asked: str, found: Sequence[PaperVerdict]) -> None:
    """Print verdicts for a person."""
    for number_, verdict in enumerate(found):
        if number_:
            say("")
        _print_verdict(subscriber, asked, verdict)
    if len(found) == MOST_MEANT:
        say(f"\nThese are the newest {MOST_MEANT} that it may mean; say more of the title.")


def _print_papers(told: Trace) -> None:
    if told.digest and told.chosen is not None:
        say("")
        print_table(
            ("", "paper", "because"),
            [
                (place, chosen.title, ", ".join(chosen.reasons) or "trending")
                for place, chosen in enumerate(told.chosen, 1)
            ],
        )
        return
    if told.digest:
        say("\nThe parts of that letter are kept no more.")
    ranked = told.recount.ranked
    if not ranked or told.outcome is Outcome.SKIPPED:
        return
    cap = told.wanted.preferences.max_papers if told.wanted else _SHOWN
    say("")
    print_table(
        ("", "would be chosen (recomputed)", "key"),
        [(n, stored.paper.title, stored.key) for n, stored in enumerate(ranked[:cap], 1)],
    )
    if len(ranked) > cap:
        say(f"and {len(ranked) - cap:,} more below the cap of {cap}")


def _print_verdict(subscriber: Subscriber, asked: str, verdict: PaperVerdict) -> None:
    stored, arrival = verdict.stored, verdict.arrival
    answer = verdict.why.replace("_", " ")
    if stored is None:
        say(f"{asked}")
        say(f"Verdict:    {answer}: {verdict.because}")
        return
    say(f"{_one_line(stored.paper.title)} ({stored.key})")
    # Filters say in their first word what the answer is: muted by ..., below your minimum.
    spoken = answer.partition(" ")[0] == verdict.because.partition(" ")[0]
    say(f"Verdict:    {verdict.because if spoken else f'{answer}: {verdict.because}'}")
    say(f"Reader:     {subscriber.email}, {subscriber.status}")
    if arrival:
        say(f"Ingested:   {arrival.at:%Y-%m-%d %H:%M} UTC, {arrival.file}, edition {arrival.date}")
    if verdict.position:
        named = ", ".join(verdict.named) or "trending"
        say(f"Letter:     no. {verdict.position} of {verdict.day}, because: {named}")
    if verdict.rank:
        say(
            f"Rank:       {verdict.rank} of {verdict.matched} that match, "
            f"cap {verdict.cap} (recomputed)"
        )
    if verdict.filters.follows:
        say(f"Followed:   because you follow {', '.join(verdict.filters.follows)} (recomputed)")
    if verdict.topics:
        say("")
        print_table(
            ("topic", "match (recomputed)", "why"),
            [
                (topic.wish.shown, "yes" if topic.verdict.tier else "no", _why(topic))
                for topic in verdict.topics
            ],
        )


def _verdict(verdict: PaperVerdict) -> dict[str, Any]:
    stored, arrival = verdict.stored, verdict.arrival
    return {
        "verdict": verdict.why,
        "because": verdict.because,
        **({} if stored is None else _paper(stored)),
        "ingested": arrival
        and {"at": _moment(arrival.at), "file": arrival.file, "edition": arrival.date},
        "decided_on": verdict.day,
        "position": verdict.position,
        "reasons": list(verdict.named),
        "recomputed": {
            "rank": verdict.rank,
            "matched": verdict.matched,
            "cap": verdict.cap,
            "muted_by": verdict.filters.muted_by,
            "below_upvotes": verdict.filters.below,
            "follows": list(verdict.filters.follows),
            "topics": [
                {
                    "topic": topic.wish.shown,
                    "query": topic.wish.query,
                    "matches": topic.verdict.tier > 0,
                    "tier": topic.verdict.tier,
                    "found": [_found(found) for found in topic.verdict.found],
                    "missing": list(topic.verdict.missing),
                    "unwanted": [_found(found) for found in topic.verdict.unwanted],
                }
                for topic in verdict.topics
            ],
        },
    }


def _why(topic: TopicVerdict) -> str:
    verdict = topic.verdict
    reasons = []
    if verdict.missing:
        reasons.append("missing: " + ", ".join(verdict.missing))
    if verdict.unwanted:
        reasons.append("has what it excludes: " + ", ".join(f.sought for f in verdict.unwanted))
    if verdict.found:
        places = dict.fromkeys(field.value for found in verdict.found for field in found.fields)
        where = f" (in {' and '.join(places)})" if places else ""
        reasons.append("has " + ", ".join(verdict.terms()) + where)
    return "; ".join(reasons)


def _found(found: Found) -> dict[str, Any]:
    return {"sought": found.sought, "words": list(found.words), "fields": list(found.fields)}


def _paper(stored: StoredPaper) -> dict[str, Any]:
    return {"key": stored.key, "title": stored.paper.title}


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _reply(code: int | None, text: str | None) -> str:
    return f"{code or ''} {text or ''}".strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())
