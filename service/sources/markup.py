"""HTML in a text: tags go, entities become their characters."""

import html
import re

import nh3

# Names of HTML, MathML and JATS: any other “<name>” is a text's own, as in “a special <eos> token”.
_TAG = (
    r"(?:a|abbr|article|b|bdi|bdo|big|blockquote|br|caption|center|cite|code|dd|del|details|dfn|div"
    r"|dl|dt|em|figcaption|figure|font|footer|h[1-6]|header|hr|html|body|i|iframe|img|inline-formula"
    r"|ins|italic|kbd|li|link|math|nav|ol|p|pre|samp|script|sec|section|small"
    r"|span|strike|strong|style|sub|sup|svg|table|tbody|td|tex-math|tfoot|th|thead|title|tr|tt|u|ul"
    r"|var|(?:jats|mml):[a-z]+)"
)
_ANY_TAG = re.compile(rf"</?{_TAG}(?:\s[^<>]*)?/?>|<!--", re.IGNORECASE)
_NOT_A_TAG = re.compile(rf"<(?!/?{_TAG}(?:\s[^<>]*)?/?>|!--)", re.IGNORECASE)
_BREAK = re.compile(
    r"<(?:/?(?:p|div|li|ul|ol|tr|td|th|table|h[1-6]|sec|blockquote|jats:(?:p|title|sec))|br)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"<(sup|sub)>([^<>]{1,40})</\1>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BARE_AMPERSAND = re.compile(r"&(?!#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)")


def without_markup(text: str, *, html_only: bool) -> str:
    """Return the text without HTML tags and with entities resolved.

    With `html_only` the whole text is HTML; else what only looks like a tag stays: `x<y`, `<eos>`.
    Superscripts and subscripts become the `^{…}` and `_{…}` of LaTeX.
    """
    if "<" in text and (html_only or _ANY_TAG.search(text)):
        text = _SCRIPT.sub(lambda m: f"{'^' if m[1].lower() == 'sup' else '_'}{{{m[2]}}}", text)
        text = _BREAK.sub(" ", text)
        if not html_only:
            text = _NOT_A_TAG.sub("&lt;", text)
        text = _BARE_AMPERSAND.sub("&amp;", text)
        text = nh3.clean(text, tags=set(), clean_content_tags={"script", "style"})
        text = _resolved(text)
    if "&" in text:
        text = _resolved(text)
    return text


def _resolved(text: str) -> str:
    # Only with its semicolon: “R&D”, “AT&T” and “?a=1&copy=2” name no entity.
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text)
