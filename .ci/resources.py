"""Prints how many resources each template comes to once SAM has expanded it.

Exits with 1 if one of them nears CloudFormation's 500 (LIMIT). Needs the SAM CLI's environment; no account:
managed policies are named by their ARN, so the transform asks nobody.
"""

import logging
import sys
from collections import Counter
from pathlib import Path

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

LIMIT = 450
TRANSFORM = "AWS::Serverless-2016-10-31"


def expand(template: dict) -> dict:
    """The template as CloudFormation will see it; code that is not uploaded yet gets an address."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    # A parameter without default has no value yet, and none changes how many resources there are.
    values = {name: parameter.get("Default", name) for name, parameter in template.get("Parameters", {}).items()}
    return Translator({}, Parser()).translate(template, values)


def count(path: str) -> Counter:
    """The resources of a template by type."""
    template = yaml_parse(Path(path).read_text(encoding="utf-8"))
    if template.get("Transform") == TRANSFORM:
        template = expand(template)
    return Counter(resource["Type"] for resource in template["Resources"].values())


def main(paths: list[str]) -> int:
    """Prints a line for each template, and for the largest what it consists of."""
    # The transform misses a file of feature switches that only AWS's own copy has.
    logging.disable(logging.CRITICAL)
    counts = {path: count(path) for path in paths}
    print(f"Resources, of {LIMIT} allowed:")
    for path, types in counts.items():
        print(f"{sum(types.values()):5}  {path}")
    largest = max(counts.values(), key=lambda types: sum(types.values()))
    print("       " + ", ".join(f"{number} {kind.removeprefix('AWS::')}" for kind, number in largest.most_common(8)))
    too_large = [path for path, types in counts.items() if sum(types.values()) >= LIMIT]
    for path in too_large:
        print(f"{path} has too many resources: what is described in docs/deploy.md, \"Room to grow\", is due", file=sys.stderr)
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
