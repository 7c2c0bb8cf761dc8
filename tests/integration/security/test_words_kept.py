"""A form that ends in an error page: the words are shown again, to their writer alone."""

import pytest

from marketplace.phases import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

WORDS = "驻场工程师三周没有到厂<b>，影响投产"
SHOWN = "驻场工程师三周没有到厂&lt;b&gt;，影响投产"
FORM = {"text": WORDS, "old_password": "口令口令口令口令口令口令", "code": "abcdefgh12345678"}
JSON = {"Accept": "application/json"}


def test_words_come_back_on_the_error_page_and_nothing_else_does(login_as):
    client = login_as(Role.ENTERPRISE)
    gone = client.post("/me/inquiries/threads/999999/answer", data=FORM)
    stale = client.post("/me/complaints/new", data=FORM, csrf=False)
    foreign = client.post("/me/complaints/new", data=FORM, headers={"Sec-Fetch-Site": "cross-site"})
    program = client.post("/me/complaints/new", data=FORM, csrf=False, headers=JSON)
    assert [answer.status_code for answer in (gone, stale, foreign, program)] == [
        404,
        403,
        403,
        403,
    ]
    shown = [SHOWN in answer.text for answer in (gone, stale, foreign, program)]
    assert shown == [True, True, False, False]  # what another site sent is not ours to repeat
    for answer in (gone, stale):
        assert "口令口令" not in answer.text and "abcdefgh" not in answer.text
    assert "您刚才填写的内容" not in client.get("/me/inquiries/999999").text
