"""Whose fault a refusal is: the whole table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.policy import Outcome, Result, Stage, judge
from service.domain.replies import Fault, asks_for_less, enhanced_code, fault


@pytest.mark.parametrize(
    ("code", "text", "blamed"),
    [
        (550, "5.1.1 Nobody here", Fault.ADDRESS),
        (550, "5.1.1\nNobody here", Fault.ADDRESS),
        (551, "5.1.6 Has moved", Fault.ADDRESS),
        (553, "5.1.3 Bad syntax", Fault.ADDRESS),
        (550, "5.1.10 Null MX", Fault.ADDRESS),
        (554, "5.1.1 Nobody here", Fault.UNKNOWN),
        (550, "5.1.2 No such domain", Fault.UNKNOWN),
        (550, "5.1.0 Address trouble", Fault.UNKNOWN),
        (550, "5.1.11 Not in the table", Fault.UNKNOWN),
        (550, "5.2.1 Switched off", Fault.UNKNOWN),
        (550, "5.2.2 Full", Fault.UNKNOWN),
        (550, "5.4.1 Access denied", Fault.UNKNOWN),
        (550, "5.7.1 Not wanted", Fault.POLICY),
        (550, "5.7.26 Not authenticated", Fault.POLICY),
        (554, "5.7.1 Spam", Fault.POLICY),
        (553, "5.7.1 Relaying denied", Fault.POLICY),
        (550, "Nobody here", Fault.UNKNOWN),
        (551, "User not local", Fault.UNKNOWN),
        (553, "Mailbox name not allowed", Fault.UNKNOWN),
        (550, "Nobody here (5.1.1)", Fault.UNKNOWN),
        (550, "2.1.5 A confused server", Fault.UNKNOWN),
        (550, "4.1.1 Another", Fault.UNKNOWN),
        (550, "5.1.1.7 is no code", Fault.UNKNOWN),
        (550, "", Fault.UNKNOWN),
    ],
)
def test_a_refusal_at_rcpt_or_at_the_dot_is_blamed_by_its_enhanced_code(
    code: int, text: str, blamed: Fault
) -> None:
    assert fault(judge(code, Stage.RCPT, text)) is blamed
    assert fault(judge(code, Stage.BODY, text)) is blamed


@pytest.mark.parametrize(
    "outcome",
    [
        judge(250, Stage.BODY, "2.0.0 Taken"),
        judge(450, Stage.RCPT, "4.1.1 Later"),
        judge(452, Stage.RCPT, "5.1.1 Full"),
        judge(552, Stage.RCPT, "5.1.1 Full"),
        judge(421, Stage.RCPT, "5.1.1 Closing"),
        judge(550, Stage.MAIL, "5.1.1 Not from you"),
        judge(535, Stage.AUTH, "5.7.8 Wrong password"),
        judge(554, Stage.CONNECT, "5.7.1 Go away"),
        Outcome(Result.UNCERTAIN, Stage.BODY, None, "5.1.1 lost"),
        Outcome(Result.REFUSED, Stage.RCPT, None, "the server offers no SMTPUTF8"),
    ],
    ids=str,
)
def test_what_is_no_refusal_of_a_reader_blames_nobody(outcome: Outcome) -> None:
    assert fault(outcome) is None


@given(st.text())
def test_no_text_of_a_server_breaks_the_judgement(text: str) -> None:
    assert fault(judge(550, Stage.RCPT, text)) in set(Fault)


def test_the_code_that_is_kept_holds_nothing_of_the_words_behind_it() -> None:
    assert enhanced_code("5.1.1 <ada@example.org>: Nobody here") == "5.1.1"
    assert enhanced_code("<ada@example.org>: Nobody here") is None


@pytest.mark.parametrize(
    ("code", "text", "stage", "asks"),
    [
        (450, "4.2.0 Greylisted", Stage.RCPT, True),
        (451, "Try again later", Stage.RCPT, True),
        (452, "4.5.3 Too many recipients", Stage.RCPT, True),
        (452, "4.2.2 Mailbox full", Stage.RCPT, False),
        (421, "4.7.0 Closing", Stage.RCPT, False),
        (552, "5.2.2 Full", Stage.RCPT, False),
        (550, "5.1.1 Nobody", Stage.RCPT, False),
        (451, "4.3.0 Later", Stage.BODY, False),
        (450, "4.7.1 Later", Stage.MAIL, False),
    ],
)
def test_a_domain_asks_for_less_by_4xx_at_rcpt(
    code: int, text: str, stage: Stage, asks: bool
) -> None:
    assert asks_for_less(judge(code, stage, text)) is asks
