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
