"""What a backward pass may overwrite is nobody else's."""

import pytest

from resdsl.emit.torch_compiled import inductor
from tests.compile.test_units import BLOCKS, network
from tests.reference.compare import batch

ALWAYS = {"basic", "preact_basic", "se_basic", "weighted_basic", "pyramid_bottleneck"}


@pytest.mark.parametrize(
    "block", [pytest.param(block, marks=[] if block in ALWAYS else pytest.mark.slow) for block in BLOCKS]
)
def test_nothing_that_is_overwritten_is_read_elsewhere(block, monkeypatch):
    found = []
    compile_function = inductor.compile_function

    def checked(wanted):
        compiled = compile_function(wanted)

        def forward(arguments):
            inputs = list(arguments)
            results = compiled.forward(arguments)
            left = [inputs[source] if source >= 0 else results[-1 - source] for source in compiled.saved]
            memory = [each.untyped_storage().data_ptr() for each in (*inputs, results[0])]
            found.extend(left[n].untyped_storage().data_ptr() in memory for n in compiled.overwritten)
            return results

        return inductor.Compiled(
            forward, compiled.backward, compiled.saved, compiled.overwritten, compiled.output, compiled.made
        )

    monkeypatch.setattr("resdsl.emit.torch_compiled.runtime.compile_function", checked)
    monkeypatch.setattr("resdsl.emit.torch_compiled.runtime._COMPILED", {})
    model = network(block, more="link middle over each stage via projection").train()
    model.compile(backend="aot_eager")
    model(batch(2, 3, 16, 16)).sum().backward()
    assert found
    assert not any(found)
