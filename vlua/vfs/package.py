"""``require`` and the library ``package`` (manual §6.3) on the files of a machine room.

In: a state and its room. Out: the library table and the global ``require``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlua.vfs.loading import load_file
from vlua.vm.arguments import ABSENT, check_string, opt_string
from vlua.vm.errors import LuaError
from vlua.vm.frames import lib_error, mark_native
from vlua.vm.number import number_text
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vm.state import State

__all__ = ["DEFAULT_PATH", "open_package"]

DEFAULT_PATH = "./?.lua;./?/init.lua;/lua/deps/?.lua;/lua/deps/?/init.lua"
DEFAULT_CPATH = "./?.so;/lua/deps/?.so"  # where C libraries would be, if they could be loaded
VERSION_SUFFIX = "_5_3"
CONFIGURATION = "/\n;\n?\n!\n-\n"  # separators of directories and templates, and the marks of templates
NO_LOADLIB = "dynamic libraries not enabled; check your Lua installation"


def initial_path(room: Room, variable: str, default: str) -> str:
    """A path: the room's variable (``LUA_PATH``), or first its form for this version, ``;;`` in it for the default."""
    environment = room.environment if room.reads_lua_variables else {}
    given = environment.get(variable + VERSION_SUFFIX, environment.get(variable))
    if given is None:
        return default
    return given.replace(";;", ";\1;").replace("\1", default)


def open_package(state: State, room: Room) -> LuaTable:
    """Make the library ``package`` and the global ``require``; the host adds modules of its own to ``_PRELOAD``."""
    registry = state.registry
    loaded: LuaTable = registry.get("_LOADED")
    preload = LuaTable()
    registry.set("_PRELOAD", preload)

    def search(name: str, path: str, separator: str, replacement: str) -> tuple[str | None, str]:
        """The first readable file of the templates in ``path``, else ``None`` and where it was looked for."""
        if separator:
            state.charge_bytes(len(name) + name.count(separator) * len(replacement))
            name = name.replace(separator, replacement)
        tried = []
        state.charge_list(len(path) + 8 * path.count(";"))
        for template in path.split(";"):
            if template:
                state.tick(1)
                state.charge_bytes(len(template) + template.count("?") * len(name))
                file = template.replace("?", name)
                if room.is_readable(file):
                    return file, ""
                tried.append(f"\n\tno file '{file}'")
        return None, "".join(tried)

    def path_of(field: str) -> str:
        path = state.index(package, field)
        if type(path) is int or type(path) is float:
            return number_text(path)
        if type(path) is not str:
            raise lib_error(f"'package.{field}' must be a string")
        return path

    def search_preload(name: Any = ABSENT, *_: Any) -> Any:
        key = check_string(name, 1)
        found = state.index(registry.get("_PRELOAD"), key)
        return found if found is not None else f"\n\tno field package.preload['{key}']"

    def search_lua(name: Any = ABSENT, *_: Any) -> Any:
        module = check_string(name, 1)
        file, tried = search(module, path_of("path"), ".", "/")
        if file is None:
            return tried
        try:
            return load_file(state, room, file, "bt", state.globals), file
        except LuaError as error:
            raise lib_error(f"error loading module '{module}' from file '{file}':\n\t{error.value}") from None

    def search_c(name: Any = ABSENT, *_: Any) -> Any:
        return search_library(check_string(name, 1), check_string(name, 1))

    def search_c_root(name: Any = ABSENT, *_: Any) -> Any:
        module = check_string(name, 1)
        root, dot, _rest = module.partition(".")
        return search_library(module, root) if dot else ()

    def search_library(module: str, name: str) -> Any:
        file, tried = search(name, path_of("cpath"), ".", "/")
        if file is None:
            return tried
        raise lib_error(f"error loading module '{module}' from file '{file}':\n\t{NO_LOADLIB}")

    def loadlib(path: Any = ABSENT, name: Any = ABSENT, *_: Any) -> Any:
        check_string(path, 1)
        check_string(name, 2)
        return None, NO_LOADLIB, "absent"

    def searchpath(
        name: Any = ABSENT, path: Any = ABSENT, separator: Any = ABSENT, replacement: Any = ABSENT, *_: Any
    ) -> Any:
        file, tried = search(
            check_string(name, 1),
            check_string(path, 2),
            opt_string(separator, 3, "."),
            opt_string(replacement, 4, "/"),
        )
        return file if file is not None else (None, tried)

    def find_loader(name: str) -> tuple[Any, Any]:
        searchers = state.index(package, "searchers")
        if type(searchers) is not LuaTable:
            raise lib_error("'package.searchers' must be a table")
        tried = []
        position = 1
        while (searcher := searchers.get(position)) is not None:
            found = state.call(searcher, name)
            loader = found[0] if found else None
            if state.type_name(loader) == "function":
                return loader, found[1] if len(found) > 1 else None
            if type(loader) is str:
                tried.append(loader)
            elif type(loader) is int or type(loader) is float:
                tried.append(number_text(loader))
            position += 1
        raise lib_error(f"module '{name}' not found:{''.join(tried)}")

    def require(name: Any = ABSENT, *_: Any) -> Any:
        module = check_string(name, 1)
        modules_loaded = registry.get("_LOADED")
        value = state.index(modules_loaded, module)
        if value is not None and value is not False:
            return value
        state.non_yieldable += 1
        try:
            loader, extra = find_loader(module)
            value = state.call1(loader, module, extra)
        finally:
            state.non_yieldable -= 1
        if value is not None:
            state.setindex(modules_loaded, module, value)
        value = state.index(modules_loaded, module)
        if value is None:
            value = True
            state.setindex(modules_loaded, module, value)
        return value

    package = state.library("package", {"loadlib": loadlib, "searchpath": searchpath})
    searchers = LuaTable()
    for position, searcher in enumerate((search_preload, search_lua, search_c, search_c_root), 1):
        mark_native(searcher)  # type: ignore[arg-type]
        searchers.set(position, searcher)
    for field, value in {
        "config": CONFIGURATION,
        "cpath": initial_path(room, "LUA_CPATH", DEFAULT_CPATH),
        "loaded": loaded,
        "path": initial_path(room, "LUA_PATH", DEFAULT_PATH),
        "preload": preload,
        "searchers": searchers,
    }.items():
        package.set(field, value)
    state.library("_G", {"require": require})
    return package
