"""
`make measure`: the product's code in figures, beside the goals that tests/loopkit/test_layout.py holds it to.

Counted are the Python files of the four packages without migrations. A name counts as not unique when a top-level
definition of that name stands in two files or more; Django asks for one name, `Command`, in each management command.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PACKAGES = ("loopkit", "tenants", "telemetry", "diagnosis")
ASKED_BY_DJANGO = frozenset({"Command"})
MOST_FILES_A_FOLDER, MOST_LINES_A_FILE, MOST_LINES_A_FUNCTION = 20, 300, 30
MOST_SHARED_FUNCTION_NAMES = 0.10


@dataclass(frozen=True, slots=True)
class Layout:
    """What a tree's Python files measure."""

    lines_by_file: dict[Path, int]
    lines_by_function: dict[str, int]  # `path:name`, methods and inner functions too
    files_by_folder: Counter[Path]  # without `__init__.py`
    classes: Counter[str]  # in how many files a class name stands at top level
    functions: Counter[str]  # how often a function name stands at top level

    @property
    def shared_classes(self) -> list[str]:
        """Class names that stand in two files or more."""
        return sorted(
            name for name, files in self.classes.items() if files > 1 and name not in ASKED_BY_DJANGO
        )

    @property
    def shared_functions(self) -> float:
        """The share of top-level functions whose name another one has, too."""
        return sum(count for count in self.functions.values() if count > 1) / max(1, self.functions.total())

    @property
    def long_files(self) -> list[Path]:
        """Files with more lines than the goal."""
        return [path for path, lines in self.lines_by_file.items() if lines > MOST_LINES_A_FILE]

    @property
    def long_functions(self) -> list[str]:
        """Functions with more lines than the goal."""
        return [name for name, lines in self.lines_by_function.items() if lines > MOST_LINES_A_FUNCTION]


def measure_layout(root: Path) -> Layout:
    """The figures of the product's files below the folder."""
    trees = {path: ast.parse(path.read_text(), str(path)) for path in product_files(root)}
    return Layout(
        lines_by_file={path.relative_to(root): path.read_text().count("\n") for path in trees},
        lines_by_function=dict(function_lengths(root, trees)),
        files_by_folder=Counter(
            path.parent.relative_to(root) for path in trees if path.name != "__init__.py"
        ),
        classes=Counter(name for tree in trees.values() for name in set(top_level_names(tree, ast.ClassDef))),
        functions=Counter(name for tree in trees.values() for name in top_level_names(tree, ast.FunctionDef)),
    )


def product_files(root: Path) -> list[Path]:
    """The Python files of the four packages, without migrations."""
    files = (path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return sorted(path for path in files if "migrations" not in path.parts)


def top_level_names(tree: ast.Module, kind: type[ast.ClassDef | ast.FunctionDef]) -> Iterator[str]:
    """The names of the module's own definitions of that kind."""
    return (node.name for node in tree.body if isinstance(node, kind))


def function_lengths(root: Path, trees: dict[Path, ast.Module]) -> Iterator[tuple[str, int]]:
    """Each function with its lines from `def` to its end."""
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{path.relative_to(root)}:{node.lineno} {node.name}"
                yield name, (node.end_lineno or node.lineno) - node.lineno + 1


def main() -> None:
    """Print the table."""
    layout = measure_layout(Path(__file__).resolve().parent.parent)
    folder, files = layout.files_by_folder.most_common(1)[0]
    sizes, lengths = sorted(layout.lines_by_file.values()), sorted(layout.lines_by_function.values())
    rows = [
        ("files, lines", f"{len(sizes)}, {sum(sizes):,}", ""),
        ("lines a file: median, 90 %, most", quantiles(sizes), f"<= {MOST_LINES_A_FILE}"),
        ("lines a function: median, 90 %, most", quantiles(lengths), f"<= {MOST_LINES_A_FUNCTION}"),
        ("largest folder", f"{files} files ({folder})", f"<= {MOST_FILES_A_FOLDER} files"),
        ("class names in two files", len(layout.shared_classes), 0),
        (
            "function names that are not unique",
            f"{layout.shared_functions:.1%}",
            f"<= {MOST_SHARED_FUNCTION_NAMES:.0%}",
        ),
    ]
    for row in rows:
        print("{:38} {:>28}   {}".format(*map(str, row)))


def quantiles(sizes: list[int]) -> str:
    """`83 / 161 / 366` of sorted numbers."""
    return f"{median(sizes):.0f} / {sizes[len(sizes) * 9 // 10]} / {sizes[-1]}"


if __name__ == "__main__":
    main()
