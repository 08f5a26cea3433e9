"""The stacks in the emulator: their templates made local, their programs packed, all of it put
where CloudFormation finds it, and deployed by it.
"""

import io
import json
import pathlib
import shutil
import subprocess
import tempfile
import zipfile

import emulator as emulators
import local_template

STACK = "multiverse-market"
BINARIES = pathlib.Path("target/debug")
PARAMETERS = {"DeploymentPreference": "AllAtOnce", "Cache": "none", "Console": "on"}
# They deny what comes without TLS, and nothing else; and here all does.
WITHOUT_TLS = {"AWS::SQS::QueuePolicy": "it speaks no TLS, without which they deny everything"}
# Left out by these parameters, with what they nest.
BY_PARAMETER = {
    "infra/stacks/network.yaml": "Cache=none",
    "infra/stacks/cache.yaml": "Cache=none",
}


def programs(emulator: emulators.Emulator, stems: list[str]) -> None:
    """Puts functions' programs where templates look for them."""
    storage = emulator.client("s3")
    storage.create_bucket(Bucket="programs")
    storage.put_object(Bucket="programs", Key="none.zip", Body=packed("none", b"#!/bin/false\n"))
    with tempfile.TemporaryDirectory() as directory:
        for stem in stems:
            stripped = pathlib.Path(directory, stem)
            shutil.copyfile(BINARIES / stem, stripped)
            subprocess.run(["strip", stripped], check=True)
            body = packed("bootstrap", stripped.read_bytes())
            storage.put_object(Bucket="programs", Key=f"{stem}.zip", Body=body)
            stripped.unlink()


def packed(name: str, content: bytes) -> bytes:
    """An archive of one program. It is stored: to press it takes longer than to carry it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o755 << 16
        file.writestr(entry, content)
    return archive.getvalue()


def put_templates(emulator: emulators.Emulator, stems: list[str]) -> list[str]:
    """Puts local templates where the emulator finds them. What was left out or changed for it."""
    left_out = local_template.LeftOut()
    templates = local_template.templates(pathlib.Path("."))
    kinds = {resource["Type"] for template in templates.values()
             for resource in template["Resources"].values()}
    refused = {kind: "its CloudFormation does not know the type"
               for kind in emulators.refused_types(emulator, kinds)}
    refused |= WITHOUT_TLS
    storage = emulator.client("s3")
    storage.create_bucket(Bucket="templates")
    unwanted = []
    for name, template in templates.items():
        if name in BY_PARAMETER:
            unwanted.append(f"{name}: {not_wanted(name, template, refused)}")
            continue
        local = local_template.localised(template, refused, set(stems), left_out)
        for resource in local["Resources"].values():
            if resource["Type"] == "AWS::CloudFormation::Stack":
                properties = resource["Properties"]
                properties["TemplateURL"] = url(emulator, properties["TemplateURL"])
        body = json.dumps(local, separators=(",", ":")).encode()
        storage.put_object(Bucket="templates", Key=key(name), Body=body)
    return [*left_out.lines(), "", *sorted(unwanted)]


def not_wanted(name: str, template: dict, refused: dict[str, str]) -> str:
    """Why a template is not deployed, and what of it would be refused."""
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    never = ", ".join(sorted(set(kinds) & set(refused)))
    never = f"; of it, it would refuse {never}" if never else ""
    return f"{len(kinds)} resources, not wanted with {BY_PARAMETER[name]}{never}"


def deploy(emulator: emulators.Emulator, stems: list[str]) -> tuple[dict[str, str], list[str]]:
    """Deploys the market. Its outputs, and what was left out or changed for it."""
    left_out = put_templates(emulator, stems)
    formation = emulator.client("cloudformation")
    formation.create_stack(
        StackName=STACK,
        TemplateURL=url(emulator, "template.yaml"),
        Parameters=[{"ParameterKey": name, "ParameterValue": value}
                    for name, value in PARAMETERS.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        OnFailure="DO_NOTHING",
    )
    status = emulators.wait(formation, STACK)
    if status != "CREATE_COMPLETE":
        raise SystemExit("\n".join([f"the stack is {status}", *reasons(formation)]))
    stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}
    return outputs, [deployed(formation), "", *left_out]


def deployed(formation) -> str:
    """How much there is now, by the stacks' own word."""
    stacks = [it["StackName"] for it in formation.describe_stacks()["Stacks"]
              if it["StackName"].startswith(STACK)]
    pages = formation.get_paginator("list_stack_resources")
    kinds = [resource["ResourceType"] for stack in stacks
             for page in pages.paginate(StackName=stack)
             for resource in page["StackResourceSummaries"]]
    return f"{len(kinds)} resources of {len(set(kinds))} types in {len(stacks)} stacks"


def reasons(formation) -> list[str]:
    """Why stacks failed, nested ones too."""
    found = []
    for stack in formation.describe_stacks()["Stacks"]:
        if stack["StackName"].startswith(STACK):
            name = stack["StackName"]
            found += [f"{name}: {line}"
                      for line in emulators.failures(formation, name, stack["StackStatus"])]
    return found


def key(name: str) -> str:
    return name.replace("/", "-").replace(".yaml", ".json")


def url(emulator: emulators.Emulator, name: str) -> str:
    return f"{emulator.url}/templates/{key(name)}"
