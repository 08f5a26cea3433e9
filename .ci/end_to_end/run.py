"""The market in an emulator, from nothing to an audited trade. Usage: run.py REPORT, a file for the
list of what the emulator refused; or run.py --programs, to be told what is to be built.
"""

import datetime
import pathlib
import signal
import subprocess
import sys
import time

import deployment
import emulator as emulators
import journey

LOG = pathlib.Path("target/ci/end-to-end.log")
ADMIN_PASSWORD = "looks after all markets here"
HTTP = """authorize buy create-item exchange get-conservation get-order list-order-fills
 list-trades list-universes list-wallet-entries list-wallets login operate-wallet place-order
 signup""".split()
EVENTS = ["audit", "beat", "follow-venues", "match-orders", "project", "publish", "sweep"]
PROGRAMS = HTTP + EVENTS
QUEUES = ["MatchQueueUrl", "MatchDeadLetterQueueUrl", "WebhookQueueUrl",
          "WebhookDeadLetterQueueUrl", "VenueQueueUrl", "VenueDeadLetterQueueUrl",
          "FailureQueueUrl"]


def seed(emulator: emulators.Emulator) -> None:
    """Universes, markets and an administrator, by the operator's command, which reads the stack."""
    command = ["target/debug/market-ops", "--stack", deployment.STACK, "--endpoint", emulator.url,
               "--yes", "seed", "--password-stdin"]
    done = subprocess.run(command, input=ADMIN_PASSWORD, capture_output=True, text=True,
                          check=False)
    journey.check("market-ops seeds the market of the stack", done.returncode == 0,
                  (done.stdout, done.stderr))


def without_sweep(emulator: emulators.Emulator) -> None:
    """Stops the minute's sweep, which would wake the matcher too: only the queue shall."""
    scheduler = emulator.client("scheduler")
    schedules = scheduler.list_schedules()["Schedules"]
    found = [it for it in schedules if it["Name"] == f"{deployment.STACK}-sweep"]
    schedule = scheduler.get_schedule(Name=found[0]["Name"], GroupName=found[0]["GroupName"])
    names = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(State="DISABLED", **{name: schedule[name] for name in names})
    print("the sweep's schedule is off", flush=True)


def invoke(emulator: emulators.Emulator, stem: str) -> None:
    """Calls a schedule's function with its sample event."""
    event = pathlib.Path(f"events/{stem}.json").read_bytes()
    answer = emulator.client("lambda").invoke(
        FunctionName=f"{deployment.STACK}-{stem}", Qualifier="live", Payload=event)
    failed = answer.get("FunctionError")
    journey.check(f"{stem} takes a schedule's event", failed is None, answer["Payload"].read())


def queues_are_empty(emulator: emulators.Emulator, outputs: dict[str, str]) -> None:
    """No message waits, none is a dead letter, and no record was put aside."""
    queues = emulator.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = {}
    def empty() -> bool:
        for name in QUEUES:
            found = queues.get_queue_attributes(QueueUrl=outputs[name], AttributeNames=names)
            counts[name] = sum(int(value) for value in found["Attributes"].values())
        return not any(counts.values())
    journey.check("no queue holds a message, a dead letter or a failure",
                  emulators.until(empty, journey.FOLLOW_SECONDS), counts)


def roles_count(emulator: emulators.Emulator, user: journey.User) -> None:
    """That the emulator minds what roles may do: without its policy a function may do nothing."""
    function = f"{deployment.STACK}-list-wallets"
    found = emulator.client("lambda").get_function_configuration(FunctionName=function)
    role = found["Role"].rsplit("/", 1)[-1]
    roles = emulator.client("iam")
    for name in roles.list_role_policies(RoleName=role)["PolicyNames"]:
        roles.delete_role_policy(RoleName=role, PolicyName=name)
    status, answer = user.get("/api/v1/wallets")
    journey.check("without its role's policy list-wallets is refused the tables", status >= 500,
                  (status, answer))


def run(emulator: emulators.Emulator, report: pathlib.Path) -> None:
    started = time.monotonic()
    deployment.programs(emulator, PROGRAMS)
    outputs, left_out = deployment.deploy(emulator, PROGRAMS)
    print(f"deployed in {time.monotonic() - started:.0f} s")
    print("\n".join(left_out), flush=True)
    report.write_text("\n".join(left_out) + "\n")
    without_sweep(emulator)
    seed(emulator)

    api_id = outputs["ApiUrl"].removeprefix("https://").split(".")[0]
    api = journey.Api(emulator.url, f"{api_id}.execute-api.localhost:{emulator.port}")
    journey.universes(api)
    journey.denied(api)
    maker = journey.User(api, "mars_miner", journey.MARS)
    taker = journey.User(api, "earth_trader", journey.EARTH)
    rests, takes = journey.trade(maker, taker)
    traded = datetime.datetime.now(datetime.timezone.utc)
    journey.money(maker, taker)
    journey.fills(maker, rests, "maker", "0.04")
    journey.fills(taker, takes, "taker", "0.08")
    journey.history(taker, "purchase")
    journey.history(maker, "sale")
    journey.statement(taker, "USD", [("fill", "-40.08"), ("order_placed", "0.00"),
                                     ("purchase", "-4.00"), ("exchange", "-100.00"),
                                     ("deposit", "1000.00")])
    journey.statement(maker, "MRC", [("fill", "-100.00"), ("order_placed", "0.00"),
                                     ("purchase", "10.00"), ("deposit", "500.00")])
    invoke(emulator, "sweep")
    queues_are_empty(emulator, outputs)
    admin = journey.User(api, "admin", None, ADMIN_PASSWORD)
    journey.conserved(admin, traded)
    invoke(emulator, "audit")
    roles_count(emulator, taker)
    queues_are_empty(emulator, outputs)
    print(f"{api.sent} requests, all of it in {time.monotonic() - started:.0f} s")


def main() -> None:
    if sys.argv[1] == "--programs":
        print(*PROGRAMS)
        return
    # So that the emulator ends with this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with emulators.running(LOG) as emulator:
        run(emulator, pathlib.Path(sys.argv[1]))


if __name__ == "__main__":
    main()
