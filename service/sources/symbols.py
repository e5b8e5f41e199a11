"""What LaTeX's commands stand for: the symbols, and the abbreviations that papers define."""

from functools import cache

from pylatexenc import latex2text

# Where the usual table chooses a rarer form, or one that fonts of mail readers lack.
_PREFERRED = {
    "epsilon": "ε", "phi": "φ", "star": "*", "ast": "*", "circ": "°", "deg": "°", "degree": "°",
    "prime": "′", "sim": "~", "setminus": "∖",
    "lvert": "|", "rvert": "|", "vert": "|", "mid": "|",
    "lVert": "‖", "rVert": "‖", "Vert": "‖", "colon": ":", "slash": "/", "percent": "%",
    "dots": "…", "dotsc": "…", "dotsb": "…", "textbackslash": "∖", "implies": "⇒", "iff": "⇔",
    "textasciitilde": "~", "textregistered": "®", "texttrademark": "™", "lbrace": "{",
    "rbrace": "}",
}  # fmt: skip

# Commands that nearly every paper defines alike.
_ABBREVIATIONS = {
    "eg": "e.g.", "ie": "i.e.", "etal": "et al.", "etc": "etc.", "cf": "cf.", "vs": "vs.",
    "wrt": "w.r.t.", "aka": "a.k.a.", "iid": "i.i.d.", "whp": "w.h.p.", "st": "s.t.",
    "eps": "ε", "R": "ℝ", "E": "𝔼",
}  # fmt: skip

# These say how, not what.
SILENT = frozenset(
    "left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr displaystyle textstyle"
    " scriptstyle limits nolimits mathop mathrel mathbin mathord nonumber notag protect xspace"
    " noindent centering bf em it tt sc sf rm sl cal bfseries itshape ttfamily normalfont upshape"
    " tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge item par newline"
    " linebreak smallskip medskip bigskip hfill clearpage newpage relax unskip ignorespaces"
    " maketitle selectfont boldmath unboldmath mathstrut strut phantom allowbreak nobreak".split()
)
SPACES = frozenset("quad qquad enspace thinspace space nobreakspace hspace hskip".split())

GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau"
    " upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)


@cache
def symbols() -> dict[str, str]:
    """Return what each command of LaTeX without arguments stands for."""
    table = {
        spec.macroname: spec.simplify_repl
        for spec in latex2text.get_default_latex_context_db().iter_macro_specs()
        if isinstance(spec.simplify_repl, str)
        and spec.macroname.isalpha()
        and "%" not in spec.simplify_repl
        and spec.simplify_repl.strip()
        # This one stands for the day on which it is asked.
        and spec.macroname != "today"
    }
    return table | _ABBREVIATIONS | _PREFERRED
