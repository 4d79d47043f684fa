"""Who else may say who somebody is, as the settings have it: an OpenID Connect provider, a trusted proxy."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.errors import SettingsError
from rag.settings import Settings
from ui.people.accounts import Person
from ui.people.identities import Identity
from ui.people.rights import Role
from ui.people.store import People

if TYPE_CHECKING:
    from ui.people.oidc import Provider

HALF_SET = "RAG_OIDC_ISSUER, RAG_OIDC_CLIENT_ID and RAG_OIDC_CLIENT_SECRET belong together. Set all three, or none."
NO_PROXY = "RAG_PROXY_USER_HEADER lets proxies say who somebody is. Name their addresses in RAG_TRUSTED_PROXIES; * will not do."
NO_WAY = "RAG_PASSWORDS=false leaves no way to sign in. Set RAG_OIDC_ISSUER or RAG_PROXY_USER_HEADER too."


@dataclass(frozen=True, slots=True)
class SignOn:
    """What is set.

    Attributes:
        provider: The OpenID Connect provider.
        role: Of a new user for whoever it knows and nobody has added; None where such do not come in.
        header: In which a trusted proxy names who has signed in there.
        proxy_role: As `role`, for whom the proxy names.
        passwords: Whether users may sign in with passwords too.
    """

    provider: "Provider | None" = None
    role: Role | None = None
    header: str = ""
    proxy_role: Role | None = None
    passwords: bool = field(default=True, repr=False)  # by its name it might hold one

    @property
    def is_on(self) -> bool:
        """Whether anybody else may say who somebody is."""
        return bool(self.provider or self.header)

    def admit(self, people: People, identity: Identity) -> Person:
        """The person whom the provider knows; raises PersonError. The first user of all is an administrator, whom somebody adds."""
        return people.admit(identity, self.role if people.exist() else None)

    def named(self, people: People, name: str) -> Person:
        """The person whom a proxy names; raises PersonError."""
        return people.admit(Identity(f"proxy:{self.header.lower()}", name, name), self.proxy_role if people.exist() else None)


def sign_on_of(settings: Settings) -> SignOn:
    """What the settings say; raises SettingsError where they contradict each other."""
    secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else ""
    given = [settings.oidc_issuer or "", settings.oidc_client_id or "", secret]
    if any(given) and not all(given):
        raise SettingsError(HALF_SET)
    networks = settings.proxy_networks
    if settings.proxy_user_header and (not networks or any(network.prefixlen == 0 for network in networks)):
        raise SettingsError(NO_PROXY)
    if not (settings.passwords or all(given) or settings.proxy_user_header):
        raise SettingsError(NO_WAY)
    provider = None
    if all(given):
        from ui.people.oidc import Client, Provider

        domains = frozenset(each.strip().lower().lstrip("@") for each in (settings.oidc_domains or "").split(",") if each.strip())
        groups, (issuer, client_id, secret) = settings.oidc_groups_claim or "", given
        provider = Provider(Client(issuer, client_id, secret, settings.oidc_name, settings.oidc_claim, domains, groups))
    return SignOn(provider, settings.oidc_role, settings.proxy_user_header or "", settings.proxy_role, settings.passwords)
