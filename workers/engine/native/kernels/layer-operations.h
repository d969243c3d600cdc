// What a layer computes beside products and attention: TemperGelu, TemperGatedSilu, TemperNorm and their gradients,
// TemperRope, TemperColumnSums, TemperSigmoid, TemperCast.
#pragma once
#include <algorithm>

#include "call.h"

namespace {

std::vector<int64_t> ShapeOf(TF_Tensor* x) {
  std::vector<int64_t> shape;
  for (int i = 0; i < TF_NumDims(x); i++) shape.push_back(TF_Dim(x, i));
  return shape;
}

// Elements of a part where reading and writing memory is all the work: handing out smaller ones would show.
constexpr int64_t streamedPart = 1 << 15;

// kernel(first element, how many), in parts that stay in the cache.
template <int64_t part = 4096, class F>
void EachPart(int64_t size, F kernel) {
  ParallelFor((size + part - 1) / part, [&](int64_t i) { kernel(i * part, std::min(part, size - i * part)); });
}

template <int Inputs>
bool EqualSizes(Call& call, TF_Tensor* (&in)[Inputs], const char* rule) {
  bool equal = true;
  for (int i = 0; i < Inputs; i++) {
    in[i] = call.Input(i);
    equal = equal && Size(in[i]) == Size(in[0]);
  }
  return call.Require(equal, rule);
}

// x → y.
struct Gelu {
  template <class T>
  void operator()(Call& call, const KernelsOf<T>& kernels) const {
    TF_Tensor* x = call.Input(0);
    auto* y = static_cast<T*>(call.Output(typeOf<T>, ShapeOf(x)));
    if (!y) return;
    EachPart(Size(x), [&](int64_t at, int64_t count) { kernels.gelu(Data<T>(x) + at, y + at, count); });
  }
};

// x, dY → dX.
struct GeluGradient {
  template <class T>
  void operator()(Call& call, const KernelsOf<T>& kernels) const {
    TF_Tensor* in[2];
    if (!EqualSizes(call, in, "TemperGeluGrad: shapes differ")) return;
    auto* dX = static_cast<T*>(call.Output(typeOf<T>, ShapeOf(in[0])));
    if (!dX) return;
    const T *x = Data<T>(in[0]), *dY = Data<T>(in[1]);
    EachPart(Size(in[0]), [&](int64_t at, int64_t count) { kernels.geluGradient(x + at, dY + at, dX + at, count); });
  }
};

// gate, up → y.
struct GatedSilu {
  template <class T>
  void operator()(Call& call, const KernelsOf<T>& kernels) const {
    TF_Tensor* in[2];
    if (!EqualSizes(call, in, "TemperGatedSilu: shapes differ")) return;
    auto* y = static_cast<T*>(call.Output(typeOf<T>, ShapeOf(in[0])));
    if (!y) return;
    const T *gate = Data<T>(in[0]), *up = Data<T>(in[1]);
    EachPart(Size(in[0]), [&](int64_t at, int64_t count) { kernels.gatedSilu(gate + at, up + at, y + at, count); });
  }
};

// gate, up, dY → dGate, dUp.
struct GatedSiluGradient {
  template <class T>
  void operator()(Call& call, const KernelsOf<T>& kernels) const {
    TF_Tensor* in[3];
    if (!EqualSizes(call, in, "TemperGatedSiluGrad: shapes differ")) return;
    auto* dGate = static_cast<T*>(call.Output(typeOf<T>, ShapeOf(in[0]), 0));
    auto* dUp = dGate ? static_cast<T*>(call.Output(typeOf<T>, ShapeOf(in[0]), 1)) : nullptr;
    if (!dUp) return;
    const T *gate = Data<T>(in[0]), *up = Data<T>(in[1]), *dY = Data<T>(in[2]);
    EachPart(Size(in[0]), [&](int64_t at, int64_t count) {
      kernels.gatedSiluGradient(gate + at, up + at, dY + at, dGate + at, dUp + at, count);
    });
  }
};

// For tensors so small that TensorFlow's threads would take longer to wake than the work takes.
struct Sigmoid {
  template <class T>
  void operator()(Call& call, const KernelsOf<T>& kernels) const {
    TF_Tensor* x = call.Input(0);
    auto* y = static_cast<T*>(call.Output(typeOf<T>, ShapeOf(x)));
    if (!y) return;
    EachPart(Size(x), [&](int64_t at, int64_t count) { kernels.sigmoid(Data<T>(x) + at, y + at, count); });
  }
};

// float → bfloat16 and back.
void Cast(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Kernels& kernels = *KernelsOfThisProcessor();
  TF_Tensor* x = call.Input(0);
  const bool narrow = TF_TensorType(x) == TF_FLOAT;
  void* y = call.Output(narrow ? TF_BFLOAT16 : TF_FLOAT, ShapeOf(x));
  if (!y) return;
  EachPart<streamedPart>(Size(x), [&](int64_t at, int64_t count) {
    if (narrow)
      kernels.narrow(Data<float>(x) + at, static_cast<bfloat16*>(y) + at, count);
    else
      kernels.widen(Data<bfloat16>(x) + at, static_cast<float*>(y) + at, count);
  });
}

// Rows that one thread takes at a time; their sums are added up in the order of these blocks, whatever the threads.
constexpr int64_t summedRows = 32;

// work(from, to, sums) adds what rows [from, to) come to; all of it is added to `sums` (size).
template <class F>
void SumBlocks(int64_t rows, int64_t size, float* sums, F work) {
  const int64_t blocks = (rows + summedRows - 1) / summedRows;
  std::vector<float> parts(blocks * size);
  ParallelFor(blocks, [&](int64_t block) {
    work(block * summedRows, std::min(rows, (block + 1) * summedRows), parts.data() + block * size);
  });
  std::fill(sums, sums + size, 0.f);
  for (int64_t block = 0; block < blocks; block++)
    for (int64_t i = 0; i < size; i++) sums[i] += parts[block * size + i];
}

// x (R, D) → sums over R (D).
struct ColumnSums {
  template <class T>
  void operator()(Call& call, const KernelsOf<T>& kernels) const {
    TF_Tensor* x = call.Input(0);
    if (!call.Require(TF_NumDims(x) == 2, "TemperColumnSums takes a matrix")) return;
    const int64_t width = TF_Dim(x, 1);
    auto* sums = static_cast<float*>(call.Output(TF_FLOAT, {width}));
    if (!sums) return;
    SumBlocks(TF_Dim(x, 0), width, sums, [&](int64_t from, int64_t to, float* part) {
      kernels.columnSums(Data<T>(x) + from * width, to - from, width, part);
    });
  }
};

void* ReadRope(TF_OpKernelConstruction* construction) {
  return new Attributes{.back = Attribute<int64_t>(construction, "back")};
}

// x (B, T, H, 2 F), cos, sin (B, 1, T, F) → y.
template <class T>
void RotateRows(Call& call, const KernelsOf<T>& kernels, float sign) {
  TF_Tensor *x = call.Input(0), *cos = call.Input(1), *sin = call.Input(2);
  if (!call.Require(TF_NumDims(x) == 4, "TemperRope takes (B, T, H, hd)")) return;
  const int64_t heads = TF_Dim(x, 2), half = TF_Dim(x, 3) / 2, places = TF_Dim(x, 0) * TF_Dim(x, 1);
  const int64_t angles = places * half;
  const bool fits = TF_Dim(x, 3) == 2 * half && Size(cos) == angles && Size(sin) == angles;
  if (!call.Require(fits, "TemperRope: shapes do not fit")) return;
  auto* y = static_cast<T*>(call.Output(typeOf<T>, ShapeOf(x)));
  if (!y) return;
  const int64_t rows = places * heads;
  // So many that handing them to another thread costs less than they do.
  constexpr int64_t together = 256;
  ParallelFor((rows + together - 1) / together, [&](int64_t piece) {
    for (int64_t row = piece * together; row < std::min(rows, (piece + 1) * together); row++) {
      const int64_t angle = row / heads * half;
      kernels.rotate(Data<T>(x) + row * 2 * half, Data<float>(cos) + angle, Data<float>(sin) + angle, half, sign,
                     y + row * 2 * half);
    }
  });
}

void Rope(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  const float sign = static_cast<Attributes*>(attributes)->back ? -1 : 1;
  WithKernelsFor(call.TypeOf(0), [&](const auto& kernels) { RotateRows(call, kernels, sign); });
}

void* ReadNorm(TF_OpKernelConstruction* construction) {
  return new Attributes{.centred = Attribute<int64_t>(construction, "centred"),
                        .epsilon = Attribute<float>(construction, "epsilon")};
}

// x (R, D), weight, bias (D; read if centred) → y (R, D), means, inverses (R).
void Norm(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  TF_Tensor *x = call.Input(0), *weight = call.Input(1), *bias = call.Input(2);
  const auto* read = static_cast<Attributes*>(attributes);
  if (!call.Require(TF_NumDims(x) == 2 && TF_Dim(x, 1) == Size(weight), "TemperNorm: shapes do not fit")) return;
  if (!call.Require(!read->centred || Size(bias) == Size(weight), "TemperNorm: the bias does not fit")) return;
  const int64_t rows = TF_Dim(x, 0);
  NormRows n{};
  n.x = Data<float>(x), n.weight = Data<float>(weight), n.bias = Data<float>(bias), n.width = TF_Dim(x, 1);
  n.centred = read->centred, n.epsilon = read->epsilon;
  n.y = static_cast<float*>(call.Output(TF_FLOAT, {rows, n.width}, 0));
  n.means = n.y ? static_cast<float*>(call.Output(TF_FLOAT, {rows}, 1)) : nullptr;
  n.inverses = n.means ? static_cast<float*>(call.Output(TF_FLOAT, {rows}, 2)) : nullptr;
  if (!n.inverses) return;
  if (!n.centred) std::fill(n.means, n.means + rows, 0.f);
  const Kernels& kernels = *KernelsOfThisProcessor();
  ParallelFor((rows + summedRows - 1) / summedRows, [&](int64_t block) {
    kernels.norm(n, block * summedRows, std::min(rows, (block + 1) * summedRows));
  });
}

// x, weight, means, inverses, dY → dX (R, D), dWeight, dBias (D; 0 unless centred).
void NormGradient(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  TF_Tensor *x = call.Input(0), *weight = call.Input(1), *means = call.Input(2), *inverses = call.Input(3);
  TF_Tensor* dY = call.Input(4);
  const int64_t rows = TF_Dim(x, 0), width = TF_Dim(x, 1);
  const bool fits = Size(weight) == width && Size(means) == rows && Size(inverses) == rows && Size(dY) == Size(x);
  if (!call.Require(fits, "TemperNormGrad: shapes do not fit")) return;
  NormRows n{};
  n.x = Data<float>(x), n.weight = Data<float>(weight), n.dY = Data<float>(dY), n.width = width;
  n.means = Data<float>(means), n.inverses = Data<float>(inverses);
  n.centred = static_cast<Attributes*>(attributes)->centred;
  n.dX = static_cast<float*>(call.Output(TF_FLOAT, {rows, width}, 0));
  auto* dWeight = n.dX ? static_cast<float*>(call.Output(TF_FLOAT, {width}, 1)) : nullptr;
  auto* dBias = dWeight ? static_cast<float*>(call.Output(TF_FLOAT, {width}, 2)) : nullptr;
  if (!dBias) return;
  std::vector<float> sums(2 * width);
  const Kernels& kernels = *KernelsOfThisProcessor();
  SumBlocks(rows, 2 * width, sums.data(), [&](int64_t from, int64_t to, float* part) {
    kernels.normGradient(n, from, to, part);
  });
  std::copy(sums.begin(), sums.begin() + width, dWeight);
  std::copy(sums.begin() + width, sums.end(), dBias);
}

}  // namespace
