"""Small networks that together have everything an adapter could trip over."""

ROR = """res 1 use "std.res"
network ror(n: int = 2, classes: int = 10) {
  input 3x16x16
  stem conv(3x3, 4) -> bn -> relu
  stage a : basic(4) * n
  stage b /2 : basic(8) * n
  stage c /2 : basic(16) * n
  head global_avgpool -> linear(classes)
  shortcut identity else zero_pad
  link middle over each stage via conv_shortcut
  link root over all via conv_shortcut
  survive linear(0.5)
}"""

PRE = """res 1 use "std.res"
network pre {
  input 3x16x16
  stem conv(3x3, 4) -> bn -> relu -> maxpool(3x3, /2)
  stage a : preact_basic(4) * 2
  stage b /2 : preact_basic(8) * 2
  head bn -> relu -> global_avgpool -> linear(7)
  shortcut identity else projection
}"""

TWO_LINEAR = """res 1 use "std.res"
network two(classes: int = 5) {
  input 3x8x8
  stem conv(3x3, 4)
  stage a : basic(4) * 1
  head flatten -> linear(12) -> relu -> dropout(0.5) -> linear(classes)
}"""

CONV_HEAD = """res 1 use "std.res"
network conv_head {
  input 3x8x8
  stem conv(3x3, 4)
  stage a : basic(4) * 1
  head conv(1x1, 6) -> relu -> global_avgpool
}"""
