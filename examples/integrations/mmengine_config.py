"""A config of OpenMMLab: a file like any other, which builds a spec by `type="ResDSLBackbone"`."""

custom_imports = {"imports": ["resdsl.integrations.mmengine"]}

model = {
    "type": "ResDSLBackbone",
    "spec": "{{ fileDirname }}/conf/small_ror.res",
    "params": {"depth": 14},
    "out_indices": (1, 2),
    "frozen_stages": 1,
    "norm_eval": True,
}
