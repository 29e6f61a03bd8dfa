"""Looks at the stacks as CloudFormation will see them, once SAM has expanded the root template.

Prints how many resources each comes to, and fails where one nears CloudFormation's limit, where resources
wait for each other in a circle, where the root names an output that a nested stack does not have, where a
security group is open to everybody, and where samconfig.toml and the parameters disagree. cfn-lint sees
none of these in a SAM template. Needs the SAM CLI's environment and AWS_DEFAULT_REGION; no account: managed
policies are named by their ARN, so the transform asks nobody.
"""

import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path("template.yaml")
SETS = Path("samconfig.toml")
LIMIT = 450
TRANSFORM = "AWS::Serverless-2016-10-31"
EVERYBODY = ("0.0.0.0/0", "::/0")
# The groups whose other side is the internet; infrastructure/network.yaml says why.
MAY_REACH_THE_INTERNET = {"WebClient", "MailClient", "Operator"}


def load(path: Path) -> dict:
    """The template as CloudFormation will see it."""
    template = yaml_parse(path.read_text(encoding="utf-8"))
    return expand(template) if template.get("Transform") == TRANSFORM else template


def expand(template: dict) -> dict:
    """What SAM makes of it; code that is not uploaded yet gets an address."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    # A parameter without default has no value yet, and none changes what is looked at here.
    values = {name: parameter.get("Default", name) for name, parameter in template["Parameters"].items()}
    return Translator({}, Parser()).translate(template, values)


def references(part: object) -> Iterator[str]:
    """What a part of a template refers to: `Name`, or `Name.Attribute`."""
    if isinstance(part, list):
        for item in part:
            yield from references(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            match key, value:
                case "Ref", str():
                    yield value
                case "Fn::GetAtt", str():
                    yield value
                case "Fn::GetAtt", list():
                    yield ".".join(value)
                case "Fn::Sub", str():
                    yield from re.findall(r"\$\{([^!}]+)\}", value)
                case "Fn::Sub", [str() as text, dict() as given]:
                    names = re.findall(r"\$\{([^!}]+)\}", text)
                    yield from (name for name in names if name not in given)
                    yield from references(given)
                case _:
                    yield from references(value)


def circle(template: dict) -> list[str]:
    """The resources that wait for each other, if there are any."""
    resources = template["Resources"]
    graph = {}
    for name, resource in resources.items():
        after = resource.get("DependsOn", [])
        named = {reference.split(".")[0] for reference in references(resource)}
        named.update([after] if isinstance(after, str) else after)
        graph[name] = named & resources.keys() - {name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def unknown_outputs(root: dict) -> list[str]:
    """The outputs that the root names and the nested template does not have."""
    outputs = {}
    for name, resource in root["Resources"].items():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            nested = yaml_parse((ROOT.parent / resource["Properties"]["TemplateURL"]).read_text(encoding="utf-8"))
            outputs[name] = nested["Outputs"].keys()
    named = (reference.split(".") for reference in references([root["Resources"], root["Outputs"]]))
    named = {(parts[0], parts[2]) for parts in named if len(parts) == 3 and parts[1] == "Outputs"}
    return sorted(f"{stack}.Outputs.{output}" for stack, output in named if output not in outputs[stack])


def parameter_sets(root: dict) -> Iterator[str]:
    """Where samconfig.toml and the root's parameters disagree; what a person fills in is commented out there."""
    required = {name for name, parameter in root["Parameters"].items() if "Default" not in parameter}
    for text in SETS.read_text(encoding="utf-8").split("parameter_overrides = [")[1:]:
        named = set(re.findall(r'"(\w+)=', text.split("\n]")[0]))
        yield from (f"{SETS} sets {name}, which is no parameter" for name in named - root["Parameters"].keys())
        yield from (f"{SETS} does not say that {name} is needed" for name in required - named)


def open_groups(template: dict) -> list[str]:
    """The rules that let everybody in, or out of a group that is not for the internet."""
    found = []
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        inward = properties.get("SecurityGroupIngress", [])
        outward = properties.get("SecurityGroupEgress", [])
        if resource["Type"] == "AWS::EC2::SecurityGroupIngress":
            inward = [properties]
        if resource["Type"] == "AWS::EC2::SecurityGroupEgress":
            outward = [properties]
        rules = inward if name in MAY_REACH_THE_INTERNET else [*inward, *outward]
        if any(rule.get(key) in EVERYBODY for rule in rules for key in ("CidrIp", "CidrIpv6")):
            found.append(name)
    return found


def problems(path: Path, template: dict) -> Iterator[str]:
    """What is wrong with a stack, each in a sentence."""
    number = len(template["Resources"])
    if number >= LIMIT:
        yield f"{number} resources are too many: docs/deploy.md, “Room to grow”, is due"
    if names := circle(template):
        yield f"resources wait for each other: {' → '.join(names)}"
    for group in open_groups(template):
        yield f"{group} is open to everybody"
    if path == ROOT:
        for output in unknown_outputs(template):
            yield f"there is no {output}"
        yield from parameter_sets(template)


def main(paths: list[Path]) -> int:
    """Prints a line for each stack, what the root consists of, and what is wrong."""
    # The transform misses a file of feature switches that only AWS's own copy has.
    logging.disable(logging.CRITICAL)
    stacks = {path: load(path) for path in paths}
    print(f"Resources, of {LIMIT} allowed:")
    for path, stack in stacks.items():
        print(f"{len(stack['Resources']):5}  {path}")
    types = Counter(resource["Type"] for resource in stacks[ROOT]["Resources"].values())
    print("       " + ", ".join(f"{number} {kind.removeprefix('AWS::')}" for kind, number in types.most_common(8)))
    wrong = [f"{path}: {problem}" for path, stack in stacks.items() for problem in problems(path, stack)]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main([ROOT, *sorted(Path("infrastructure").glob("*.yaml"))]))
