"""Which models of torchvision, timm and pytorchcv `resdsl import` recovers: one row each, proved or refused.

python benchmarks/importing.py              the list below, ImageNet models on 64x64 pixels
python benchmarks/importing.py --own-size   on the size that each was made for
python benchmarks/importing.py timm:resnet50 …
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from time import process_time

from resdsl.diagnostics import ResError
from resdsl.integrations.importer import Imported, import_module
from resdsl.integrations.peers import make_peer
from resdsl.syntax import ast
from resdsl.syntax.phrase import print_kinds

MODELS = {
    "torchvision": """
        resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d resnext101_64x4d
        wide_resnet50_2 wide_resnet101_2 regnet_x_400mf regnet_y_400mf mobilenet_v2 googlenet densenet121 vgg11
        convnext_tiny""",
    "timm": """
        resnet10t resnet18 resnet18d resnet26 resnet26d resnet26t resnet34 resnet34d resnet50 resnet50c resnet50d
        resnet50s resnet50t resnet101 resnet152 resnext50_32x4d resnext50d_32x4d resnext101_32x4d wide_resnet50_2
        seresnet18 seresnet34 seresnet50 seresnet50t seresnext26d_32x4d seresnext26t_32x4d seresnext50_32x4d
        legacy_seresnet18 legacy_seresnet50 legacy_seresnext26_32x4d resnetv2_18 resnetv2_50 resnetv2_50d
        resnetv2_50t resnetv2_101 resnetv2_50x1_bit resnetaa50 resnetblur18 resnetrs50 ecaresnet26t gcresnet50t
        skresnet18 resnest14d res2net50_26w_4s regnetx_002 efficientnet_b0""",
    "pytorchcv": """
        resnet20_cifar10 resnet56_cifar10 resnet110_cifar10 resnet164bn_cifar10 preresnet20_cifar10 preresnet56_cifar10
        preresnet110_cifar10 preresnet164bn_cifar10 preresnet272bn_cifar10 resnext20_32x4d_cifar10
        resnext29_32x4d_cifar10 seresnet20_cifar10 seresnet56_cifar10 sepreresnet20_cifar10 sepreresnet56_cifar10
        wrn16_10_cifar10 wrn28_10_cifar10 pyramidnet110_a48_cifar10 pyramidnet110_a84_cifar10
        pyramidnet164_a270_bn_cifar10 ror3_56_cifar10 ror3_110_cifar10 ror3_164_cifar10 rir_cifar10
        shakeshakeresnet20_2x16d_cifar10 diaresnet20_cifar10 resnet10 resnetbc26b preresnet18 preresnet50b senet16
        resnetd50b""",
}
SMALL = (3, 64, 64)


def main(arguments: list[str]) -> None:
    own_size = "--own-size" in arguments
    named = [argument for argument in arguments if not argument.startswith("--")]
    models = named or [f"{library}:{name}" for library, names in MODELS.items() for name in names.split()]
    warnings.simplefilter("ignore")
    print("| model | stages × blocks | blocks | shortcuts | links | keys | difference | s |")
    print("|---|---|---|---|---|---|--:|--:|", flush=True)
    counts: Counter[str] = Counter()
    for source in models:
        start = process_time()
        try:
            peer = make_peer(source)
            shape = peer.shape if own_size or source.startswith("pytorchcv:") else SMALL  # its pools are of one size
            cells = row(import_module(peer.model, shape, name=peer.name))
            counts["recovered"] += 1
        except ResError as error:
            cells = f"refused: {error.diagnostics[0].message} |||||"
            counts["refused"] += 1
        print(f"| {source} | {cells} | {process_time() - start:.1f} |", flush=True)
    print("\n" + ", ".join(f"{count} {what}" for what, count in counts.items()))


def row(imported: Imported) -> str:
    network = imported.program.definitions[-1]
    assert isinstance(network, ast.Network)
    own = {definition.name for definition in imported.program.definitions}
    stages = [s for s in network.statements if isinstance(s, ast.Stage)]
    names = dict.fromkeys(run.block.name for stage in stages for run in stage.runs)
    vias = dict.fromkeys(f"via {print_kinds(run.kinds)}" for s in stages for run in s.runs if run.kinds)
    blocks = ", ".join(f"{name} (own)" if name in own else name for name in names)
    kinds = [print_kinds(s.kinds) for s in network.statements if isinstance(s, ast.Shortcut)]
    links = ", ".join(s.name for s in network.statements if isinstance(s, ast.Link))
    counts = "-".join(str(section.n_steps) for section in imported.graph.stages())
    return (
        f"{counts} | {blocks} | {', '.join([*kinds, *vias])} | {links} | {imported.graph.keys} | {imported.error:.0e}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
