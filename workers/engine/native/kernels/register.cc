// TensorFlow operations over the kernels of this processor: TemperMatMul, TemperScaledMatMul, TemperPairMatMul,
// TemperCachedAttention, TemperPackedAttention, TemperGelu, TemperGatedSilu, TemperNorm, TemperTokenScores and their
// gradients, TemperSample, TemperRope, TemperColumnSums, TemperSigmoid, TemperCast, TemperAdamW, TemperHalfSquares.
//
// Built by the set-up into native/build/kernels.so; loaded with TF_LoadLibrary. On a processor without AVX2 nothing is
// registered, and graphs are built of TensorFlow's own operations.
#include <cmath>
#include <cstdio>
#include <initializer_list>

#include "call.h"
#include "layer-operations.h"
#include "optimizer-operations.h"
#include "packed-operations.h"
#include "pair-operations.h"
#include "tensorflow/c/ops.h"
#include "token-score-operations.h"

namespace {

void* ReadMatMul(TF_OpKernelConstruction* construction) {
  return new Attributes{.transposed = Attribute<int64_t>(construction, "transposed")};
}

void* ReadAttention(TF_OpKernelConstruction* construction) {
  return new Attributes{.length = Attribute<int64_t>(construction, "length"), .window = Attribute<int64_t>(construction, "window")};
}

void Forget(void* attributes) { delete static_cast<Attributes*>(attributes); }

// Outputs are computed in blocks of 96: cache lines and registers come out even, and a block stays in the cache. Where the
// weights of an output lie in a row, a thread takes all of its blocks at once: memory that is read on and on arrives sooner.
template <class P>
void RunProduct(const P& product, bool rows, void (*kernel)(const P&, int64_t, int64_t)) {
  constexpr int64_t block = 96;
  const int64_t blocks = (product.N + block - 1) / block;
  const int64_t pieces = product.M * product.K * product.N < 1 << 15 ? 1 : std::min(PoolSize() * (rows ? 1 : 4), blocks);
  ParallelFor(pieces, [&](int64_t piece) {
    for (int64_t i = blocks * piece / pieces; i < blocks * (piece + 1) / pieces; i++)
      kernel(product, i * block, std::min(product.N, (i + 1) * block));
  });
}

template <class X, class T>
void Multiply(Call& call, bool rows, void (*kernel)(const ProductOf<X, T>&, int64_t, int64_t)) {
  TF_Tensor *x = call.Input(0), *w = call.Input(1);
  if (!call.Require(TF_NumDims(x) == 2 && TF_NumDims(w) == 2, "TemperMatMul takes matrices")) return;
  const int64_t M = TF_Dim(x, 0), K = TF_Dim(x, 1), N = TF_Dim(w, rows ? 0 : 1);
  if (!call.Require(K == TF_Dim(w, rows ? 1 : 0), "TemperMatMul: the inner sizes differ")) return;
  auto* y = static_cast<X*>(call.Output(typeOf<X>, {M, N}));
  if (y) RunProduct(ProductOf<X, T>{Data<X>(x), Data<T>(w), y, M, K, N}, rows, kernel);
}

void MatMul(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  const bool rows = static_cast<Attributes*>(attributes)->transposed;
  const auto& pairs = KernelsOfThisProcessor()->pairs;
  if (call.TypeOf(0) == call.TypeOf(1))
    WithKernelsFor(call.TypeOf(0), [&](const auto& kernels) { Multiply(call, rows, rows ? kernels.rows : kernels.columns); });
  else if (call.Require(pairs.multiply && call.TypeOf(0) == TF_BFLOAT16, "TemperMatMul: types that do not go together"))
    Multiply(call, rows, rows ? pairs.rows : pairs.columns);
}

// x (M, K) times w in int8, each of whose rows has a scale.
void ScaledMatMul(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  const Kernels& kernels = *KernelsOfThisProcessor();
  TF_Tensor *x = call.Input(0), *w = call.Input(1), *scales = call.Input(2);
  const bool rows = static_cast<Attributes*>(attributes)->transposed;
  if (!call.Require(TF_NumDims(x) == 2 && TF_NumDims(w) == 2, "TemperScaledMatMul takes matrices")) return;
  const int64_t M = TF_Dim(x, 0), K = TF_Dim(x, 1), N = TF_Dim(w, rows ? 0 : 1);
  const bool fits = K == TF_Dim(w, rows ? 1 : 0) && Size(scales) == TF_Dim(w, 0);
  if (!call.Require(fits, "TemperScaledMatMul: the sizes do not fit")) return;
  auto* y = static_cast<float*>(call.Output(TF_FLOAT, {M, N}));
  if (!y) return;
  RunProduct(ScaledProduct{Data<float>(x), Data<int8_t>(w), Data<float>(scales), y, M, K, N}, rows,
             rows ? kernels.rowsInt8 : kernels.columnsInt8);
}

// q, k, v, keyCache, valueCache, slots, starts, counts → out. Writes into both caches in place.
void Attention(void* opaque, TF_OpKernelContext* context) {
  Call call(context);
  auto* attributes = static_cast<Attributes*>(opaque);
  TF_Tensor *q = call.Input(0), *k = call.Input(1), *v = call.Input(2), *keys = call.Input(3), *values = call.Input(4);
  TF_Tensor *slots = call.Input(5), *starts = call.Input(6), *counts = call.Input(7);
  if (!call.Require(TF_NumDims(q) == 4 && TF_NumDims(k) == 4, "TemperCachedAttention takes (B, H, T, hd)")) return;
  CachedAttention a{};
  a.sequences = TF_Dim(q, 0), a.heads = TF_Dim(q, 1), a.tokens = TF_Dim(q, 2), a.headDim = TF_Dim(q, 3);
  a.kvHeads = TF_Dim(k, 1), a.length = attributes->length, a.window = attributes->window;
  a.scale = 1.f / std::sqrt(static_cast<float>(a.headDim));
  a.q = Data<float>(q), a.k = Data<float>(k), a.v = Data<float>(v);
  a.keyCache = TF_TensorData(keys), a.valueCache = TF_TensorData(values);
  a.slots = Data<int32_t>(slots), a.starts = Data<int32_t>(starts), a.counts = Data<int32_t>(counts);
  const int64_t room = Size(keys) / (a.kvHeads * a.length * a.headDim);
  for (int64_t s = 0; s < a.sequences; s++) {
    const bool fits = a.counts[s] <= a.tokens && a.starts[s] >= 0 && a.starts[s] + a.counts[s] <= a.length &&
                      a.slots[s] >= 0 && a.slots[s] < room;
    if (!call.Require(fits, "TemperCachedAttention: a sequence does not fit its slot")) return;
  }
  a.out = static_cast<float*>(call.Output(TF_FLOAT, {a.sequences, a.heads, a.tokens, a.headDim}));
  if (!a.out) return;
  std::memset(a.out, 0, Size(q) * sizeof(float));
  const Kernels& kernels = *KernelsOfThisProcessor();
  auto* attend = TF_TensorType(keys) == TF_BFLOAT16 ? kernels.bf16.attend : kernels.f32.attend;
  ParallelFor(a.sequences * a.kvHeads, [&](int64_t unit) { attend(a, unit / a.kvHeads, unit % a.kvHeads); });
}

// logits, penalized (B, V), uniforms, temperatures, topKs, topPs, minPs (B) → ids, logps (B).
void Sample(void*, TF_OpKernelContext* context) {
  Call call(context);
  TF_Tensor *logits = call.Input(0), *penalized = call.Input(1), *uniforms = call.Input(2), *temperatures = call.Input(3);
  TF_Tensor *topKs = call.Input(4), *topPs = call.Input(5), *minPs = call.Input(6);
  if (!call.Require(TF_NumDims(logits) == 2 && Size(logits) == Size(penalized), "TemperSample takes (B, V)")) return;
  const int64_t rows = TF_Dim(logits, 0), vocabulary = TF_Dim(logits, 1);
  auto* ids = static_cast<int32_t*>(call.Output(TF_INT32, {rows}, 0));
  auto* logps = ids ? static_cast<float*>(call.Output(TF_FLOAT, {rows}, 1)) : nullptr;
  if (!logps) return;
  const bool narrow = TF_TensorType(logits) == TF_BFLOAT16;
  const int64_t bytes = vocabulary * (narrow ? 2 : 4);
  const Kernels& kernels = *KernelsOfThisProcessor();
  ParallelFor(rows, [&](int64_t i) {
    SamplingRow row{Data<char>(logits) + i * bytes, Data<char>(penalized) + i * bytes, vocabulary};
    row.uniform = Data<float>(uniforms)[i], row.temperature = Data<float>(temperatures)[i];
    row.topK = Data<int32_t>(topKs)[i], row.topP = Data<float>(topPs)[i], row.minP = Data<float>(minPs)[i];
    row.id = ids + i, row.logp = logps + i;
    (narrow ? kernels.bf16.sample : kernels.f32.sample)(row);
  });
}

struct Operation {
  const char* name;
  std::initializer_list<const char*> inputs, attributes, outputs;
  bool stateful;
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
};

void Register(const Operation& operation, TF_Status* status) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(operation.name);
  for (const char* input : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : operation.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char* attribute : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_OpDefinitionBuilderSetIsStateful(definition, operation.stateful);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, [](TF_ShapeInferenceContext* shapes, TF_Status* s) {
    TF_ShapeInferenceContextSetUnknownShape(shapes, s);
  });
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_KernelBuilder* kernel = TF_NewKernelBuilder(operation.name, "CPU", operation.create, operation.compute,
                                                 operation.create ? Forget : nullptr);
  TF_RegisterKernelBuilder(operation.name, kernel, status);
}

}  // namespace

