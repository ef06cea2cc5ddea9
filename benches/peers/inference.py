"""Microseconds a call of inference in ONNX Runtime, JAX and PyTorch, as `cargo bench --bench inference` prints ours.

    inference.py onnxruntime|jax|torch [f32|f64] [THREADS]

Needs numpy and the engine, and onnx for ONNX Runtime. Sigmoid layers and a softmax, random weights. JAX takes all cores
that it may use: `taskset -c 0` gives it one.
"""

import sys
import time

import numpy as np

NETWORKS = ("784-30-10", "784-1024-1024-10", "4-64-64-2")
BATCHES = (1, 32, 1_000, 10_000)


def median(call):
    """The median of the microseconds of half a second's calls, and of at least 5, after two."""
    for _ in range(2):
        call()
    start, times = time.perf_counter(), []
    while len(times) < 5 or time.perf_counter() - start < 0.5:
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
    return sorted(times)[len(times) // 2] * 1e6


def onnxruntime(layers, x, threads):
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    nodes, tensors, name = [], [], "x"
    for index, (weights, biases) in enumerate(layers):
        tensors += [numpy_helper.from_array(weights, f"w{index}"), numpy_helper.from_array(biases, f"b{index}")]
        nodes.append(helper.make_node("Gemm", [name, f"w{index}", f"b{index}"], [f"z{index}"]))
        last = index == len(layers) - 1
        kind, options = ("Softmax", {"axis": 1}) if last else ("Sigmoid", {})
        name = f"a{index}"
        nodes.append(helper.make_node(kind, [f"z{index}"], [name], **options))
    kind = TensorProto.FLOAT if x.dtype == np.float32 else TensorProto.DOUBLE
    value = lambda name, columns: helper.make_tensor_value_info(name, kind, [None, columns])
    graph = helper.make_graph(nodes, "network", [value("x", x.shape[1])], [value(name, len(layers[-1][1]))], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": x})


def jax(layers, x, _threads):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    layers = [(jnp.asarray(weights), jnp.asarray(biases)) for weights, biases in layers]
    x = jnp.asarray(x)

    @jax.jit
    def network(a):
        for weights, biases in layers[:-1]:
            a = jax.nn.sigmoid(a @ weights + biases)
        weights, biases = layers[-1]
        return jax.nn.softmax(a @ weights + biases)

    return lambda: network(x).block_until_ready()


def torch(layers, x, threads):
    import torch

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    modules = []
    for weights, biases in layers:
        layer = torch.nn.Linear(*weights.shape, dtype=torch.from_numpy(weights).dtype)
        layer.weight.copy_(torch.from_numpy(weights.T.copy()))
        layer.bias.copy_(torch.from_numpy(biases))
        modules += [layer, torch.nn.Sigmoid()]
    modules[-1] = torch.nn.Softmax(1)
    network, x = torch.nn.Sequential(*modules).eval(), torch.from_numpy(x)
    return lambda: network(x)


def main():
    engine, *rest = sys.argv[1:]
    dtype = np.float64 if "f64" in rest else np.float32
    threads = next((int(word) for word in rest if word.isdigit()), 1)
    random = np.random.default_rng(0)
    print("network             batch   µs")
    for name in NETWORKS:
        sizes = [int(size) for size in name.split("-")]
        shapes = list(zip(sizes, sizes[1:]))
        layers = [
            ((random.normal(size=shape) / shape[0] ** 0.5).astype(dtype), np.zeros(shape[1], dtype)) for shape in shapes
        ]
        for batch in BATCHES:
            call = globals()[engine](layers, random.random((batch, sizes[0])).astype(dtype), threads)
            print(f"{name:<18} {batch:>6} {median(call):>10.2f}", flush=True)


if __name__ == "__main__":
    main()
