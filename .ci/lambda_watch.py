"""Drives functions behind `cargo lambda watch` as a client does, and says what does not hold.

Usage: lambda_watch.py PORT REPORT: the port on this machine, and the JSON that the local market
printed when it had made the demo market in the functions' store.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

# The first answer of a function waits until it is compiled, and the first of all until all that
# it depends on is.
PATIENCE_SECONDS = 900
ROCKS = "itm_00000000000000000000000002"

PORT = int(sys.argv[1])
REPORT = json.loads(pathlib.Path(sys.argv[2]).read_text())
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def step(what: str, holds: bool, seen: object) -> None:
    """Says that a step holds, or ends."""
    if not holds:
        sys.exit(f"{what}: it was {seen}")
    print(f"ok: {what}", flush=True)


def send(method: str, path: str, body: object = None, **headers: str):
    """A request's status, headers and body."""
    data = None if body is None else json.dumps(body).encode()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if data is not None:
        headers["content-type"] = "application/json"
    # By name: a Host header that is an address is more than lambda_http takes.
    url = f"http://localhost:{PORT}{path}"
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with OPENER.open(request, timeout=PATIENCE_SECONDS) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def invoke(function: str, event: dict) -> dict | None:
    """A function's answer to an event, by `cargo lambda invoke`."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(event, file)
        file.flush()
        command = ["cargo", "lambda", "invoke", function, "--data-file", file.name]
        command += ["--invoke-address", "127.0.0.1", "--invoke-port", str(PORT)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"cargo lambda invoke {function}: {done.stderr}")
    return json.loads(done.stdout)


def event(function: str) -> dict:
    """A function's sample event."""
    return json.loads(pathlib.Path(f"events/{function}.json").read_text())


def reads() -> None:
    status, _, body = send("GET", "/health")
    step("GET /health answers 200", status == 200, (status, body))
    status, _, body = send("GET", "/api/v1/universes")
    names = [universe["name"] for universe in json.loads(body).get("data", [])]
    step("the demo universes are listed", names == ["Earth", "Mars", "Venus"], (status, body))
    status, _, body = send("POST", "/health")
    step("the router's table has no POST /health", status == 404, (status, body))


def identity() -> str:
    user = {"username": "walker", "password": "watched-demo-1", "universe_id": 1}
    user["email"] = "walker@earth.example"
    status, _, body = send("POST", "/api/v1/auth/signup", user)
    step("POST /api/v1/auth/signup answers 201", status == 201, (status, body))
    demo = REPORT["users"][0]
    login = {"username": demo["username"], "password": demo["password"]}
    status, _, body = send("POST", "/api/v1/auth/login", login)
    step("a demo user logs in", status == 200, (status, body))
    return json.loads(body)["access_token"]


def purchases(token: str) -> None:
    bearer = {"authorization": f"Bearer {token}"}
    wanted = {"item_id": ROCKS, "quantity": 1, "expected_unit_price": "10.00"}
    first = send("POST", "/api/v1/buy", wanted, idempotency_key="watch-1", **bearer)
    sold = first[0] == 200 and json.loads(first[2])["amount"] == "4.00"
    step("a Mars rock for 10.00 MRC costs 4.00 USD", sold, first)
    again = send("POST", "/api/v1/buy", wanted, idempotency_key="watch-1", **bearer)
    replayed = again[2] == first[2] and again[1]["idempotency-replayed"] == "true"
    step("the same key again gets the same bytes", replayed, again)

    buy = event("buy")
    buy["headers"]["authorization"] = bearer["authorization"]
    answer = invoke("buy", buy)
    step("cargo lambda invoke buy sells one", answer["statusCode"] == 200, answer)
    status, _, body = send("GET", f"/api/v1/items/{ROCKS}")
    item = json.loads(body)
    step("two of fifty are sold", status == 200 and item["stock"] == 48, (status, body))


def events() -> None:
    answer = invoke("health", event("health"))
    step("cargo lambda invoke health answers 200", answer["statusCode"] == 200, answer)
    answer = invoke("sweep", event("sweep"))
    step("cargo lambda invoke sweep takes a schedule's event", answer is None, answer)


reads()
purchases(identity())
events()
