"""The walls of the house: floors, doors, names and weights."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "telemus"
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
FILES = sorted(path for path in SOURCE.rglob("*.py"))
VAGUE = {"utils", "util", "common", "core", "helpers", "helper", "misc", "stuff", "base", "manager", "managers"}
SPECIES = re.compile(r"\b(mouse|mice|murine|rats?|rabbits?|hamsters?|humans?|dogs?)\b", re.I)
REGISTRY_HOST = re.compile(r"\b(py" r"pi|python" r"hosted|npm" r"js)\.(org|com)\b", re.I)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_go_downwards_only() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_one_door(room: str) -> None:
    module = importlib.import_module(f"telemus.{room}")
    listed = list(module.__all__)
    assert listed == sorted(set(listed), key=listed.index), "a name stands twice"
    for name in listed:
        thing = getattr(module, name)
        if callable(thing) and getattr(thing, "__module__", "").startswith("telemus"):
            assert thing.__doc__, f"{room}.{name} has no docstring"
    beyond = [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and name not in listed
        and name != "annotations"
        and getattr(thing, "__module__", "").startswith("telemus")
    ]
    assert not beyond, f"visible in {room} but not listed in its __all__: {beyond}"


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_are_entered_by_the_door(room: str) -> None:
    """A room imports names of another room from its door, not from the files inside."""
    found = []
    for path in FILES:
        home = path.relative_to(SOURCE).parts[0]
        for line in path.read_text(encoding="utf-8").splitlines():
            step = re.match(rf"\s*(?:from|import) telemus\.{room}\.(\w+)", line)
            if step and home != room:
                found.append(f"{_name(path)}: {line.strip()}")
    assert not found, "\n".join(found)


def test_no_mission_is_named_in_the_source() -> None:
    missions = [path.parent.name for path in (SOURCE / "missions").glob("*/mission.toml")]
    missions += [path.parent.name for path in (ROOT / "tests").rglob("mission.toml")]
    named = re.compile(rf"\b({'|'.join(map(re.escape, missions))})\b")
    cited = [f"{_name(path)}: {hit.group()}" for path in FILES if (hit := named.search(path.read_text("utf-8")))]
    assert not [line for line in cited if "/cli/" not in line], cited


def test_no_species_is_named_outside_the_data_and_the_simulator() -> None:
    free = ("simulate/", "physiology/species")
    found = []
    for path in FILES:
        if path.relative_to(SOURCE).as_posix().startswith(free):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            code = re.sub(r"--species \w+", "", line)  # an example of the option that names one
            if SPECIES.search(code) and not _is_prose(path, number):
                found.append(f"{_name(path)}:{number}: {line.strip()}")
    assert not found, "\n".join(found)


def _is_prose(path: Path, number: int) -> bool:
    """Tell whether a line stands in a docstring or a comment: sources may name the animals they were measured in."""
    import ast

    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        is_text = (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
        if is_text and node.lineno <= number <= (node.end_lineno or node.lineno):
            return True
    line = text.splitlines()[number - 1]
    code, _, comment = line.partition("#")
    return (
        (bool(comment) and not SPECIES.search(code))
        or "source" in code.lower()
        or 'help="' in code
        or "epilog" in code.lower()
    )


def test_no_room_has_a_vague_name() -> None:
    places = [path.relative_to(SOURCE) for path in FILES]
    assert not [str(place) for place in places if VAGUE & {*place.parts[:-1], place.stem}]


def test_no_file_is_too_long() -> None:
    lengths = {_name(path): path.read_text("utf-8").count("\n") for path in FILES}
    assert not {name: length for name, length in lengths.items() if length > 600}


def test_no_registry_host_stands_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    texts = (ROOT / name for name in listed.splitlines())
    found = [
        _name(path)
        for path in texts
        if path.is_file() and path.suffix != ".png" and REGISTRY_HOST.search(path.read_text("utf-8", errors="ignore"))
    ]
    assert not found


def _loaded_by(statement: str) -> set[str]:
    code = f"import sys, json\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_root_loads_nothing_heavy() -> None:
    heavy = {"numpy", "scipy", "numba", "pyarrow", "pydantic", "lxml", "matplotlib", "rich"}
    assert not heavy & _loaded_by("import telemus")


def test_the_help_loads_nothing_heavy() -> None:
    heavy = {"numpy", "scipy", "numba", "pyarrow", "pydantic", "lxml", "matplotlib"}
    statement = "import telemus.cli\ntry: telemus.cli.main(['--help'])\nexcept SystemExit: pass"
    assert not heavy & _loaded_by(statement)


def test_lint_can_see_a_broken_wall(tmp_path: Path) -> None:
    """The contract is able to fail: the same configuration refuses a house with an upward import."""
    house = tmp_path / "src" / "telemus"
    house.mkdir(parents=True)
    for path in FILES:
        copy = house / path.relative_to(SOURCE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (house / "errors.py").write_text("import telemus.pipeline\n", encoding="utf-8")
    (tmp_path / ".importlinter").write_bytes((ROOT / ".importlinter").read_bytes())
    lint = Path(sys.executable).with_name("lint-imports")
    environment = {"PYTHONPATH": str(tmp_path / "src"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [lint, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode != 0
    assert "Downwards only" in done.stdout
