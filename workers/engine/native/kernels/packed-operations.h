// TemperPackedAttention and its gradient.
#pragma once
#include <algorithm>

#include "call.h"

namespace {

void* ReadPacked(TF_OpKernelConstruction* construction) {
  return new Attributes{.window = Attribute<int64_t>(construction, "window")};
}

// Sizes and the inputs that both passes share: q, k, v, and from `places` on segments, parents, positions.
bool ReadPackedInputs(Call& call, const void* attributes, int places, PackedAttention* a) {
  TF_Tensor *q = call.Input(0), *k = call.Input(1), *v = call.Input(2);
  TF_Tensor* rows[] = {call.Input(places), call.Input(places + 1), call.Input(places + 2)};
  if (!call.Require(TF_NumDims(q) == 4 && TF_NumDims(k) == 4, "TemperPackedAttention takes (B, T, H, hd)")) return false;
  *a = {TF_TensorData(q), TF_TensorData(k), TF_TensorData(v), Data<int32_t>(rows[0]), Data<int32_t>(rows[1]),
        Data<int32_t>(rows[2])};
  a->rows = TF_Dim(q, 0), a->length = TF_Dim(q, 1), a->heads = TF_Dim(q, 2), a->headDim = TF_Dim(q, 3);
  a->kvHeads = TF_Dim(k, 2), a->window = static_cast<const Attributes*>(attributes)->window;
  bool fits = Size(k) == a->rows * a->kvHeads * a->length * a->headDim && Size(v) == Size(k) &&
              a->heads % std::max<int64_t>(1, a->kvHeads) == 0;
  for (TF_Tensor* row : rows) fits = fits && Size(row) == a->rows * a->length;
  return call.Require(fits, "TemperPackedAttention: shapes do not fit");
}

void RunPacked(const PackedAttention& a, void (*kernel)(const PackedAttention&, int64_t, int64_t)) {
  ParallelFor(a.rows * a.kvHeads, [&](int64_t unit) { kernel(a, unit / a.kvHeads, unit % a.kvHeads); });
}

// q, k, v, segments, parents, positions → out, logSums.
void Packed(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  PackedAttention a;
  if (!ReadPackedInputs(call, attributes, 3, &a)) return;
  const TF_DataType type = TF_TensorType(call.Input(0));
  a.out = call.Output(type, {a.rows, a.length, a.heads, a.headDim}, 0);
  a.logSums = a.out ? static_cast<float*>(call.Output(TF_FLOAT, {a.rows, a.heads, a.length}, 1)) : nullptr;
  if (!a.logSums) return;
  const Kernels& kernels = *KernelsOfThisProcessor();
  RunPacked(a, type == TF_BFLOAT16 ? kernels.bf16.attendPacked : kernels.f32.attendPacked);
}

// q, k, v, out, logSums, dOut, segments, parents, positions → dQ, dK, dV.
void PackedGradient(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  PackedAttention a;
  if (!ReadPackedInputs(call, attributes, 6, &a)) return;
  TF_Tensor *out = call.Input(3), *logSums = call.Input(4), *dOut = call.Input(5);
  const TF_DataType type = TF_TensorType(out);
  const int64_t queries = a.rows * a.heads * a.length;
  const bool fits = Size(out) == queries * a.headDim && Size(dOut) == Size(out) && Size(logSums) == queries;
  if (!call.Require(fits, "TemperPackedAttentionGrad: shapes do not fit")) return;
  a.out = TF_TensorData(out), a.logSums = Data<float>(logSums), a.dOut = TF_TensorData(dOut);
  a.dQ = call.Output(type, {a.rows, a.length, a.heads, a.headDim}, 0);
  a.dK = a.dQ ? call.Output(type, {a.rows, a.length, a.kvHeads, a.headDim}, 1) : nullptr;
  a.dV = a.dK ? call.Output(type, {a.rows, a.length, a.kvHeads, a.headDim}, 2) : nullptr;
  if (!a.dV) return;
  const Kernels& kernels = *KernelsOfThisProcessor();
  RunPacked(a, type == TF_BFLOAT16 ? kernels.bf16.packedGradients : kernels.f32.packedGradients);
}

}  // namespace
