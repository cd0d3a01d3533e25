"""Trains any network of resdsl on images: a place to start research from, in plain PyTorch.

    python examples/train.py resnet_cifar -p depth=20 --data digits --recipe quick
    python examples/train.py resnet110 --data cifar10 --data-folder ~/data --recipe he_warmup --compile --amp bf16
    torchrun --nproc-per-node 2 examples/train.py wrn40_2 --data digits --recipe quick --parallel fsdp

Data, order, crops, draws of stochastic depth and dropout are functions of the seed and the step. So a run that was
stopped, in the middle of an epoch too, goes on with `--resume` to the same weights, to the last bit on the same kind of
processor; and the number of processes does not change what is computed, only the order in which it is summed up.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from training import checkpoints, data
from training.endings import Stop, told
from training.engines import ENGINES, Single
from training.logs import Log
from training.planned import compare, plan_for
from training.recipes import RECIPES, Recipe, recipe_with

import resdsl
from resdsl.analysis.memory import read_bytes


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0],
        epilog="recipes: " + "; ".join(f"{name}: {recipe.cite}" for name, recipe in RECIPES.items()),
    )
    what = parser.add_argument_group("what is trained")
    what.add_argument("spec", help="a file, a library network, or the text itself")
    what.add_argument("-n", "--network", help="which network of the file")
    what.add_argument(
        "-p", "--param", type=parameter, action="append", default=[], metavar="NAME=VALUE", help="repeatable"
    )
    what.add_argument("--data", default="digits", choices=data.SETS)
    what.add_argument("--data-folder", type=Path, help="where the data are; nothing is downloaded  [data]")
    how = parser.add_argument_group("how; what is not given is the recipe's")
    how.add_argument("--recipe", default="he", choices=RECIPES)
    how.add_argument("--epochs", type=float)
    how.add_argument("--batch", type=int, help="samples of a step, over all processes")
    how.add_argument("--lr", type=float)
    how.add_argument("--schedule", choices=["steps", "cosine"])
    how.add_argument("--warmup", type=float, help="epochs at the learning rate of the warm-up")
    how.add_argument("--warmup-lr", type=float)
    how.add_argument("--decay", type=float, help="weight decay")
    how.add_argument("--augment", action=argparse.BooleanOptionalAction, default=None)
    how.add_argument("--ema", type=float, metavar="DECAY", help="evaluate a moving average of the weights: 0.999")
    how.add_argument("--parts", type=int, help="parts in which a process takes its batch; a pipeline's microbatches")
    how.add_argument("--seed", type=int, default=0)
    where = parser.add_argument_group("where and how fast")
    where.add_argument("--parallel", default="none", choices=ENGINES, help="under torchrun")
    where.add_argument("--device", help="cpu, cuda  [cuda where there is one]")
    where.add_argument(
        "--compile", nargs="?", const="inductor", choices=["inductor", "aot_eager"], help="in place, each unit once"
    )
    where.add_argument("--amp", choices=["bf16", "fp16"], help="autocast")
    where.add_argument(
        "--memory",
        type=size,
        metavar="SIZE",
        help="what a process may take for the network and its training, as 8GiB: blocks are computed again to fit",
    )
    out = parser.add_argument_group("what is written")
    out.add_argument("--out", type=Path, default=Path("runs/latest"), help="logs and checkpoints  [runs/latest]")
    out.add_argument("--resume", action="store_true", help="go on from the newest checkpoint there, if there is one")
    out.add_argument("--checkpoint-every", type=int, metavar="STEPS", help="besides the end of every epoch")
    out.add_argument("--stop-after", type=int, metavar="STEPS", help="write a checkpoint then, and end")
    out.add_argument("--tensorboard", action="store_true")
    return parser.parse_args()


def parameter(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise argparse.ArgumentTypeError(f"`{text}` is not NAME=VALUE")
    return name, value


def size(text: str) -> int:
    try:
        return read_bytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def graph_for(given: argparse.Namespace, found: data.Data) -> resdsl.Graph:
    """The network for a data set: its classes, where it has that parameter, and the size of its images."""
    params = dict(given.param)
    graph = resdsl.load(given.spec, given.network, params=params)
    if "classes" in dict(graph.parameters) and "classes" not in params:
        graph = resdsl.load(given.spec, given.network, params={**params, "classes": found.n_classes})
    if graph.input.dims != found.shape:
        call = re.search(r"\n# resdsl: network (.*)\n$", graph.recipe)
        shape = "x".join(map(str, found.shape))
        text = f"\nnetwork for_data = {call[1] if call else graph.name} {{ input {shape} }}\n"
        graph = resdsl.load(graph.recipe[: call.start() if call else None] + text, "for_data")
    if graph.output.dims != (found.n_classes,):
        raise SystemExit(f"`{graph.name}` gives {graph.output}, but there are {found.n_classes} classes")
    return graph


@contextmanager
def processes(given: argparse.Namespace) -> Iterator[torch.device]:
    """The device of this process, and its connection to the others."""
    kind = given.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if (given.parallel != "none") != ("RANK" in os.environ):
        raise SystemExit("`--parallel` and torchrun belong together: torchrun --nproc-per-node N examples/train.py …")
    if given.parallel == "none":
        yield torch.device(kind)
        return
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if kind == "cuda" else torch.device(kind)
    if kind == "cuda":
        torch.cuda.set_device(device)
    is_ours = not dist.is_initialized()  # another program may train several times
    if is_ours:
        dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    yield device
    dist.barrier()  # who ends first would cut the others off
    if is_ours:
        dist.destroy_process_group()


def check(given: argparse.Namespace, recipe: Recipe) -> None:
    """Ends the program where two wishes exclude each other."""
    n_ranks = int(os.environ.get("WORLD_SIZE", "1"))
    is_pipeline = given.parallel == "pipeline"
    given.parts = given.parts or (4 * n_ranks if is_pipeline else 1)
    given.batch = recipe.batch
    n_parts = given.parts * (1 if is_pipeline else n_ranks)
    if recipe.batch % n_parts:
        raise SystemExit(f"a batch of {recipe.batch} is not in {n_parts} equal parts: choose --batch, --parts")
    if is_pipeline and given.parts < n_ranks:
        raise SystemExit(f"a pipeline of {n_ranks} stages needs as many microbatches: --parts {4 * n_ranks}")
    if is_pipeline and (given.compile or given.amp):
        raise SystemExit("the stages of a pipeline run in float32 and are not compiled: leave out --compile, --amp")
    if given.parallel == "fsdp" and given.amp == "fp16":
        raise SystemExit("gradients in shards are not scaled here: --amp bf16, or --parallel ddp")
    if given.ema and given.parallel in {"fsdp", "pipeline"}:
        raise SystemExit("--ema keeps whole weights: one process, or --parallel ddp")


def train(given: argparse.Namespace, recipe: Recipe, device: torch.device, stop: Stop) -> None:
    found = data.load(given.data, given.data_folder)
    batches = data.Batches(found, recipe.batch, given.seed, augment=recipe.augment, device=device)
    n_steps = round(recipe.epochs * batches.n_steps)
    graph = graph_for(given, found)
    plan = plan_for(graph, given, dist.get_world_size() if dist.is_initialized() else 1)
    torch.manual_seed(given.seed)
    engine: Single = ENGINES[given.parallel](graph, plan, given, device)
    optimizer = torch.optim.SGD(
        engine.module.parameters(),
        lr=recipe.lr,
        momentum=recipe.momentum,
        nesterov=recipe.nesterov,
        weight_decay=recipe.decay,
    )
    asked = {"seed": given.seed, "batch": recipe.batch}
    progress: dict[str, Any] = {"step": 0, "loss": 0.0, "count": 0, **asked}
    if given.resume:
        checkpoints.load(given.out, engine, optimizer, progress)
        for name, value in asked.items():
            if progress[name] != value:
                raise SystemExit(f"the run in {given.out} has --{name} {progress[name]}, not {value}: no bit would fit")
    begin = progress["step"]
    log = Log(
        given.out,
        is_first=engine.rank == 0,
        tensorboard=given.tensorboard,
        step=begin,
        epoch=-(-begin // batches.n_steps),
    )
    engine.network.train()
    last = n_steps if given.stop_after is None else min(n_steps, given.stop_after)
    is_planned = engine.n_ranks > 1 or given.memory is not None
    waiting: list[tuple[int, float, torch.Tensor]] = []
    started = time.perf_counter()
    for step in shown(range(begin, last), is_first=engine.rank == 0):
        lr = recipe.lr_at(step, n_steps, batches.n_steps)
        for group in optimizer.param_groups:
            group["lr"] = lr
        batch, before = batches.batch(step), time.process_time()
        # in the first two steps DistributedDataParallel arranges its buckets
        with engine.measured.watch() if is_planned and step == begin + 2 else nullcontext():
            waiting.append((step, lr, engine.step(batch, step, optimizer)))
        engine.measured.busy += time.process_time() - before
        is_end = (step + 1) % batches.n_steps == 0 or step + 1 == n_steps
        is_due = given.checkpoint_every is not None and (step + 1) % given.checkpoint_every == 0
        if not (is_end or is_due or step + 1 == last or stop.is_asked):
            continue
        means = engine.mean_losses(torch.stack([loss for *_, loss in waiting]).double()).tolist()
        log.step([(at, rate, mean) for (at, rate, _), mean in zip(waiting, means, strict=True)])
        progress.update(step=step + 1, loss=progress["loss"] + sum(means), count=progress["count"] + len(means))
        waiting.clear()
        if is_end:
            losses = progress["loss"] / progress["count"]
            progress.update(loss=0.0, count=0)
            test, accuracy = engine.evaluate(batches.test_batches())
            log.epoch(step // batches.n_steps, step + 1, lr, (losses, test), accuracy, time.perf_counter() - started)
            started = time.perf_counter()
        checkpoints.save(given.out, engine, optimizer, progress)
        stop.obey()
    log.close()
    if is_planned and last > begin:
        compare(plan, given, engine.measured)


def shown(steps: range, *, is_first: bool) -> Iterator[int]:
    """The steps, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    if not (is_first and console.is_terminal):
        return iter(steps)
    return iter(track(steps, description="steps", console=console))


def main() -> None:
    given = arguments()
    recipe = recipe_with(given.recipe, vars(given))
    check(given, recipe)
    stop = Stop()
    with stop.listening(), processes(given) as device, told(given.out):
        try:
            train(given, recipe, device, stop)
        except resdsl.ResError as error:
            raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
