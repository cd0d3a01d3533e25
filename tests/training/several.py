"""Trains several times in the processes that torchrun started: one start for all."""

import json
import os
import runpy
import sys
from pathlib import Path

import torch.distributed as dist

program, runs = sys.argv[1:]
sys.path.insert(0, str(Path(program).parent))
dist.init_process_group("gloo")
for arguments in json.loads(runs):
    sys.argv = [program, *arguments]
    runpy.run_path(program, run_name="__main__")
dist.barrier()
sys.stdout.flush()
os._exit(0)  # threads of gloo can abort a process that ends under load, when all is written
