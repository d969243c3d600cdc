// TemperPackedAttention and its gradient.
#pragma once
#include <algorithm>

#include "call.h"

namespace {

void* ReadPacked(TF_OpKernelConstruction* construction) {
  return new Attributes{.window = Attribute<int64_t>(construction, "window"),
                        .heads = Attribute<int64_t>(construction, "heads"),
                        .kvHeads = Attribute<int64_t>(construction, "kv_heads"),
                        .joined = Attribute<int64_t>(construction, "joined")};
}

void* After(const void* start, int64_t elements, TF_DataType type) {
  return const_cast<char*>(static_cast<const char*>(start)) + elements * TF_DataTypeSize(type);
}

// Sizes and the inputs that both passes share: q, k, v, and from `places` on segments, parents, positions.
bool ReadPackedInputs(Call& call, const void* attributes, int places, PackedAttention* a) {
  const auto& given = *static_cast<const Attributes*>(attributes);
  TF_Tensor *q = call.Input(0), *k = call.Input(1), *v = call.Input(2);
  TF_Tensor* rows[] = {call.Input(places), call.Input(places + 1), call.Input(places + 2)};
  const bool shaped = TF_NumDims(q) >= 2 && given.heads > 0 && given.kvHeads > 0 && given.heads % given.kvHeads == 0;
  if (!call.Require(shaped, "TemperPackedAttention takes (B, T, …) and heads that share those of keys evenly")) return false;
  *a = {TF_TensorData(q), TF_TensorData(k), TF_TensorData(v), Data<int32_t>(rows[0]), Data<int32_t>(rows[1]),
        Data<int32_t>(rows[2])};
  a->rows = TF_Dim(q, 0), a->length = TF_Dim(q, 1), a->heads = given.heads, a->kvHeads = given.kvHeads;
  a->window = given.window;
  const int64_t count = a->rows * a->length, wide = Size(q) / std::max<int64_t>(1, count);
  a->headDim = wide / (given.joined ? a->heads + 2 * a->kvHeads : a->heads);
  const int64_t ofQuery = a->heads * a->headDim, ofKey = a->kvHeads * a->headDim;
  a->queryStep = given.joined ? wide : ofQuery, a->keyStep = given.joined ? wide : ofKey;
  bool fits = a->queryStep == (given.joined ? ofQuery + 2 * ofKey : wide) && Size(k) == count * a->keyStep && Size(v) == Size(k);
  for (TF_Tensor* row : rows) fits = fits && Size(row) == count;
  if (given.joined) a->k = After(a->q, ofQuery, TF_TensorType(q)), a->v = After(a->k, ofKey, TF_TensorType(q));
  return call.Require(fits, "TemperPackedAttention: shapes do not fit");
}

void RunPacked(const PackedAttention& a, void (*kernel)(const PackedAttention&, int64_t, int64_t)) {
  ParallelFor(a.rows * a.kvHeads, [&](int64_t unit) { kernel(a, unit / a.kvHeads, unit % a.kvHeads); });
}

// q, k, v, segments, parents, positions → out, logSums. `joined`: q, k and v are one tensor (B, T, (H + 2 KV) hd), given
// three times.
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

// q, k, v, out, logSums, dOut, segments, parents, positions → dQ, dK, dV; joined ones are all in dQ, and the others empty.
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
  if (static_cast<const Attributes*>(attributes)->joined) {
    a.dQ = call.Output(type, {a.rows, a.length, a.queryStep}, 0);
    if (!a.dQ) return;
    for (int empty : {1, 2}) call.Output(type, {0}, empty);
    a.dK = After(a.dQ, a.heads * a.headDim, type), a.dV = After(a.dK, a.kvHeads * a.headDim, type);
  } else {
    a.dQ = call.Output(type, {a.rows, a.length, a.heads, a.headDim}, 0);
    a.dK = a.dQ ? call.Output(type, {a.rows, a.length, a.kvHeads, a.headDim}, 1) : nullptr;
    a.dV = a.dK ? call.Output(type, {a.rows, a.length, a.kvHeads, a.headDim}, 2) : nullptr;
  }
  if (!a.dV) return;
  const Kernels& kernels = *KernelsOfThisProcessor();
  RunPacked(a, type == TF_BFLOAT16 ? kernels.bf16.packedGradients : kernels.f32.packedGradients);
}

}  // namespace
