"""The folders are the architecture: imports run downwards only, and `vm` knows nothing of the host."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import vlua

PACKAGE = Path(vlua.__file__).parent

# What the modules of a folder must not import, by the beginning of the imported name.
FORBIDDEN = {
    "vm": (
        "os io time fs subprocess socket pathlib shutil tempfile ctypes signal multiprocessing asyncio random"
        " vlua.vfs vlua.sandbox vlua.runtime vlua.entry vlua.marshalling vlua.proxy vlua.errors vlua.cli click rich"
    ),
    "vfs": (
        "subprocess socket vlua.sandbox vlua.runtime vlua.entry vlua.marshalling vlua.proxy vlua.errors vlua.cli click"
    ),
    "sandbox": "subprocess socket vlua.runtime vlua.entry vlua.marshalling vlua.proxy vlua.errors vlua.cli click fs",
    "cli": "subprocess socket fs",
    "isolate": "socket ctypes multiprocessing fs click rich vlua.cli",  # what it is for: processes
    "": "subprocess socket fs",
}
FS_MODULE = "vfs/pyfilesystem.py"
CTYPES_MODULE = "vm/cpython.py"


def modules() -> list[str]:
    return sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imported_names(module: str) -> Iterator[tuple[int, str]]:
    """Line and full name of every import in a module, those for type checkers left out."""
    pending: list[ast.AST] = [ast.parse((PACKAGE / module).read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: relative import"
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)
        pending.extend(ast.iter_child_nodes(node))


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("module", modules())
def test_imports_run_downwards(module: str) -> None:
    folder = module.split("/")[0] if "/" in module else ""
    found = [
        f"{module}:{line} imports {name}"
        for line, name in imported_names(module)
        for forbidden in FORBIDDEN[folder].split()
        if is_within(name, forbidden) and not (module == CTYPES_MODULE and is_within(name, "ctypes"))
    ]
    assert not found


def test_fs_is_imported_in_one_module_only() -> None:
    importers = [module for module in modules() if any(is_within(name, "fs") for _, name in imported_names(module))]
    assert importers == [FS_MODULE]


def test_ctypes_is_imported_in_one_module_only() -> None:
    importers = [module for module in modules() if any(is_within(name, "ctypes") for _, name in imported_names(module))]
    assert importers == [CTYPES_MODULE]


def test_every_module_says_what_it_exports() -> None:
    for module in modules():
        tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{module} has no docstring"
        names = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        assert "__all__" in names, f"{module} has no __all__"
