"""ministack on a free port of this machine, from its start to its end, and stacks deployed to it.
It knows nothing of the market.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

import boto3
from botocore.config import Config

MINISTACK = pathlib.Path("target/ci/ministack/bin/ministack")
SERVICES = """apigateway cloudformation cloudfront dynamodb dynamodbstreams iam kms lambda logs
 monitoring s3 scheduler secretsmanager sns sqs sts""".split()
REGION = "us-east-1"
# The account's root, as `market-ops` calls itself with an emulator. None of ours must be sent.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
# A port can be taken between finding it free and listening on it.
STARTS_MAX = 5
START_SECONDS = 30
STOP_SECONDS = 10
DEPLOY_SECONDS = 120
POLL_SECONDS = 0.2

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Emulator:
    """Where the emulator is, and clients of it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def client(self, service: str):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(proxies={}, read_timeout=DEPLOY_SECONDS, retries={"max_attempts": 1},
                          s3={"addressing_style": "path"}),
        )

    def healthy(self) -> bool:
        try:
            OPENER.open(f"{self.url}/_ministack/health", timeout=2).read()
        except OSError:
            return False
        return True


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def running(log: pathlib.Path):
    """An emulator that ends, with all that it has started, when the block does."""
    for _ in range(STARTS_MAX):
        emulator = Emulator(free_port())
        with tempfile.TemporaryDirectory() as directory, log.open("w") as file:
            process = subprocess.Popen(
                [MINISTACK], env=environment(emulator, directory), stdin=subprocess.DEVNULL,
                stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
            try:
                answered = until(lambda: process.poll() is not None or emulator.healthy(),
                                 START_SECONDS)
                if answered and process.poll() is None:
                    yield emulator
                    return
            finally:
                end_group(process)
    raise SystemExit(f"ministack did not start: see {log}")


def environment(emulator: Emulator, directory: str) -> dict[str, str]:
    """The emulator's environment, which functions inherit: it listens to this machine only, keeps
    nothing, and is what functions take for DynamoDB and SQS.
    """
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return inherited | CREDENTIALS | {
        "GATEWAY_PORT": str(emulator.port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": ",".join(SERVICES),
        "LOG_LEVEL": "INFO",
        # Functions call as their roles, and may do what their roles may.
        "AUTH": "true",
        # It unpacks programs there, and leaves them.
        "TMPDIR": directory,
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_ENDPOINT_URL_DYNAMODB": emulator.url,
        "AWS_ENDPOINT_URL_SQS": emulator.url,
    }


def end_group(process: subprocess.Popen) -> None:
    """Ends a process, which then ends those that it started, and what may be left of its group."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)


def until(holds, seconds: float, pause: float = POLL_SECONDS) -> bool:
    """Asks again and again until it holds; false if it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


def refused_types(emulator: Emulator, kinds: set[str]) -> set[str]:
    """Which types of resources its CloudFormation does not know: it names them all when it is
    given a template of all types.
    """
    formation = emulator.client("cloudformation")
    resources = {f"Probe{number}": {"Type": kind} for number, kind in enumerate(sorted(kinds))}
    try:
        formation.create_stack(StackName="probe", TemplateBody=json.dumps({"Resources": resources}),
                               Capabilities=["CAPABILITY_NAMED_IAM"])
    except formation.exceptions.ClientError as error:
        named = re.search(r"Unrecognized resource types: \[(.*)\]", str(error))
        if named:
            return set(named[1].split(", "))
    raise SystemExit("the emulator does not say which types of resources it knows")


def wait(formation, name: str) -> str:
    """A stack's identifier and status once nothing is in progress."""
    def status() -> str:
        return formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    if not until(lambda: not status().endswith("_IN_PROGRESS"), DEPLOY_SECONDS):
        raise SystemExit(f"stack {name} is {status()} after {DEPLOY_SECONDS} s")
    return status()


def failures(formation, name: str, status: str) -> list[str]:
    """What failed in a stack and why, as its events tell."""
    if status == "CREATE_COMPLETE":
        return []
    events = formation.describe_stack_events(StackName=name)["StackEvents"]
    return [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
            for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
