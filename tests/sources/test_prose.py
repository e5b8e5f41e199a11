"""Readable titles and abstracts: what is certain is read, and the rest left alone."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sources.prose import readable

CASES = [
    # Formulas
    (r"a rate of $O(n^2)$ steps", "a rate of O(n²) steps"),
    (r"for all $x \in \mathbb{R}^d$", "for all x ∈ ℝ^d"),
    (r"$\alpha$-divergence", "α-divergence"),
    (r"$k$-NN and $\epsilon$-greedy", "k-NN and ε-greedy"),
    (r"an $L_2$ norm", "an L₂ norm"),
    (r"$\frac{1}{2}$ of $\frac{a+b}{c}$", "1/2 of (a+b)/c"),
    (r"$\sqrt{n}$ and $\sqrt{n+1}$", "√n and √(n+1)"),
    (r"in \(O(\log n)\) time", "in O(log n) time"),
    (r"\[ E = mc^2 \]", "E = mc²"),
    (r"$$x \leq y$$", "x ≤ y"),
    (r"$\mathcal{O}(1/\sqrt{T})$", "O(1/√T)"),
    (r"$10^{-3}$ error", "10⁻³ error"),
    (r"360$^\circ$ videos", "360° videos"),
    (r"$\hat{y}$ and $\bar x$", "ŷ and x̄"),
    (r"$\text{top-}k$ routing", "top-k routing"),
    (r"a $2\times$ speedup", "a 2× speedup"),
    (r"$\sim$30\% fewer", "~30% fewer"),
    # Commands in running text
    (r"gains of 5.3\% and 8\%", "gains of 5.3% and 8%"),
    (r"Who\&When costs \$5", "Who&When costs $5"),
    (r"file\_name \#1", "file_name #1"),
    (r"\textbf{Bold} and \emph{lean}", "Bold and lean"),
    (r"\textbf{a \textit{nested} one}", "a nested one"),
    (r"two {\em failure modes} of {\it large} models", "two failure modes of large models"),
    (r"\texttt{code} by {\tt CGR}", "code by CGR"),
    (r"changes, \eg, colour, \ie hue", "changes, e.g., colour, i.e. hue"),
    (r"we propose \ours{}, a benchmark", "we propose ours, a benchmark"),
    (r"\name\ improves", "name improves"),
    (r"as shown in prior work~\cite{a,b}.", "as shown in prior work."),
    (r"text\footnote{a note} goes on", "text (a note) goes on"),
    (r"{\Theta}(40K) clips", "Θ(40K) clips"),
    (r"1{,}400 rules", "1,400 rules"),
    (r"19.63\,FPS", "19.63 FPS"),
    (r"see \href{https://a.example/x_y}{our page}", "see our page (https://a.example/x_y)"),
    (r"code: \url{https://a.example/x_{1}}", "code: https://a.example/x_{1}"),
    ("at github.com/a/b{Our Code}.", "at Our Code (github.com/a/b)."),
    (r"code: \url{https://a.example/x}", "code: https://a.example/x"),
    (r"\textcolor{red}{warm} tones", "warm tones"),
    ("a ``quoted'' word", "a “quoted” word"),
    ("pages 10--20 and 3.6--8.4x", "pages 10–20 and 3.6–8.4x"),
    ("rewards---creativity and taste---meet", "rewards — creativity and taste — meet"),
    # Accents
    (r"Schr\"odinger, Pad\'e and Erd\H{o}s", "Schrödinger, Padé and Erdős"),
    (r"Schr{\"o}dinger, Pad{\'e}", "Schrödinger, Padé"),
    (r"Fran\c{c}ois and Ji\v{r}\'i", "François and Jiří"),
    (r"{\L}ukasz and S{\o}ren", "Łukasz and Søren"),
    (r"na\"{\i}ve", "naïve"),
    # Lost backslashes
    ('Schr{"o}dinger bridges', "Schrödinger bridges"),
    ("the number is {bf x}.", "the number is x."),
    ("scriptsizeFLaws: The Limits", "FLaws: The Limits"),
    ("a W_{2}-distance", "a W₂-distance"),
    ("risk O(n^{-1/2}) in all", "risk O(n^(-1/2)) in all"),
    ("state z_{i-1} at t_{0}", "state z_(i-1) at t₀"),
    ("BT^2: Basis", "BT²: Basis"),
    ("at least 10^{23} FLOPs, or 10^22", "at least 10²³ FLOPs, or 10²²"),
    ("full-360^{circ} coverage", "full-360° coverage"),
    ("a 2.85times gain, 4times4 grids", "a 2.85× gain, 4×4 grids"),
    ("256 times 256 pixels, 384times 640", "256 × 256 pixels, 384 × 640"),
    ("only sim20% and approx 0.8", "only ~20% and ≈ 0.8"),
    ("Theta(nlog(1/varepsilon))", "Θ(n log(1/ε))"),
    ("the optimum k^* and mu^star", "the optimum k* and μ*"),
    ("the ell_infty norm", "the ℓ_∞ norm"),
    ("noise boldsymbol{epsilon}(z)", "noise ε(z)"),
    ("is tilde Omega(T^{1/3}) larger", "is Ω̃(T^(1/3)) larger"),
    ("the functor Amapsto Ay", "the functor A ↦ Ay"),
    ("a varphi-divergence, leq 1", "a φ-divergence, ≤ 1"),
    ("V_{0.5} and AnyTalk_{RT}", "V_0.5 and AnyTalk_RT"),
    ("Track~1 of the challenge", "Track 1 of the challenge"),
    ("at https://a.example/b{this URL}.", "at this URL (https://a.example/b)."),
    ("at https://a.example/b{https://a.example/b}.", "at https://a.example/b."),
    # HTML
    ("<p>One.</p><p>Two &amp; <b>three</b></p>", "One. Two & three"),
    ("H<sub>2</sub>O and x<sup>2</sup>", "H₂O and x²"),
    ("<jats:p>An abstract.</jats:p>", "An abstract."),
    ("caf&eacute; &#8211; &#x201C;bar&#x201D;", "café – “bar”"),
    ("&lt;b&gt;bold&lt;/b&gt; twice &amp;amp; once", "bold twice & once"),
    ("a<script>alert(1)</script>b", "ab"),
    ('<a href="https://a.example">link</a>', "link"),
    # Characters
    ("Sparse\n  Attention\tat Dawn", "Sparse Attention at Dawn"),
    ("left \u202eright &#x202e;end", "left right end"),
    ("Schro\u0308dinger", "Schrödinger"),
]

ALONE = [
    "R&D for $5 and $10",
    "AT&T, Q&A, A&B; ?a=1&copy=2",
    "LLaMA-70B on $60 GPUs",
    "costs $8.1 per paper, US$44 in all",
    "between $5 and $10, not $20-$30",
    "x < y and y > z, if a<b",
    "a special <ACTOR> token, </think> and <|im_end|>",
    "the answer is {A}, what is x?",
    "GPT-{n} models",
    "state x_t and file_name_v2.py",
    "50 times faster, three times larger",
    "https://a.example/~user/a_b^2",
    "https://a.example/x_{1}?a=$5&b=$6",
    "Phi-3, DeltaTok, pi0.5 and a beta version",
    "the alpha_fold package, lambda functions",
    "run with --flag or -- stop",
    "similar, simulated and approximately right",
    "it is {here} as it was",
    "about ~13% (~5x)",
    "C:\\22K",
    "時間 attention ☃ 👩\u200d🔬",
]


@pytest.mark.parametrize(("written", "shown"), CASES)
def test_markup_is_read(written: str, shown: str) -> None:
    assert readable(written) == shown


@pytest.mark.parametrize("text", ALONE)
def test_what_is_not_certain_is_left_alone(text: str) -> None:
    assert readable(text) == text


@pytest.mark.parametrize("text", [shown for _, shown in CASES] + ALONE)
def test_readable_text_is_final(text: str) -> None:
    assert readable(text) == text


def test_the_table_is_as_long_as_promised() -> None:
    assert len(CASES) >= 60


def test_text_known_to_be_html_loses_every_tag() -> None:
    assert readable("<foo>One</foo> <image src=x>two &lt; three", html=True) == "One two < three"


MARKUP = st.lists(
    st.sampled_from(
        "\\ { } $ ^ _ < > & ; ~ ` ' \" ( ) [ ] a b 2 times sim \\frac \\sqrt \\hat \\textbf \\( "
        "https://a.b/ &lt; <b> </b> <!-- \\' \\c -- {bf".split(" ")
    )
    | st.characters(),
    max_size=40,
).map("".join)


@given(MARKUP, st.booleans())
def test_readable_text_of_anything_is_safe(written: str, html: bool) -> None:
    shown = readable(written, html=html)
    assert unicodedata.is_normalized("NFC", shown)
    assert shown == " ".join(shown.split())
    assert not {unicodedata.category(mark) for mark in shown} & {"Cc", "Cs"}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


HOSTILE = (
    "{|$x|\\frac{|<b|^{|``|\\|&|~ |{\\em |https://|&#38;|<sup>|\\footnote{|{bf {bf |times |<!--"
    "|\\cite[|\\href{|\\'|\\c |--|[https://a.b/|x_|\\sqrt[".split("|")
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_read_in_good_time(hostile: str, within_a_second: None) -> None:
    readable(hostile * (60_000 // len(hostile)))
