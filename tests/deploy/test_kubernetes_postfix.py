"""The Postfix of mode sidecar: who reaches it, whom it takes for ours, and that it starts and ends as it should."""

import pytest

from chart import KUBERNETES, NAMES, containers, of_kind, render

# What a Service that is open to the outside needs.
CLIENTS = ["--set", "networkPolicy.smtpFrom[0].ipBlock.cidr=192.0.2.0/24"]
NETWORKS = ["--set-string", 'config=[origin]\nnetworks = ["192.0.2.0/24"]\n']
MYNETWORKS = ["--set", "postfix.settings.mynetworks=192.0.2.0/24"]
TRUST = ["--set", "postfix.service.trustPrivateNetworks=true"]
ENVIRONMENT = "postfix.env: the image boky/postfix does not start without"
OPEN = ("NodePort", "LoadBalancer")


def service_type(name: str) -> list[str]:
    return ["--set", f"postfix.service.type={name}"]


def environment(*names: str) -> list[str]:
    entries = ",".join(f'{{"name":"{name}","value":"yes"}}' for name in names)
    return ["--set-json", f"postfix.env=[{entries}]"]


def postfix(text: str) -> dict:
    """The container of Postfix."""
    return next(one for _, one in containers(text) if one["name"] == "postfix")


def own_variables(text: str) -> dict[str, str]:
    """The container's environment without the settings that the chart makes."""
    return {one["name"]: one["value"] for one in postfix(text)["env"] if not one["name"].startswith("POSTFIX_")}


def assert_open_to_clients(text: str) -> None:
    """A load balancer that keeps the addresses of clients, let in by their network only."""
    (service,) = of_kind(text, "Service")
    assert (service["spec"]["type"], service["spec"]["externalTrafficPolicy"]) == ("LoadBalancer", "Local")
    (policy,) = of_kind(text, "NetworkPolicy")
    (smtp,) = [rule for rule in policy["spec"]["ingress"] if {"port": 587, "protocol": "TCP"} in rule["ports"]]
    assert smtp["from"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]


@pytest.mark.parametrize("kind", OPEN)
def test_clients_from_outside_keep_their_addresses(kind):
    text = render("sidecar-minimal", *service_type(kind), *CLIENTS, *NETWORKS, *MYNETWORKS)
    (service,) = of_kind(text, "Service")
    assert (service["spec"]["type"], service["spec"]["externalTrafficPolicy"]) == (kind, "Local")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "sidecar-full"])
def test_no_traffic_policy_where_kubernetes_would_refuse_it(name):
    assert "externalTrafficPolicy" not in of_kind(render(name), "Service")[0]["spec"]


@pytest.mark.parametrize("kind", OPEN)
@pytest.mark.parametrize(
    "arguments, complaint",
    [
        ([], "networkPolicy.smtpFrom: with postfix.service.type"),
        ([*TRUST], "networkPolicy.smtpFrom: with postfix.service.type"),
        ([*CLIENTS, *MYNETWORKS], "origin.networks counts whole private networks as ours"),
        ([*CLIENTS, *NETWORKS], "postfix.settings.mynetworks: with postfix.service.type"),
    ],
)
def test_strangers_are_not_taken_for_ours(kind, arguments, complaint):
    assert complaint in render("sidecar-minimal", *service_type(kind), *arguments, fails=True)


@pytest.mark.parametrize("network", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])
def test_each_private_network_is_seen(network):
    """Over several lines and in single quotes too."""
    config = f"config=[origin]\nnetworks = [\n  '192.0.2.0/24',\n  '{network}',\n]\n".replace(",", "\\,")
    arguments = [*service_type("NodePort"), *CLIENTS, *MYNETWORKS, "--set-string", config]
    assert "origin.networks counts" in render("sidecar-minimal", *arguments, fails=True)


def test_private_networks_that_are_trusted_explicitly():
    text = render("sidecar-minimal", *service_type("LoadBalancer"), *CLIENTS, *TRUST)
    assert_open_to_clients(text)
    assert "POSTFIX_mynetworks" not in {one["name"] for one in postfix(text)["env"]}, "the image's default is trusted"


def test_another_image_has_other_defaults():
    """Neither its variables nor its mynetworks are known."""
    other = ["--set", "postfix.image.repository=registry.example.com/postfix", "--set-json", "postfix.env=[]"]
    text = render("sidecar-minimal", *other, *service_type("LoadBalancer"), *CLIENTS, *NETWORKS)
    assert_open_to_clients(text)
    assert postfix(text)["image"].startswith("registry.example.com/postfix:") and not own_variables(text)


def test_the_example_lets_in_the_clients_of_its_load_balancer():
    """Selectors match pods only."""
    (policy,) = of_kind(render("sidecar-full"), "NetworkPolicy")
    (smtp,) = [rule for rule in policy["spec"]["ingress"] if {"port": 25, "protocol": "TCP"} in rule["ports"]]
    assert {"ipBlock": {"cidr": "192.0.2.0/24"}} in smtp["from"]


@pytest.mark.parametrize("repository", ["docker.io/boky/postfix", "boky/postfix", "mirror.example.com/x/boky/postfix"])
@pytest.mark.parametrize("variables", [[], ["OTHER"]])
def test_refused_without_domains_that_the_image_needs(repository, variables):
    arguments = ["--set", f"postfix.image.repository={repository}", *environment(*variables)]
    assert ENVIRONMENT in render("sidecar-minimal", *arguments, fails=True)


def test_refused_with_an_empty_domain():
    env = 'postfix.env=[{"name":"ALLOWED_SENDER_DOMAINS","value":""}]'
    assert ENVIRONMENT in render("sidecar-minimal", "--set-json", env, fails=True)
    assert ENVIRONMENT in render(fails=True), "the defaults know no domain"


def test_either_variable_is_enough():
    for name in ("ALLOWED_SENDER_DOMAINS", "ALLOW_EMPTY_SENDER_DOMAINS"):
        assert own_variables(render("sidecar-minimal", *environment(name))) == {name: "yes"}
    source = "postfix.container.envFrom[0].configMapRef.name=domains"
    text = render("sidecar-minimal", *environment(), "--set", source)
    assert postfix(text)["envFrom"] == [{"configMapRef": {"name": "domains"}}] and not own_variables(text)


def test_the_quick_start_is_taken_as_it_is_written():
    """What `helm install` in the README gets, without the other values of an example."""
    lines = (KUBERNETES / "README.md").read_text().partition("helm install postseal")[2].partition("```")[0]
    words = lines.replace("\\\n", " ").replace("'", "").split()
    arguments = [part for at, word in enumerate(words) if word == "--set" for part in ("--set", words[at + 1])]
    found = {one["name"]: one for _, one in containers(render(None, *arguments))}
    assert {"name": "ALLOWED_SENDER_DOMAINS", "value": "example.com"} in found["postfix"]["env"]


def test_a_lifecycle_of_ones_own_goes_before_the_chart():
    own = ["--set", "postfix.container.lifecycle.preStop.sleep.seconds=30"]
    found = {one["name"]: one for _, one in containers(render("sidecar-minimal", *own))}
    assert found["postfix"]["lifecycle"] == {"preStop": {"sleep": {"seconds": 30}}}
