"""Draws the pictures of this folder: `python examples/gallery/make.py` writes them, `--check` compares."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import resdsl

HERE = Path(__file__).parent
NARROW = 380.0
"""As wide as a phone, or the column of a paper."""


@dataclass(frozen=True)
class Picture:
    """A picture: its file, what it shows, of which networks (name or file, parameters), and how."""

    name: str
    caption: str
    networks: tuple[tuple[str, dict[str, Any]], ...]
    view: str = "overview"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """The command that draws the same; a comparison of one network with itself needs Python."""
        specs = " ".join(spec for spec, _ in self.networks)
        params = "".join(f" -p {name}={value}" for name, value in self.networks[0][1].items())
        flags = {"unfold": "all"}
        options = "".join(
            f" --{flags[name]}" if name in flags else f" --{name} {value}" for name, value in self.options.items()
        )
        view = f" --view {self.view}" if self.view != "overview" else ""
        return f"resdsl draw {specs}{params}{view}{options} -o {self.name}.svg"

    def files(self) -> dict[str, str]:
        """The picture as SVG that is dark where the reader's system is, and one for narrow screens."""
        graphs = [resdsl.load(_spec(spec), params=params) for spec, params in self.networks]
        widths = {f"{self.name}.svg": None} | ({self.narrow: NARROW} if self.narrow else {})
        return {
            name: resdsl.draw(graphs, self.view, theme="auto", width=width, **self.options).svg
            for name, width in widths.items()
        }

    @property
    def narrow(self) -> str:
        """The file for narrow screens; empty where the view has no width to choose."""
        return f"{self.name}_narrow.svg" if self.view in {"strip", "unit", "layers"} else ""

    @property
    def markdown(self) -> str:
        """The picture on a page, the narrow one where the screen is."""
        if not self.narrow:
            return f"![{self.caption}]({self.name}.svg)"
        source = f'<source media="(max-width: 700px)" srcset="{self.narrow}">'
        return f'<picture>\n{source}\n<img alt="{self.caption}" src="{self.name}.svg">\n</picture>'


PICTURES = (
    Picture(
        "ror3",
        "RoR-3-110: shortcuts around each block, each stage, and everything (Zhang et al. 2016, Fig. 2).",
        (("ror3", {}),),
    ),
    Picture(
        "resnet34",
        "VGG-19, the plain network of 34 layers, and ResNet-34 (He et al. 2016, Fig. 3).",
        (("vgg19", {}), ("plain34", {}), ("resnet34_a", {})),
        "compare",
        {"unfold": True},
    ),
    Picture(
        "plain_and_residual",
        "The same two in short: equal blocks fold.",
        (("plain34", {}), ("resnet34_a", {})),
        "compare",
    ),
    Picture(
        "activation_orders",
        "The five orders of activation (He et al. 2016b, Fig. 4).",
        (("activation_orders.res", {}),),
        "unit",
    ),
    Picture("shortcut_kinds", "The six shortcuts (He et al. 2016b, Fig. 2).", (("shortcut_kinds.res", {}),), "unit"),
    Picture(
        "stochastic_depth",
        "ResNet-110 with stochastic depth (Huang et al. 2016, Fig. 2): a cell a block, as high as it survives.",
        (("resnet110_sd", {}),),
        "strip",
        {"shade": "survival"},
    ),
    Picture(
        "ror_levels",
        "RoR-1 to RoR-5: each level splits every span in three.",
        tuple(("ror", {"m": m}) for m in range(1, 6)),
        "compare",
    ),
    Picture(
        "ror3_1202",
        "Pre-RoR-3-1202 with stochastic depth: 600 blocks in one line.",
        (("pre_ror3_1202_sd", {}),),
        "strip",
        {"shade": "survival"},
    ),
    Picture(
        "ror3_1202_overview",
        "The same 1202 layers as an overview.",
        (("pre_ror3_1202_sd", {}),),
        options={"shade": "survival"},
    ),
    Picture("ror3_blocks", "RoR-3-110 with stochastic depth, every block.", (("ror3_110_sd", {}),), "blocks"),
    Picture(
        "tables",
        "The table of He et al. 2016.",
        tuple((f"resnet{depth}", {}) for depth in (18, 34, 50, 101, 152)),
        "table",
    ),
    Picture(
        "basic_to_ror",
        "What RoR adds to a residual network: `resdsl draw --view diff`.",
        (("resnet110", {}), ("ror3_110", {})),
        "diff",
    ),
    Picture("pyramidnet", "PyramidNet widens with every block.", (("pyramidnet110_a48", {}),)),
)


def main() -> int:
    """Writes the pictures and the page, or tells which are not what the specs give."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a picture would change")
    check = parser.parse_args().check
    files = {name: svg for picture in PICTURES for name, svg in picture.files().items()} | {"README.md": page()}
    stale = [name for name, text in files.items() if not _is(HERE / name, text)]
    for name in stale:
        if check:
            print(f"{name} is not what the specs give; run {Path(__file__).name}", file=sys.stderr)
        else:
            (HERE / name).write_text(files[name], encoding="utf-8")
            print(f"wrote {name}")
    return int(check and bool(stale))


def page() -> str:
    """The gallery as Markdown: each picture under what it shows, with the command that draws it."""
    parts = [
        "# Gallery",
        "",
        "Every picture is drawn from a spec by `python examples/gallery/make.py`; each is dark where your system is.",
        "",
    ]
    for picture in PICTURES:
        same = len({spec for spec, _ in picture.networks}) < len(picture.networks)
        told = "" if same else f"\n```console\n$ {picture.command}\n```\n"
        parts += [f"## {picture.caption}", told, picture.markdown, ""]
    return "\n".join(parts)


def _spec(spec: str) -> str | Path:
    return HERE / spec if spec.endswith(".res") else spec


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