extern "C" __attribute__((constructor)) void TemperRegisterKernels() {
  if (!KernelsOfThisProcessor()) return;
  TF_Status* status = TF_NewStatus();
  Register({"TemperMatMul",
            {"x: Tx", "w: Tw"},
            {"Tx: {float, bfloat16}", "Tw: {float, bfloat16}", "transposed: int"},
            {"y: Tx"},
            false,
            ReadMatMul,
            MatMul},
           status);
  Register({"TemperScaledMatMul",
            {"x: float", "w: int8", "scales: float"},
            {"transposed: int"},
            {"y: float"},
            false,
            ReadMatMul,
            ScaledMatMul},
           status);
  if (KernelsOfThisProcessor()->pairs.multiply)
    Register({"TemperPairMatMul",
              {"a: Ta", "b: Tb", "bias: biases * float", "residual: residuals * Tr", "rows: scattered * float",
               "ids: scattered * int32"},
              {"Ta: {float, bfloat16}", "Tb: {float, bfloat16}", "Tr: {float, bfloat16}", "Ty: {float, bfloat16}",
               "transpose_a: int", "transpose_b: int", "biases: int >= 0", "residuals: int >= 0", "scattered: int >= 0"},
              {"y: Ty"},
              false,
              ReadPairs,
              PairMatMul},
             status);
  Register({"TemperCachedAttention",
            {"q: float", "k: float", "v: float", "keys: Tcache", "values: Tcache", "slots: int32", "starts: int32",
             "counts: int32"},
            {"Tcache: {float, bfloat16}", "length: int", "window: int"},
            {"out: float"},
            true,
            ReadAttention,
            Attention},
           status);
  Register({"TemperPackedAttention",
            {"q: T", "k: T", "v: T", "segments: int32", "parents: int32", "positions: int32"},
            {"T: {float, bfloat16}", "window: int", "heads: int", "kv_heads: int", "joined: int"},
            {"out: T", "log_sums: float"},
            false,
            ReadPacked,
            Packed},
           status);
  Register({"TemperPackedAttentionGrad",
            {"q: T", "k: T", "v: T", "out: T", "log_sums: float", "d_out: T", "segments: int32", "parents: int32",
             "positions: int32"},
            {"T: {float, bfloat16}", "window: int", "heads: int", "kv_heads: int", "joined: int"},
            {"d_q: T", "d_k: T", "d_v: T"},
            false,
            ReadPacked,
            PackedGradient},
           status);
  Register({"TemperSample",
            {"logits: T", "penalized: T", "uniforms: float", "temperatures: float", "topks: int32", "topps: float",
             "minps: float"},
            {"T: {float, bfloat16}"},
            {"ids: int32", "logps: float"},
            false,
            nullptr,
            Sample},
           status);
  Register({"TemperSigmoid", {"x: T"}, {"T: {float, bfloat16}"}, {"y: T"}, false, nullptr, OfType<Sigmoid>}, status);
  Register({"TemperCast",
            {"x: SrcT"},
            {"SrcT: {float, bfloat16}", "DstT: {float, bfloat16}"},
            {"y: DstT"},
            false,
            nullptr,
            Cast},
           status);
  Register({"TemperGelu", {"x: T"}, {"T: {float, bfloat16}"}, {"y: T"}, false, nullptr, OfType<Gelu>}, status);
  Register({"TemperGeluGrad",
            {"x: T", "d_y: T"},
            {"T: {float, bfloat16}"},
            {"d_x: T"},
            false,
            nullptr,
            OfType<GeluGradient>},
           status);
  Register({"TemperGatedSilu",
            {"gate: T", "up: T"},
            {"T: {float, bfloat16}"},
            {"y: T"},
            false,
            nullptr,
            OfType<GatedSilu>},
           status);
  Register({"TemperGatedSiluGrad",
            {"gate: T", "up: T", "d_y: T"},
            {"T: {float, bfloat16}"},
            {"d_gate: T", "d_up: T"},
            false,
            nullptr,
            OfType<GatedSiluGradient>},
           status);
  Register({"TemperRope",
            {"x: T", "cos: float", "sin: float"},
            {"T: {float, bfloat16}", "back: int"},
            {"y: T"},
            false,
            ReadRope,
            Rope},
           status);
  Register({"TemperColumnSums", {"x: T"}, {"T: {float, bfloat16}"}, {"sums: float"}, false, nullptr, OfType<ColumnSums>},
           status);
  Register({"TemperHalfSquares", {"x: T"}, {"T: {float, bfloat16}"}, {"half: float"}, false, nullptr, OfType<HalfSquares>},
           status);
  Register({"TemperAdamW",
            {"grad: T", "decay: float", "rate: float", "epsilon: float", "grad_scale: float", "when: bool",
             "param: float", "m: float", "v: float", "in_bf16: rounded * bfloat16"},
            {"T: {float, bfloat16}", "beta1: float", "beta2: float", "rounded: int >= 0"},
            {},
            true,
            ReadAdamW,
            AdamWUpdate},
           status);
  Register({"TemperNorm",
            {"x: float", "weight: float", "bias: float"},
            {"centred: int", "epsilon: float"},
            {"y: float", "means: float", "inverses: float"},
            false,
            ReadNorm,
            Norm},
           status);
  Register({"TemperNormGrad",
            {"x: float", "weight: float", "means: float", "inverses: float", "d_y: float"},
            {"centred: int", "epsilon: float"},
            {"d_x: float", "d_weight: float", "d_bias: float"},
            false,
            ReadNorm,
            NormGradient},
           status);
  Register({"TemperTokenScores",
            {"logits: T", "targets: int32"},
            {"T: {float, bfloat16}"},
            {"scores: float", "parts: float"},
            false,
            nullptr,
            OfType<TokenScores>},
           status);
  Register({"TemperTokenScoresGrad",
            {"logits: T", "targets: int32", "parts: float", "d_logps: float"},
            {"T: {float, bfloat16}"},
            {"d_logits: T"},
            false,
            nullptr,
            OfType<TokenScoresGradient>},
           status);
  if (TF_GetCode(status) != TF_OK) std::fprintf(stderr, "the engine's kernels: %s\n", TF_Message(status));
  TF_DeleteStatus(status);
}
