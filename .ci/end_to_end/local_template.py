"""The stacks' templates as an emulator on this machine takes them: SAM's own transform of each,
without the resources that it refuses, with programs for this machine's processor. What is left
out is counted. It knows templates; of the emulator it knows only what it is told.
"""

import base64
import collections
import copy
import json
import logging
import os
import pathlib
import re

# The transform asks for a region, though it asks nobody there.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

# It remarks on its own features and metrics.
logging.disable(logging.WARNING)

# The transform makes other resources of another preference, so it must know this one.
AT_ONCE = {"DeploymentPreference": "AllAtOnce"}
PROCESSORS = {"x86_64": "x86_64", "aarch64": "arm64"}
PROCESSOR = PROCESSORS[os.uname().machine]
# The root secret as a template generates it. The emulator would put punctuation into it, and its
# nested stacks do not resolve references to it.
SECRET = {"current": base64.b64encode(os.urandom(48)).decode(), "other": "none"}
REFERENCE = re.compile(r"\{\{resolve:secretsmanager:\$\{SecretArn\}:SecretString:([a-z]+)\}\}")


def templates(root: pathlib.Path) -> dict[str, dict]:
    """The root template and all that it names, by path from the root, transformed."""
    found: dict[str, dict] = {}
    wanted = [root / "template.yaml"]
    while wanted:
        path = wanted.pop().resolve()
        name = str(path.relative_to(root.resolve()))
        if name in found:
            continue
        found[name] = transformed(path)
        for resource in found[name]["Resources"].values():
            if resource["Type"] == "AWS::CloudFormation::Stack":
                nested = (path.parent / resource["Properties"]["TemplateURL"]).resolve()
                resource["Properties"]["TemplateURL"] = str(nested.relative_to(root.resolve()))
                wanted.append(nested)
    return found


def transformed(path: pathlib.Path) -> dict:
    """What CloudFormation is left with once SAM has transformed a template."""
    template = yaml_parse(path.read_text())
    # An ordered dictionary is more than the transform takes back.
    template = json.loads(json.dumps(template, default=str))
    if "AWS::Serverless-2016-10-31" not in str(template.pop("Transform", "")):
        return template
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            properties["CodeUri"] = f"s3://programs/{stem(properties['FunctionName'])}.zip"
    return Translator({}, Parser()).translate(template, AT_ONCE)


def stem(function_name: object) -> str:
    """A function's stem, from its name in a template."""
    found = re.fullmatch(r"\$\{Market\}-([a-z-]+)", function_name["Fn::Sub"])
    if not found:
        raise ValueError(f"a function's name is ${{Market}}-stem, not {function_name}")
    return found[1]


class LeftOut:
    """How much is left out, by type and reason, and how much there is."""

    def __init__(self) -> None:
        self.resources: collections.Counter = collections.Counter()
        self.properties: collections.Counter = collections.Counter()
        self.kept: collections.Counter = collections.Counter()

    def lines(self) -> list[str]:
        """A table in Markdown."""
        rows = [f"| {kind} | {count} | {why} |"
                for (kind, why), count in sorted(self.resources.items())]
        rows += [f"| {kind} of {self.kept[kind.split(' ')[0]]} | {count} | {why} |"
                 for (kind, why), count in sorted(self.properties.items())]
        return ["| left out or changed | count | why |", "|---|---|---|", *rows]


def localised(template: dict, refused: dict[str, str], programs: set[str],
              left_out: LeftOut) -> dict:
    """A transformed template as the emulator takes it: `refused` says why it takes no resource of
    a type; `programs` are the stems of functions that have a program to run.
    """
    template = copy.deepcopy(template)
    resources = template["Resources"]
    for name, resource in list(resources.items()):
        kind, properties = resource["Type"], resource.get("Properties", {})
        why = refused.get(kind)
        if why is None and kind == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
            why = "it takes no alarm over an expression"
            kind += " over an expression"
        if why is not None:
            left_out.resources[kind, why] += 1
            del resources[name]
            continue
        left_out.kept[kind] += 1
        if kind == "AWS::Lambda::Alias" and resource.pop("UpdatePolicy", None):
            left_out.properties[f"{kind} UpdatePolicy", "it names CodeDeploy's application"] += 1
        if kind == "AWS::SecretsManager::Secret":
            del properties["GenerateSecretString"]
            properties["SecretString"] = json.dumps(SECRET)
            why = "it generates one with punctuation, which was excluded"
            left_out.properties[f"{kind} GenerateSecretString", why] += 1
        if kind == "AWS::Lambda::Function":
            localise_function(resource, programs, left_out)
    missing = dangling(template)
    if missing:
        raise ValueError(f"what is left refers to what is left out: {sorted(missing)}")
    return template


def localise_function(resource: dict, programs: set[str], left_out: LeftOut) -> None:
    """A function for this machine's processor, with its program or none."""
    properties = resource["Properties"]
    if properties["Architectures"] != [PROCESSOR]:
        properties["Architectures"] = [PROCESSOR]
        left_out.properties["AWS::Lambda::Function arm64", f"this machine is {PROCESSOR}"] += 1
    for variable, value in properties.get("Environment", {}).get("Variables", {}).items():
        found = REFERENCE.fullmatch(value["Fn::Sub"]) if is_text(value) else None
        if found:
            properties["Environment"]["Variables"][variable] = SECRET[found[1]]
            why = "nested stacks do not resolve it"
            left_out.properties["AWS::Lambda::Function {{resolve:secretsmanager}}", why] += 1
    if stem(properties["FunctionName"]) not in programs:
        properties["Code"] = {"S3Bucket": "programs", "S3Key": "none.zip"}
        left_out.properties["AWS::Lambda::Function program", "the run does not call it"] += 1


def is_text(value: object) -> bool:
    """Whether it is a text with names to be put in."""
    return isinstance(value, dict) and isinstance(value.get("Fn::Sub"), str)


def dangling(template: dict) -> set[str]:
    """Names that a template refers to and does not have."""
    there = set(template["Resources"]) | set(template.get("Parameters", {}))
    return {name for name in referred(template["Resources"]) | referred(template.get("Outputs"))
            if name not in there and not name.startswith("AWS::")}


def referred(value: object) -> set[str]:
    """Names in references of all kinds."""
    if isinstance(value, list):
        return set().union(*map(referred, value))
    if not isinstance(value, dict):
        return set()
    names = set()
    for key, inner in value.items():
        if key == "Ref":
            names.add(inner)
        elif key == "Fn::GetAtt":
            names.add(inner.split(".")[0] if isinstance(inner, str) else inner[0])
        elif key == "Fn::Sub":
            text, known = (inner, {}) if isinstance(inner, str) else inner
            found = re.findall(r"\$\{([A-Za-z0-9:]+)[^}]*\}", text)
            names |= {name for name in found if name not in known} | referred(known)
        elif key == "DependsOn":
            names |= {inner} if isinstance(inner, str) else set(inner)
        else:
            names |= referred(inner)
    return names
