"""What `torch.hub.load` finds in a repository: this file at its top, one function for each network that it offers.

torch.hub.load("examples/integrations/torch_hub", "ror3", source="local", depth=20)
"""

import resdsl

dependencies = ["torch", "resdsl"]


def ror3(depth: int = 110, classes: int = 10):
    """RoR-3 for CIFAR (Zhang et al. 2016), with random weights."""
    return resdsl.build("ror3", depth=depth, classes=classes)
