"""Signing in at an OpenID Connect provider, and by a trusted proxy's header."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx2 import Response
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from rag.errors import SettingsError
from rag.settings import Settings, networks_in
from rag.storing.places import Places
from tests.oidc_provider import CLIENT, SECRET, OidcProvider
from ui.http.access import COOKIE, Access, with_access
from ui.http.addresses import own_addresses_only
from ui.http.clients import with_clients
from ui.http.people import people_routes
from ui.http.proxies import behind_proxies
from ui.people.file import PersonError
from ui.people.identities import Identity
from ui.people.oidc import Client, Provider
from ui.people.sign_on import SignOn, sign_on_of
from ui.people.store import People

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}  # as browsers come back


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    with OidcProvider() as started:
        yield started


@pytest.fixture
def people(places: Places) -> Iterator[People]:
    with People(places.database("people"), QUICK) as opened:
        opened.add("Root", PASSWORD, "administrator")
        yield opened


@contextmanager
def browser(people: People, sign_on: SignOn, peer: str = "10.0.0.2", **more: Any) -> Iterator[TestClient]:
    access = Access(people, is_local=False, sign_on=sign_on, **more)
    app = FastAPI()
    app.include_router(people_routes(access))
    app.add_middleware(with_access, access=access)
    app.add_middleware(with_clients)
    app.add_middleware(own_addresses_only, names={"testserver"})
    app.add_middleware(behind_proxies, trusted=networks_in("10.0.0.2"), user_header=sign_on.header)
    with TestClient(app, follow_redirects=False, client=(peer, 1)) as http:
        yield http


def at(provider: OidcProvider, role: Any = None, **more: Any) -> SignOn:
    return SignOn(Provider(Client(provider.issuer, CLIENT, SECRET, "Login", **more)), role)


def come_back(http: TestClient, provider: OidcProvider, **claims: Any) -> Response:
    """Begin, sign in at the provider, and come back."""
    begun = http.get("/sign-in/begin")
    assert begun.status_code == 303
    return http.get(provider.authorize(begun.headers["location"], **claims), headers=LINK)


def ada(**more: Any) -> dict[str, Any]:
    return {"sub": "ada-1", "email": "ada@example.com", "email_verified": True} | more


def test_below_a_path_that_the_proxy_names(provider: OidcProvider, people: People) -> None:
    said = {"X-Forwarded-Prefix": "/footnote", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "testserver"}
    with browser(people, at(provider, "writer")) as http:
        assert http.get("/", headers=said).headers["location"] == "/footnote/sign-in"
        assert 'href="/footnote/sign-in/begin"' in http.get("/sign-in", headers=said).text
        begun = http.get("/sign-in/begin", headers=said)
        back = "/footnote/sign-in/callback"
        assert parse_qs(urlsplit(begun.headers["location"]).query)["redirect_uri"] == [f"https://testserver{back}"]
        kept = begun.headers["set-cookie"]
        assert all(each in kept for each in (f"Path={back}", "HttpOnly", "SameSite=lax", "Secure"))
        cookie = {"cookie": kept.partition(";")[0]}
        came = urlsplit(provider.authorize(begun.headers["location"], **ada()))
        got = http.get(f"/sign-in/callback?{came.query}", headers=LINK | said | cookie)
        assert (got.status_code, got.headers["location"]) == (303, "/footnote/")
        assert http.get("/", headers=said | {"X-Forwarded-Host": "evil.example"}).status_code == 400


def test_who_was_added_is_linked_once_and_known_by_the_subject_from_then_on(provider: OidcProvider, people: People) -> None:
    people.add("ada@example.com", None, "writer")
    with browser(people, at(provider)) as http:
        assert "Sign in with Login" in http.get("/sign-in").text
        got = come_back(http, provider, **ada(email="Ada@Example.com"))
        assert (got.status_code, got.headers["location"]) == (303, "/")
        assert "HttpOnly" in next(each for each in got.headers.get_list("set-cookie") if each.startswith(COOKIE))
        assert "ada@example.com" in http.get("/account").text
        assert "New password" not in http.get("/account").text
        assert http.post("/account/password", data={"old": "", "new": PASSWORD}).status_code == 403
        assert http.post("/sign-out").status_code == 303
        assert http.get("/account").status_code == 303
        assert come_back(http, provider, **ada(email="renamed@example.com")).status_code == 303  # the same person
        assert "ada@example.com" in http.get("/account").text
        http.cookies.clear()
        refused = come_back(http, provider, **ada(sub="eve-2"))  # who got the address afterwards
        assert (refused.status_code, "signs in here another way" in refused.text) == (403, True)
    assert [each.name for each in people.listed()] == ["ada@example.com", "Root"]
    assert people.checked("ada@example.com", "") is None


def test_nobody_gets_an_account_by_a_claim_alone(provider: OidcProvider, people: People) -> None:
    people.add("ada@example.com", None, "administrator")
    people.add("taken@example.com", PASSWORD, "administrator")
    with browser(people, at(provider)) as http:
        for claims, words in (
            (ada(email="root@example.com"), "There is no user"),
            (ada(email_verified=False), "came without the name"),
            (ada(email_verified="yes"), "came without the name"),
            (ada(email=["ada@example.com"]), "came without the name"),
            (ada(email="ａｄａ@example.com"), "signs in here another way"),  # another address in the same letters
            (ada(email="x" * 10_000 + "@example.com"), "A name has 1 to 100"),
            (ada(email="taken@example.com"), "signs in here another way"),  # there is a password
            (ada(sub=""), "did not answer as"),
            (ada(sub=7), "could not be verified"),
            (ada(sub="x" * 10_000), "came without the name"),
        ):
            got = come_back(http, provider, **claims)
            assert got.status_code == 403
            assert words in got.text.replace("&#39;", "'")
            assert COOKIE not in http.cookies
    assert len(people.listed()) == 3


def test_new_people_get_the_role_that_is_set(provider: OidcProvider, people: People) -> None:
    with browser(people, at(provider, "guest", domains=frozenset({"example.com"}))) as http:
        assert come_back(http, provider, **ada()).status_code == 303
        new = people.find("ada@example.com")
        assert (new.role, [right for _, right in people.libraries_of(new)]) == ("guest", ["admin"])  # in a library of their own
        for email in ("eve@evil.example", "eve@sub.example.com", "eve@example.com@evil.example", "eve"):
            assert "may not sign in here" in come_back(http, provider, **ada(sub="eve", email=email)).text
        assert "came without the name" in come_back(http, provider, **ada(sub="eve", email_verified=False)).text
    assert len(people.listed()) == 2


def test_signing_in_leads_to_what_was_shared_and_nowhere_else(provider: OidcProvider, people: People) -> None:
    shared = "/libraries/0123abcd/shared/" + "x" * 22
    with browser(people, at(provider, "writer")) as http:
        assert f"/sign-in/begin?then={shared}" in http.get("/sign-in", params={"then": shared}).text
        for then, place in ((shared, shared), ("//evil.example", "/"), ("https://evil.example/", "/"), ("a.b.c." * 9_000, "/")):
            begun = http.get("/sign-in/begin", params={"then": then})
            got = http.get(provider.authorize(begun.headers["location"], **ada()), headers=LINK)
            assert (got.status_code, got.headers["location"]) == (303, place)
            http.post("/sign-out")


def test_who_is_not_let_in_is_recorded(provider: OidcProvider, people: People) -> None:
    noted: list[tuple[str, Any]] = []
    log: Any = SimpleNamespace(append=lambda _, action, facts: noted.append((action, facts)))
    with browser(people, at(provider), audit=log) as http:
        assert come_back(http, provider, **ada()).status_code == 403
    assert noted == [("sign_in.failed", {"by": "oidc"})]


def test_the_first_user_of_all_is_added_by_somebody(provider: OidcProvider, tmp_path: Path) -> None:
    with People(tmp_path / "none.sqlite3", QUICK) as nobody, browser(nobody, at(provider, "writer")) as http:
        assert come_back(http, provider, **ada()).status_code == 403
        assert nobody.listed() == []


def test_another_claim_and_the_userinfo_can_name_people(provider: OidcProvider, people: People) -> None:
    provider.userinfo = {"sub": "ada-1", "preferred_username": "ada", "email": "x"}
    with browser(people, at(provider, "reader", claim="preferred_username")) as http:
        assert come_back(http, provider, sub="ada-1").status_code == 303
        assert people.find("ada").role == "reader"
        assert come_back(http, provider, sub="eve").status_code == 403  # the userinfo is somebody else's


def test_groups_of_the_provider_decide(provider: OidcProvider, people: People) -> None:
    finance, sales = people.add_group("Finance"), people.add_group("Sales")

    def members() -> list[int]:
        return [len(people.members(group.id)) for group in (finance, sales)]

    with browser(people, at(provider, "guest", groups_claim="groups")) as http:
        for groups, expected in (
            (["Finance", "Unknown", 7, None], [1, 0]),
            ("sales", [0, 1]),
            (["Sales", "Finance"], [1, 1]),
            ({"Sales": 1}, [0, 0]),
        ):
            assert come_back(http, provider, **ada(groups=groups)).status_code == 303
            assert members() == expected
        assert come_back(http, provider, **ada(groups=["Sales"])).status_code == 303
        assert come_back(http, provider, **ada()).status_code == 303
        assert members() == [0, 0]


def forged(alg: str, key: Any) -> Callable[[dict[str, Any]], str]:
    return lambda claims: jwt.encode({"alg": alg}, claims, key, algorithms=[alg])


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def by_hand(alg: str, key: bytes) -> Callable[[dict[str, Any]], str]:
    """Signed with a secret; or, without one, not at all."""

    def sign(claims: dict[str, Any]) -> str:
        text = b".".join(encoded(json.dumps(part).encode()) for part in ({"alg": alg}, claims))
        return (text + b"." + (encoded(hmac.digest(key, text, "sha256")) if key else b"")).decode()

    return sign


def test_id_tokens_that_do_not_hold_are_refused(provider: OidcProvider, people: People) -> None:
    def claiming(**claims: Any) -> Callable[[dict[str, Any]], str]:
        return lambda true: provider.signed({name: value for name, value in (true | claims).items() if value is not None})

    public = provider.keys[0].as_pem(private=False) if isinstance(provider.keys[0], ECKey) else b""
    now = time.time()
    wrong: list[Callable[[dict[str, Any]], str]] = [
        by_hand("none", b""),
        by_hand("HS256", public),
        by_hand("HS256", SECRET.encode()),
        forged("ES256", ECKey.generate_key("P-256")),
        claiming(nonce="other"),
        claiming(nonce=None),
        claiming(iss="http://evil.example"),
        claiming(aud="another"),
        claiming(aud=["another", "third"], azp=CLIENT),
        claiming(aud=[CLIENT, "another"], azp="another"),
        claiming(aud=None),
        claiming(exp=now - 600),
        claiming(exp=None),
        claiming(exp="soon"),
        claiming(iat=now + 600),
        claiming(sub=None),
        lambda claims: provider.signed(claims)[:-4] + "AAAA",
        lambda claims: "no token",
        lambda claims: "",
    ]
    with browser(people, at(provider, "writer")) as http:
        for sign in wrong:
            provider.sign = sign
            got = come_back(http, provider, **ada())
            assert got.status_code in {403, 429}, got.text
            if got.status_code == 429:
                pytest.fail("these are too many for one address")
            assert "could not be verified" in got.text or "did not answer as" in got.text
            assert COOKIE not in http.cookies
        provider.sign = provider.signed
        assert len(people.listed()) == 1
    with browser(people, at(provider, "writer")) as http:
        provider.keys.insert(0, ECKey.generate_key("P-256"))  # a new key while the server runs
        assert come_back(http, provider, **ada()).status_code == 303


def test_codes_fit_to_the_browser_and_the_sign_in_alone(provider: OidcProvider, people: People) -> None:
    sign_on = at(provider, "writer")
    with browser(people, sign_on) as http, browser(people, sign_on) as other:
        address = http.get("/sign-in/begin").headers["location"]
        back = provider.authorize(address, **ada())
        assert parse_qs(urlsplit(address).query)["redirect_uri"] == ["http://testserver/sign-in/callback"]
        asked = list(provider.asked)
        for odd in (back, back.partition("?")[0], back.replace("state=", "state=x"), "/sign-in/callback?code=é&state=é&state="):
            assert other.get(odd, headers=LINK).status_code == 400  # another browser
        other.get("/sign-in/begin")
        assert other.get(back, headers=LINK).status_code == 400
        assert http.get(f"{back}&{urlencode({'iss': 'http://evil.example'})}", headers=LINK).status_code == 400
        assert provider.asked == asked  # the provider hears of none of it
        foreign = provider.authorize(other.get("/sign-in/begin").headers["location"], **ada(sub="eve", email="eve@example.com"))
        code = parse_qs(urlsplit(foreign).query)["code"][0]
        state = parse_qs(urlsplit(back).query)["state"][0]
        injected = http.get("/sign-in/callback", params={"code": code, "state": state}, headers=LINK)
        assert (injected.status_code, "did not confirm" in injected.text, "<b>no" in injected.text) == (403, True, False)
        fresh = provider.authorize(http.get("/sign-in/begin").headers["location"], **ada())
        assert http.get(fresh, headers=LINK).status_code == 303
        assert http.get(fresh, headers=LINK).status_code == 400  # again
        denied = http.get("/sign-in/begin").headers["location"]
        state = parse_qs(urlsplit(denied).query)["state"][0]
        got = http.get("/sign-in/callback", params={"error": "access_denied", "error_description": "<b>Call 555</b>", "state": state})
        assert (got.status_code, "did not sign you in" in got.text, "555" in got.text) == (403, True, False)
        assert http.get("/sign-in/begin", headers=LINK).status_code == 403  # other sites begin nothing
    assert [each.name for each in people.listed()] == ["ada@example.com", "Root"]


def test_a_provider_that_does_not_work_is_named(provider: OidcProvider, people: People) -> None:
    def text(body: bytes, status: int = 200) -> Callable[[Any], None]:
        def answer(request: Any) -> None:
            request.send_response(status)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)

        return answer

    def drip(request: Any) -> None:
        request.send_response(200)
        request.end_headers()
        with suppress(OSError):
            while True:
                request.wfile.write(b" ")
                time.sleep(0.02)

    def told(provider: OidcProvider, seconds: float = 10) -> str:
        """What is said of it."""
        broken = SignOn(Provider(Client(provider.issuer, CLIENT, SECRET, "Login"), seconds), "writer")
        with browser(people, broken) as http:
            got = http.get("/sign-in/begin")
            if got.status_code == 303:
                got = http.get(provider.authorize(got.headers["location"], **ada()), headers=LINK)
            assert got.status_code in {403, 502}
            return got.text

    discovery, unlike = "/.well-known/openid-configuration", "did not answer as"
    page, long = text(b"<html>Welcome</html>"), text(b'{"a": "' + b"x" * 2_000_000 + b'"}')
    for path, answers in (
        (discovery, (page, text(b"[]"), long)),
        ("/token", (page, text(b"{}", 500), long)),
        ("/jwks", (page, text(b"{}"))),
    ):
        for answer in answers:
            provider.answers = {path: answer}
            assert unlike in told(provider), (path, answer)
    provider.answers = {"/token": drip}
    assert "Login cannot be reached" in told(provider, 0.3)
    provider.answers = {}
    for about in ({"issuer": "http://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": None}):
        provider.about = about
        assert unlike in told(provider)
    provider.issuer = "http://127.0.0.1:1"
    assert "Login cannot be reached" in told(provider)
    assert len(people.listed()) == 1


def test_passwords_can_be_switched_off(provider: OidcProvider, people: People) -> None:
    both, alone = at(provider), SignOn(at(provider).provider, passwords=False)
    given = {"name": "Root", "password": PASSWORD}
    with browser(people, both) as http:
        assert http.post("/sign-in", data=given).status_code == 303
        assert "New password" in http.get("/account").text
    with browser(people, alone) as http:
        assert 'type="password"' not in http.get("/sign-in").text
        assert http.post("/sign-in", data=given).status_code == 403
        chosen = {"code": people.make_link(people.find("Root")), "password": PASSWORD}
        assert http.get("/choose-password", params=chosen).status_code == 403
        assert http.post("/choose-password", data=chosen).status_code == 403
    with browser(people, SignOn()) as http:
        assert "Sign in with" not in http.get("/sign-in").text
        for path in ("/sign-in/begin", "/sign-in/callback"):
            assert http.get(path).headers["location"].endswith("/sign-in")


def test_a_proxy_names_people(people: People) -> None:
    people.add("zoë", None, "writer")
    named = SignOn(header="X-Remote-User", proxy_role="reader")
    with browser(people, named) as http:
        for name, status in (("zoë", 200), ("sam", 200), ("Root", 403), ("ｓam", 403), ("x" * 10_000, 403), ("a\tb", 403)):
            assert http.get("/account", headers={b"X-Remote-User": name.encode()}).status_code == status, name
        assert http.get("/account").status_code == 303
        assert http.get("/sign-in", headers={"X-Remote-User": "Root"}).status_code == 200
        token = people.add_token(people.find("sam"), "x", "read", 1)
        given = {"X-Remote-User": "Root", "Authorization": f"Bearer {token}"}
        assert http.get("/account", headers=given).status_code != 200  # a token says who asks
        for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
            assert http.post("/account/tokens", headers={"X-Remote-User": "sam", **headers}).status_code == 403
    with browser(people, named, peer="10.0.0.3") as http:
        assert http.get("/account", headers={"X-Remote-User": "sam"}).status_code == 303
    with browser(people, SignOn()) as http:
        assert http.get("/account", headers={"X-Remote-User": "sam"}).status_code == 303
    assert {each.name: each.role for each in people.listed()} == {"Root": "administrator", "sam": "reader", "zoë": "writer"}
    people.remove("zoë")
    with browser(people, SignOn(header="X-Remote-User")) as http:
        assert http.get("/account", headers={b"X-Remote-User": "zoë".encode()}).status_code == 403


def test_guesses_are_counted_by_the_address_that_the_proxy_says(people: People) -> None:
    with browser(people, SignOn()) as http:

        def guess(number: int, said: str) -> int:
            given = {"name": f"user {number}", "password": PASSWORD}
            return http.post("/sign-in", data=given, headers={"X-Forwarded-For": said}).status_code

        assert {guess(n, f"198.51.100.{n}, 203.0.113.9") for n in range(20)} == {401}  # one client, who lies
        assert guess(20, "198.51.100.20, 203.0.113.9") == 429
        assert guess(21, "203.0.113.10") == 401


def test_an_account_is_handed_over_by_an_administrator(people: People) -> None:
    people.add("Ada", PASSWORD, "reader")
    mine = Identity("https://login", "1", "Ada")
    with pytest.raises(PersonError, match="another way"):
        people.admit(mine, "writer")
    session = people.begin_session(people.find("Ada"))
    people.sign_in_elsewhere("ada")
    assert people.of_session(session) is None
    assert people.checked("Ada", PASSWORD) is None
    assert people.admit(mine, None) == people.find("Ada")
    with pytest.raises(PersonError, match="another way"):
        people.admit(Identity("https://other", "1", "Ada"), "writer")
    people.remove("Ada")
    with pytest.raises(PersonError, match="no user"):
        people.admit(mine, None)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"oidc_issuer": "https://login.example"}, "belong together"),
        ({"oidc_client_secret": "x", "oidc_client_id": "y"}, "belong together"),
        ({"proxy_user_header": "X-User"}, "RAG_TRUSTED_PROXIES"),
        ({"proxy_user_header": "X-User", "trusted_proxies": "*"}, "RAG_TRUSTED_PROXIES"),
        ({"proxy_user_header": "X-User", "trusted_proxies": "0.0.0.0/0"}, "RAG_TRUSTED_PROXIES"),
        ({"passwords": False}, "no way to sign in"),
    ],
)
def test_settings_that_contradict_each_other(given: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        sign_on_of(Settings(**given))


def test_the_variable_of_uvicorn_names_proxies_where_ours_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.9")
    assert Settings().proxy_networks == networks_in("10.0.0.9")
    assert Settings(trusted_proxies="10.0.0.2").proxy_networks == networks_in("10.0.0.2")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "proxy")
    with pytest.raises(SettingsError, match="FORWARDED_ALLOW_IPS in the environment: 'proxy' is not"):
        sign_on_of(Settings())


@pytest.mark.parametrize(
    "issuer", ["http://login.example", "login.example", "https://", "https://login.example?x", "ftp://x", "https://[x"]
)
def test_a_provider_is_asked_over_tls(issuer: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        Settings(oidc_issuer=issuer)
