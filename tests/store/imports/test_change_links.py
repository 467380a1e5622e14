"""The hash chain of an import has the entries that the end of any other transaction computes."""

import json

import apsw
from hypothesis import given
from hypothesis import strategies as st

from schedbot.store.imports.change_links import ChangeLinks
from schedbot.store.sqlite.chain_entries import LAYOUT, Entry, RowKind, digest

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.text(LETTERS | st.sampled_from("\"\\/'\x01\x7f\x80\u2028\b\f\n\r\t"), max_size=20)
SQLITE = apsw.Connection(":memory:")
ROW = "SELECT json_array(7, 99, ?, ?, 'import', 'w', 'schedule', 'id', ?, NULL, ?, NULL)"


@given(actor=TEXTS, host=TEXTS, name=TEXTS, text=TEXTS)
def test_entry_is_that_of_sqlites_text(actor: str, host: str, name: str, text: str) -> None:
    after = json.dumps({"text": text}, ensure_ascii=False)
    links = ChangeLinks(7, 99, actor, host, "import")
    links.add("w", "id", name, after)
    [(expected,)] = SQLITE.execute(ROW, (actor, host, name, after)).fetchall()
    assert links.end() == [LAYOUT.pack(*Entry(RowKind.CHANGE, 7, 0, digest(str(expected))))]
