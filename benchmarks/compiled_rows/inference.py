"""Measures inference, with the program that measures nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from compiled_rows.row import Options, Row


def inference(options: Options) -> Iterator[Row]:
    """ResNet-50 at 224 pixels, batch 2: the rows of `inference.py` that have a target."""
    import inference as program
    import torch

    from resdsl.integrations.bench.measure import ratio

    torch.set_num_threads(options.threads)
    measured = program.measure_case(program.CASES[0], rounds=options.rounds)
    figures = measured.figures
    rows = (
        (program.OURS, figures[program.BASELINE], "≤ 0.70"),
        (program.OURS_BF16, figures[program.BASELINE], "≤ 0.26"),
        (program.OURS, measured.best_frozen(in_bf16=False, by=options.by), "≤ 1.0"),
        (program.OURS_BF16, measured.best_frozen(in_bf16=True, by=options.by), "≤ 1.0"),
    )
    for way, other, wanted in rows:
        found = f"**{ratio(figures[way], other, by=options.by):.3f}**"
        yield Row(f"ResNet-50 inference: {way} / {other.way}", wanted, found)
    for way in (program.OURS, program.OURS_BF16):
        yield Row(f"{way}: largest difference from float64", "", f"{measured.errors[way]:.1e} of the largest output")
