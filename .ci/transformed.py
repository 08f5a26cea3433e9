"""How many resources each stack has once SAM has transformed it, by SAM's own transform.
CloudFormation takes 500; above 450 a stack is to be divided.
Usage: target/ci/sam/bin/python .ci/transformed.py TEMPLATE...
"""

import logging
import os
import sys

# The transform asks for a region, though it asks nobody there.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

MAX = 450


# It remarks on its own features and metrics.
logging.disable(logging.WARNING)


def transformed(path):
    """The resources that CloudFormation would make of a template."""
    with open(path) as file:
        template = yaml_parse(file.read())
    resources = template["Resources"]
    if "AWS::Serverless-2016-10-31" not in str(template.get("Transform")):
        return resources
    for resource in resources.values():
        properties = resource.get("Properties", {})
        # `sam package` puts programs there before the transform sees the template.
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = "s3://bucket/" + properties["CodeUri"]
    defaults = {
        name: parameter.get("Default", name)
        for name, parameter in template.get("Parameters", {}).items()
    }
    translator = Translator({}, Parser())
    return translator.translate(template, defaults)["Resources"]


def main(paths):
    counts = {path: len(transformed(path)) for path in paths}
    width = max(map(len, counts))
    for path, count in counts.items():
        print(f"{path:{width}} {count:4}" + (" too many" if count > MAX else ""))
    return max(counts.values()) > MAX


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
