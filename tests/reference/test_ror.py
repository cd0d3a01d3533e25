"""RoR-3 and Pre-RoR-3 compute the equations of Zhang et al. 2016, junctions and all, forward and backward."""

from tests.reference.compare import assert_equal, batch, built
from tests.reference.tensors import bn, conv, pad, pool_and_classify, relu, subsample

STAGES = (("s1", 1), ("s2", 2), ("s3", 2))


def ror(x, w, t, n, *, levels):
    """y = g(root) + g(stage's input) + h(x) + F(x) at the last block, and one ReLU after all is added."""
    x = relu(bn(conv(x, w, "stem.conv"), w, "stem.bn", t))
    root = x
    for stage, (label, stride) in enumerate(STAGES):
        middle = x
        for index in range(n):
            name = f"{label}.{index}"
            s = stride if index == 0 else 1
            f = relu(bn(conv(x, w, f"{name}.conv1", s), w, f"{name}.bn1", t))
            f = bn(conv(f, w, f"{name}.conv2"), w, f"{name}.bn2", t)
            y = pad(subsample(x, s), f.shape[1]) + f
            if index == n - 1 and levels > 2:
                y = y + conv(middle, w, f"{name}.middle_conv", stride)
            if index == n - 1 and stage == len(STAGES) - 1 and levels > 1:
                y = y + conv(root, w, f"{name}.root_conv", 4)
            x = relu(y)
    return pool_and_classify(x, w)


ROR = """
res 1
use "std.res"

network ror(n: int) {
  input 3x16x16
  stem  conv(3x3, 4) -> bn -> relu
  stage s1    : basic(4)  * n
  stage s2 /2 : basic(8)  * n
  stage s3 /2 : basic(16) * n
  head  global_avgpool -> linear(5)
  shortcut identity else zero_pad
  LINKS
}
"""


def test_ror_3_adds_three_levels_before_one_relu():
    links = "link middle over each stage via conv_shortcut  link root over all via conv_shortcut"
    model = built(ROR.replace("LINKS", links), n=3)
    assert_equal(model, lambda x, w, t: ror(x, w, t, 3, levels=3), batch(2, 3, 16, 16))


def test_the_order_of_the_links_in_the_text_changes_nothing():
    links = "link root over all via conv_shortcut  link middle over each stage via conv_shortcut"
    model = built(ROR.replace("LINKS", links), n=2)
    assert_equal(model, lambda x, w, t: ror(x, w, t, 2, levels=3), batch(2, 3, 16, 16))


def test_a_stage_of_one_block_joins_at_its_only_block():
    links = "link middle over each stage via conv_shortcut  link root over all via conv_shortcut"
    model = built(ROR.replace("LINKS", links), n=1)
    assert_equal(model, lambda x, w, t: ror(x, w, t, 1, levels=3), batch(2, 3, 16, 16))


def test_ror_2_has_the_root_alone():
    model = built(ROR.replace("LINKS", "link root over all via conv_shortcut"), n=2)
    assert_equal(model, lambda x, w, t: ror(x, w, t, 2, levels=2), batch(2, 3, 16, 16))


PRE_ROR = """
res 1
use "std.res"

block raw_basic(width, stride = 1) {
  before   norm -> act, shared = never
  residual conv(3x3, width, /stride) -> norm -> act -> conv(3x3, width)
}

network pre_ror(n: int) {
  input 3x16x16
  stem  conv(3x3, 4)
  stage s1    : raw_basic(4)  * n
  stage s2 /2 : raw_basic(8)  * n
  stage s3 /2 : raw_basic(16) * n
  head  bn -> relu -> global_avgpool -> linear(5)
  shortcut identity else conv_shortcut
  link middle over each stage via conv_shortcut
  link root   over all        via conv_shortcut
}
"""


def pre_ror(x, w, t, n):
    """Zhang et al. 2016, Fig. 3: raw x on every shortcut, no activation at a junction, BN and ReLU after the last."""
    x = conv(x, w, "stem.conv")
    root = x
    for label, stride in STAGES:
        middle = x
        for index in range(n):
            name = f"{label}.{index}"
            s = stride if index == 0 else 1
            f = conv(relu(bn(x, w, f"{name}.bn1", t)), w, f"{name}.conv1", s)
            f = conv(relu(bn(f, w, f"{name}.bn2", t)), w, f"{name}.conv2")
            x = (x if s == 1 else conv(x, w, f"{name}.shortcut_conv", s)) + f
        x = x + conv(middle, w, f"{name}.middle_conv", stride)
    x = x + conv(root, w, f"{name}.root_conv", 4)
    return pool_and_classify(relu(bn(x, w, "head.bn", t)), w)


def test_pre_ror_3_adds_raw_tensors_and_activates_after_the_last_junction():
    assert_equal(built(PRE_ROR, n=2), lambda x, w, t: pre_ror(x, w, t, 2), batch(2, 3, 16, 16))


LEVELS = ROR.replace("LINKS", "levels 4 via conv_shortcut")


def ror_4(x, w, t, n):
    """Each stage of n blocks again in three spans, a shortcut around each: inner spans merge first."""
    names = [key for key in w.tensors if key.endswith("_conv.weight")]
    assert len(names) == 9 + 3 + 1
    x = relu(bn(conv(x, w, "stem.conv"), w, "stem.bn", t))
    root = x
    for stage, (label, stride) in enumerate(STAGES):
        middle = x
        for index in range(n):
            name = f"{label}.{index}"
            s = stride if index == 0 else 1
            if index % (n // 3) == 0:
                span, span_stride = x, s
            f = relu(bn(conv(x, w, f"{name}.conv1", s), w, f"{name}.bn1", t))
            f = bn(conv(f, w, f"{name}.conv2"), w, f"{name}.bn2", t)
            y = pad(subsample(x, s), f.shape[1]) + f
            joins = [key.removesuffix(".weight") for key in names if key.startswith(f"{name}.")]
            if joins:
                y = y + conv(span, w, joins[0], span_stride)
            if index == n - 1:
                y = y + conv(middle, w, joins[1], stride)
            if index == n - 1 and stage == len(STAGES) - 1:
                y = y + conv(root, w, joins[2], 4)
            x = relu(y)
    return pool_and_classify(x, w)


def test_four_levels_split_every_stage_in_three():
    assert_equal(built(LEVELS, n=6), lambda x, w, t: ror_4(x, w, t, 6), batch(2, 3, 16, 16))
