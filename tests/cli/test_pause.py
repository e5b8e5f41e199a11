"""`paperround subscribers pause` and `resume`."""

from datetime import UTC, datetime, timedelta

from peers.command import Paperround

ADA = "ada@example.org"


def test_an_admin_pauses_a_reader_until_a_day_and_ends_the_pause(on_both: Paperround) -> None:
    on_both("subscribers", "add", ADA, "--status", "active")
    day = (datetime.now(UTC) + timedelta(days=40)).date()
    ran = on_both("subscribers", "pause", ADA, "--until", day)
    assert (ran.code, ran.out) == (0, f"{ADA} gets no letters until {day}.\n")
    assert f"Status:   paused until {day}" in on_both("subscribers", "show", ADA).out
    told = on_both("explain", ADA).out
    assert "paused since" in told
    assert f"until {day}" in told
    ran = on_both("subscribers", "resume", ADA, "--json")
    assert (ran.json["status"], ran.json["paused_until"]) == ("active", None)


def test_a_pause_nobody_can_take_is_refused_with_the_reason(on_both: Paperround) -> None:
    ran = on_both("subscribers", "pause", ADA)
    assert (ran.code, ran.err) == (1, f"{ADA} is not a subscriber.\n")
    on_both("subscribers", "add", ADA)
    ran = on_both("subscribers", "pause", ADA)
    assert ran.code == 1
    assert "has not confirmed yet" in ran.err
    on_both("subscribers", "add", "bob@example.org", "--status", "active")
    ran = on_both("subscribers", "pause", "bob@example.org", "--until", "tomorrow")
    assert ran.code == 2
    assert "'tomorrow' is not a date" in " ".join(ran.err.split())
