import re

import httpx

from penstock import __version__


def test_a_browser_finds_a_page_whose_links_work(server):
    page = httpx.get(server.url, headers={"accept": "text/html,*/*;q=0.8"})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert f"Penstock {__version__}" in page.text
    links = re.findall(r'href="([^"]+)"', page.text)
    assert "/openapi.json" in links
    for link in links:
        assert httpx.get(f"{server.url}{link}").status_code == 200


def test_a_program_finds_the_same_as_json(server):
    found = httpx.get(server.url).json()
    assert found["version"] == __version__
    assert found["openapi"] == "/openapi.json"


def test_every_answer_of_the_api_tells_its_version(server):
    body = {"namespace": "company.none", "flowId": "none"}
    answers = [
        server.api.get("/whoami"),
        server.api.get("/nowhere"),
        server.api.post("/executions", json=body),
        httpx.get(f"{server.api.base_url}whoami"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 401]
    for answer in answers:
        assert answer.headers["penstock-version"] == __version__
        assert answer.headers["penstock-api-version"] == str(answers[0].json()["apiVersion"])
