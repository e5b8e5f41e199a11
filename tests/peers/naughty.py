"""Strings that have broken programs before: as names, topics and labels they must stay words.

PAPERROUND_NAUGHTY may name a JSON file with a list of more of them, such as the one that the npm
package blns brings.
"""

import json
import os
from pathlib import Path

_OURS = [
    # Nothing, numbers and words that mean something to some language.
    *("", " ", "\t", "undefined", "null", "None", "NaN", "-1", "0", "1e309", "0x0", "true", "\\N"),
    *("1/0", "1,000.00", "٣", "1٢3", "CON", "aux", "nul.txt", ".", "..", "../../etc/passwd%00"),
    # Markup, in all the places where it could stand.
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "</title></style></textarea></pre></bdi><svg onload=alert(1)>",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "<a href=javascript:alert(1)>maps</a>",
    "javascript:alert(1)//",
    "data:text/html,<script>alert(1)</script>",
    "\" onfocus=alert(1) autofocus x=\"",
    "' style='position:fixed' x='",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;b&#62;",
    "<b>maps",
    "<iframe src=//example.net></iframe>",
    "<plaintext>",
    "]]><x>",
    "<\x00script>alert(1)</script>",
    "\x3cscript\x3e",
    "maps OR <b>robots</b>",
    '"<img src=x onerror=alert(1)>"',
    # Templates, formats, queries and shells.
    *("{{ 1337*1337 }}", "${1337*1337}", "<%= 1337*1337 %>", "#{1337*1337}", "{% raw %}"),
    *("{0.__class__}", "%s%n%x", "%d"),
    *("'; DROP TABLE subscriber; --", "1' OR '1'='1", '" OR ""="', "x' AND 1=1--", "%' ESCAPE '"),
    *("$(touch x)", "`id`", "| cat /etc/passwd", "; ls", "$HOME", "=cmd|' /C calc'!A0", "@SUM(1)"),
    *("NEAR(maps robots, 3)", "title:maps*", "maps^2", "maps -robots", "{maps robots}: tea"),
    # Headers and lines of SMTP.
    "maps\r\nBcc: eve@example.net",
    "maps\nTo: eve@example.net\n\n<b>x</b>",
    "\r\n.\r\nQUIT\r\n",
    "=?utf-8?q?=0ABcc:_eve@example.net?=",
    "=?utf-8?b?PHNjcmlwdD4=?=",
    "%0d%0aBcc:eve@example.net",
    "=" * 80,
    "." * 80,
    "From me",
    "--=_boundary--",
    # Letters of many scripts and sizes, alone and in heaps.
    *("Ω≈ç√∫˜µ≤≥÷", "¡™£¢∞§¶•ªº–≠", "ЁЂЃЄЅІЇЈ", "⁰⁴⁵₀₁₂", "ด้้้้้็็็็็้้้้้", "田中さんにあげて下さい"),
    *("社會科學院語學研究所", "울란바토르", "𠜎𠜱𠝹𠱓", "Ⱥ", "ẞ", "İ", "ﬀﬁﬂ"),
    *("ȺȾ", "（╯°□°）", "(｡◕ ∀ ◕｡)"),
    *("❤️ 💔", "👩‍👩‍👧‍👦 👩🏾‍🎓", "🇩🇪🇫🇷🇯🇵", "１２３", "ثم نفس سقطت", "בְּרֵאשִׁית", "﷽", "ﷺ", "مُنَاقَشَةُ"),
    *("𝐓𝐡𝐞 𝐪𝐮𝐢𝐜𝐤", "⒯⒣⒠", "˙ɐnbᴉlɐ ɐuƃɐɯ", "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤", "Z\u0351\u036b\u0343alg\u0321o"),
    # What cannot be seen, or turns what can.
    *("\u202egnp.exe", "\u2066maps\u2069", "\u200bmaps\ufeff", "ma\u00adps", "\u2028maps\u2029"),
    *("\u3000", "\u061c", "\u180e", "\ufff9a\ufffab", "\U000e0001maps", "\x7f\x80\x9f"),
    *("\x1b[31mred\x1b[0m", "\x07"),
    # Too long, too deep, too many.
    "a" * 600,
    "maps " * 120,
    "(" * 200,
    "(" * 9 + "maps" + ")" * 9,
    '"' * 41,
    "字" * 300,
    "NOT " * 40 + "maps",
    " OR ".join(f"w{n}" for n in range(33)),
]  # fmt: skip


def naughty_strings() -> list[str]:
    more = os.environ.get("PAPERROUND_NAUGHTY")
    return _OURS + (json.loads(Path(more).read_text()) if more else [])
