from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.scrape import urls


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("https://example.org:443/a/../b/./c", "https://example.org/b/c"),
        ("http://example.org:8080/?b=2&a=1", "http://example.org:8080/?b=2&a=1"),
        ("http://example.org/a?utm_source=x&fbclid=y#part", "http://example.org/a"),
        ("http://example.org/a b/ü?q=ö", "http://example.org/a%20b/%C3%BC?q=%C3%B6"),
        ("http://example.org/%c3%bc", "http://example.org/%C3%BC"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://example.org./a", "http://example.org/a"),
        ("http://[::1]:80/", "http://[::1]/"),
    ],
)
def test_each_address_has_one_spelling(written, normal):
    assert urls.normalise(written) == normal


@pytest.mark.parametrize(
    "written",
    ["mailto:a@example.org", "javascript:alert(1)", "file:///etc/passwd", "ftp://example.org/", "http://", "http://[::1",
     "http://user:secret@example.org/", "http://example.org:99999/", "http://example.org/" + "a" * 3000, "http://example.org:25/",
     "http://example.org" + "/a" * 30, "data:,x"],
)  # fmt: skip
def test_what_is_no_web_address_is_none(written):
    assert urls.normalise(written) is None


@given(st.text(max_size=60), st.sampled_from(["", "http://example.org/a/b?c=d", "https://example.org/"]))
def test_no_text_breaks_it_and_the_spelling_is_final(text, base):
    once = urls.normalise(text, base)
    assert once is None or urls.normalise(once) == once


@given(
    st.sampled_from(["/", "//", "", "?", "#"]),
    st.text("aé./;?#:%2f[@\\\t\r\n", max_size=20),
    st.sampled_from(["http://example.org/a/b?c=d", "https://[2001:db8::1]:8443/x", "http://a.test:81/"]),
)
def test_an_address_is_resolved_as_the_standard_library_does_it(start, rest, base):
    try:
        joined = urljoin(base, start + rest)
    except ValueError:
        joined = "no address"
    assert urls.normalise(start + rest, base) == urls.normalise(joined)


@given(
    st.text(max_size=60),
    st.sampled_from(["http://example.org/a/b?c=d", "https://[2001:db8::1]:8443/", "http://a.test:81/"]),
)
def test_the_parts_of_an_address_are_those_that_the_standard_library_finds(text, base):
    url = urls.normalise(text, base)
    if url is not None:
        parts = urlsplit(url)
        assert urls.host(url) == (parts.hostname or "")
        assert urls.authority(url) == f"{parts.scheme}://{parts.netloc}"
        assert urls.within(url, f"{parts.scheme}://{parts.netloc}/", parts.path)
        assert not parts.path or not urls.within(url, f"{parts.scheme}://{parts.netloc}/", f"{parts.path}x")


def test_a_site_is_its_host_and_folder():
    root = "https://example.org/music/"
    assert urls.within("https://example.org/music/a/b.html", root)
    assert not urls.within("https://example.org/musical", root)
    assert urls.within("https://www.example.org/music/a", root)
    assert not urls.within("https://blog.example.org/music/a", root)
    assert urls.within("https://example.org/news/1", root, "/news/")
    assert not urls.within("https://example.org/music/1", root, "/news/")
    assert not urls.within("https://example.org.evil.test/music/a", root)
    assert urls.within("https://example.org/sport", "https://example.org/index.html")
