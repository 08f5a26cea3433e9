"""What two users and an administrator do, over HTTP, each step checked as it is made. It knows the
market's API and nothing of where it runs.
"""

import dataclasses
import datetime
import json
import urllib.error
import urllib.request

from emulator import until

REQUEST_SECONDS = 60
# A queue or a stream wakes the function behind it well within a second, on an idle machine.
FOLLOW_SECONDS = 60
# A cut is the start of a minute, two minutes ago at least.
CUT_SECONDS = 200
CUT_PAUSE_SECONDS = 2
PASSWORD = "a long walk from Earth to Mars"
EARTH, MARS = 1, 2

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def check(what: str, holds: bool, seen: object) -> None:
    """Says that a step holds, or ends."""
    if not holds:
        raise SystemExit(f"{what}: it was {seen}")
    print(f"ok: {what}", flush=True)


@dataclasses.dataclass
class Api:
    """An HTTP API, behind the emulator's port and the host's name that is the API's."""

    url: str
    host: str
    sent: int = 0

    def send(self, method: str, path: str, body: object = None, token: str | None = None):
        """A request's status and body. A request that changes something has a key of its own."""
        self.sent += 1
        headers = {"host": self.host}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers |= {"content-type": "application/json"}
            headers |= {"idempotency-key": f"end-to-end-{self.sent}"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with OPENER.open(request, timeout=REQUEST_SECONDS) as response:
                status, answer = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, answer = error.code, error.read()
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, answer


class User:
    """Somebody who is signed up and logged in."""

    def __init__(self, api: Api, name: str, universe: int | None, password: str = PASSWORD) -> None:
        """Signs up in a universe, if one is given, and logs in."""
        self.api, self.name = api, name
        if universe is not None:
            user = {"username": name, "email": f"{name}@market.example", "password": password,
                    "universe_id": universe}
            status, answer = api.send("POST", "/api/v1/auth/signup", user)
            check(f"{name} signs up", status == 201, (status, answer))
            self.wallet = answer["data"]["wallet_id"]
        status, answer = api.send("POST", "/api/v1/auth/login",
                                  {"username": name, "password": password})
        check(f"{name} logs in", status == 200, (status, answer))
        self.token, self.id = answer["access_token"], answer["data"]["user_id"]

    def get(self, path: str):
        return self.api.send("GET", path, token=self.token)

    def post(self, path: str, body: object):
        return self.api.send("POST", path, body, token=self.token)

    def deposit(self, amount: str) -> None:
        body = {"operation_type": "DEPOSIT", "amount": amount}
        status, answer = self.post(f"/api/v1/wallets/{self.wallet}/operation", body)
        check(f"{self.name} deposits {amount}", status == 200, (status, answer))

    def wallets(self) -> dict[str, tuple[str, str]]:
        """What is posted and what is held, by currency."""
        status, answer = self.get("/api/v1/wallets")
        if status != 200:
            raise SystemExit(f"{self.name}'s wallets: {status}, {answer}")
        return {it["currency"]: (it["posted"], it["held"]) for it in answer["data"]}

    def has(self, what: str, **wallets: str) -> None:
        """Checks what is posted, with nothing held."""
        wanted = {currency: (amount, "0.00") for currency, amount in wallets.items()}
        seen = self.wallets()
        told = " and ".join(f"{amount} {currency}" for currency, amount in wallets.items())
        check(f"{self.name} {what} {told}", seen == wanted, seen)

    def places(self, side: str) -> str:
        """Places an order for a hundred at 0.40."""
        order = {"market": "MRC-USD", "side": side, "type": "limit", "price": "0.40",
                 "quantity": "100.00"}
        status, answer = self.post("/api/v1/orders", order)
        answered = status in (200, 201, 202) and answer["id"].startswith("ord_")
        check(f"{self.name} places an order to {side} 100.00 MRC at 0.40 USD", answered,
              (status, answer))
        return answer["id"]

    def sees(self, order: str, wanted: str) -> None:
        """Waits until the matcher has come so far with an order."""
        last = []
        def is_so() -> bool:
            last[:] = [self.get(f"/api/v1/orders/{order}")]
            return last[0][0] == 200 and last[0][1]["status"] == wanted
        check(f"{self.name}'s order is {wanted}: the queue woke the matcher",
              until(is_so, FOLLOW_SECONDS), last)


def universes(api: Api) -> None:
    """The seeded ones. (The emulator answers `/health` itself, so that would say nothing.)"""
    status, answer = api.send("GET", "/api/v1/universes")
    seen = [it["name"] for it in answer.get("data", [])]
    check("the API lists the universes", seen == ["Earth", "Mars", "Venus"], (status, answer))


def denied(api: Api) -> None:
    """The door: nobody passes without a token, or with one that nobody issued."""
    status, answer = api.send("GET", "/api/v1/wallets")
    check("without a token the gateway answers 401", status == 401, (status, answer))
    status, answer = api.send("GET", "/api/v1/wallets", token="nobody.issued.it")
    check("with a false token its authorizer refuses", status in (401, 403), (status, answer))


def trade(maker: User, taker: User) -> tuple[str, str]:
    """Deposits, an exchange, a purchase, and two orders that meet. The orders."""
    taker.deposit("1000.00")
    maker.deposit("500.00")
    wanted = {"amount": "100.00", "from_universe_id": EARTH, "to_universe_id": MARS}
    status, answer = taker.post("/api/v1/exchange", wanted)
    check("100.00 USD are exchanged", status == 200, (status, answer))
    taker.has("has", USD="900.00", MRC="250.00")

    item = {"name": "Mars Dust", "universe_id": MARS, "price": "10.00", "stock": 3}
    status, answer = maker.post("/api/v1/items", item)
    check("an item is for sale", status == 201, (status, answer))
    item = answer.get("data", answer)["id"]
    wanted = {"item_id": item, "quantity": 1, "expected_unit_price": "10.00"}
    status, answer = taker.post("/api/v1/buy", wanted)
    check("it is bought for 4.00 USD", status == 200 and answer["amount"] == "4.00",
          (status, answer))
    maker.has("was paid, and has", MRC="510.00")

    rests = maker.places("sell")
    maker.sees(rests, "open")
    seen = maker.wallets()
    check("100.00 MRC are held for it", seen == {"MRC": ("510.00", "100.00")}, seen)
    takes = taker.places("buy")
    taker.sees(takes, "filled")
    maker.sees(rests, "filled")
    return rests, takes


def money(maker: User, taker: User) -> None:
    """40.00 USD for 100.00 MRC, of which the market keeps 10 and 20 basis points."""
    maker.has("sold, and has", MRC="410.00", USD="39.96")
    taker.has("bought, and has", MRC="350.00", USD="855.92")


def fills(user: User, order: str, liquidity: str, fee: str) -> None:
    status, answer = user.get(f"/api/v1/orders/{order}/fills")
    seen = [(it["liquidity"], it["quantity"], it["notional"], it["fee"])
            for it in answer.get("data", [])]
    check(f"{user.name}'s order has one fill, as {liquidity}",
          seen == [(liquidity, "100.00", "40.00", fee)], (status, answer))


def history(user: User, sold: str) -> None:
    """What the user bought or sold: one purchase."""
    status, answer = user.get(f"/api/v1/users/{user.id}/trades")
    seen = [(it["amount"], it["currency"], it["quantity"]) for it in answer.get("data", [])]
    check(f"{user.name}'s history has the {sold}", seen == [("4.00", "USD", 1)], (status, answer))


def statement(user: User, currency: str, lines: list[tuple[str, str]]) -> None:
    """Waits until all that happened to a wallet is folded into its statement."""
    wallet = f"wal_{user.id.removeprefix('usr_')}_{currency}"
    last = []
    def is_so() -> bool:
        last[:] = user.get(f"/api/v1/wallets/{wallet}/entries")
        return last[0] == 200 and last[1]["as_of_version"] == last[1]["version"]
    folded = until(is_so, FOLLOW_SECONDS)
    seen = [(it["kind"], it["delta"]) for it in last[1].get("data", [])]
    told = ", ".join(f"{kind} {delta}" for kind, delta in lines)
    check(f"the streams woke `project`: {user.name}'s {currency} statement says {told}",
          folded and seen == lines, last)


def conserved(admin: User, since: datetime.datetime) -> None:
    """Waits for a cut after all of it, at which all money must still be there."""
    last = []
    def is_so() -> bool:
        last[:] = admin.get("/api/v1/audit/conservation")
        if last[0] != 200:
            raise SystemExit(f"the audit: {last}")
        return last[1]["complete"] and datetime.datetime.fromisoformat(last[1]["cut"]) >= since
    reached = until(is_so, CUT_SECONDS, CUT_PAUSE_SECONDS)
    check("the audit has a cut after all of it, and no money was made or lost",
          reached and last[1]["holds"], last)
    totals = ("users_available", "users_held", "world", "pool", "fees", "dust", "sum")
    seen = {row["currency"]: [row[name] for name in totals] for row in last[1]["data"]}
    seen = {currency: row for currency, row in seen.items() if currency in ("USD", "MRC")}
    wanted = {
        "USD": ["895.88", "0.00", "-1000.00", "104.00", "0.12", "0.00", "0.00"],
        "MRC": ["760.00", "0.00", "-500.00", "-260.00", "0.00", "0.00", "0.00"],
    }
    check(f"each account is as reckoned: {', '.join(totals)}", seen == wanted, seen)
