import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.text import fold, spaced, words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Schrödinger Bridges", "schrodinger bridges"),
        ("Łukasz Søren Đorđe", "lukasz soren dorde"),
        ("Straße, ŒUVRE & Ærø", "strasse oeuvre aero"),
        ("eﬃcient ﬁne-tuning", "efficient fine tuning"),
        ("state‑of–the—art", "state of the art"),
        ("ＧＰＴ－４", "gpt 4"),
        ("x² + ½", "x2 1 2"),
        ("İstanbul ısı", "istanbul isi"),
        ("snake_case", "snake case"),
        ("soft\u00adhyphen zero\u200bwidth \u202eturned\u202c", "softhyphen zerowidth turned"),
        ("⚙️ tools", "tools"),
        (
            r'Schr{\"o}dinger Schr\"odinger Schr\"{o}dinger Schr{"o}dinger',
            " ".join(["schrodinger"] * 4),
        ),
        (r"Erd\H{o}s Fran\c{c}ois na\"{\i}ve \'Etale \v Cech", "erdos francois naive etale cech"),
        (r"{\L}ukasz {\O}re stra{\ss}e \AA{}ngstr\"om", "lukasz ore strasse angstrom"),
        (r"$\mathcal{O}(n)$ \textbf{LLM}s {\bf B}ayes $k$-NN", "o n llms bayes k nn"),
        (r"\alpha \item C:\temp", "alpha item c temp"),
        ("!? — …", ""),
        ("", ""),
    ],
)
def test_folding_gives_plain_lower_case_words(text: str, words: str) -> None:
    assert fold(text) == words


@pytest.mark.parametrize("text", ["世界模型", "がくしゅう", "バス", "한국어", "हिन्दी"])
def test_scripts_that_need_their_marks_keep_them(text: str) -> None:
    assert fold(text) == text


def test_one_letter_typed_in_two_ways_folds_alike() -> None:
    assert fold("Erdős が") == fold("Erdo\u030bs か\u3099")


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_case_never_matters(text: str) -> None:
    assert fold(text.casefold()) == fold(text)


@given(st.text())
def test_words_are_parted_by_single_spaces_and_hold_no_ascii_signs(text: str) -> None:
    folded = fold(text)
    assert folded.split() == folded.split(" ") or folded == ""
    assert all(sign.isalnum() for sign in folded if sign.isascii() and sign != " ")
    assert folded == folded.casefold()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GPT模型 of 世界", ["gpt", "模", "型", "of", "世", "界"]),
        ("がく 모델을", ["が", "く", "모", "델", "을"]),
        ("Schrödinger models", ["schrodinger", "models"]),
        ("", []),
    ],
)
def test_a_script_without_spaces_has_a_word_a_character(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_put_together_again_are_the_same_words(text: str) -> None:
    assert words(spaced(words(text))) == words(text)
