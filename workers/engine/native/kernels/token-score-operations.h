// TemperTokenScores and its gradient.
#pragma once
#include <algorithm>

#include "call.h"

namespace {

void* ReadTokenScores(TF_OpKernelConstruction* construction) {
  return new Attributes{.vocabulary = Attribute<int64_t>(construction, "vocabulary")};
}

// kernel(rows, from, to), in parts of about as many logits as a cache holds.
void EachTokenScore(const TokenScoreRows& rows, int64_t count, void (*kernel)(const TokenScoreRows&, int64_t, int64_t)) {
  const int64_t block = std::max<int64_t>(1, (1 << 16) / rows.stride);
  ParallelFor((count + block - 1) / block,
              [&](int64_t i) { kernel(rows, i * block, std::min(count, (i + 1) * block)); });
}

bool RequireTokens(Call& call, const TokenScoreRows& rows, TF_Tensor* targets, int64_t count) {
  const bool fits = rows.vocabulary > 0 && rows.vocabulary <= rows.stride && Size(targets) == count;
  if (!call.Require(fits, "TemperTokenScores: shapes do not fit")) return false;
  const auto within = [&](int32_t target) { return target >= 0 && target < rows.vocabulary; };
  return call.Require(std::all_of(rows.targets, rows.targets + count, within),
                      "TemperTokenScores: a target is not of the vocabulary");
}

// logits (M, P), targets (M) → scores (3, M): log-probs, entropies, correct; parts (2, M): the largest logit, the sum.
void TokenScoring(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  TF_Tensor *logits = call.Input(0), *targets = call.Input(1);
  if (!call.Require(TF_NumDims(logits) == 2, "TemperTokenScores takes a matrix")) return;
  const int64_t count = TF_Dim(logits, 0);
  TokenScoreRows rows{};
  rows.logits = Data<float>(logits), rows.targets = Data<int32_t>(targets), rows.stride = TF_Dim(logits, 1);
  rows.vocabulary = static_cast<Attributes*>(attributes)->vocabulary;
  if (!RequireTokens(call, rows, targets, count)) return;
  auto* scores = static_cast<float*>(call.Output(TF_FLOAT, {3, count}, 0));
  auto* parts = scores ? static_cast<float*>(call.Output(TF_FLOAT, {2, count}, 1)) : nullptr;
  if (!parts) return;
  rows.logps = scores, rows.entropies = scores + count, rows.corrects = scores + 2 * count;
  rows.tops = parts, rows.sums = parts + count;
  EachTokenScore(rows, count, KernelsOfThisProcessor()->tokenScores);
}

// logits, targets, parts, dLogps (M) → dLogits (M, P), in the memory of the logits where nothing else reads them.
void TokenScoringGradient(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  TF_Tensor *targets = call.Input(1), *parts = call.Input(2), *dLogps = call.Input(3);
  TokenScoreRows rows{};
  rows.dLogits = static_cast<float*>(call.OutputOver(0));
  if (!rows.dLogits) return;
  TF_Tensor* logits = call.Input(0);
  const int64_t count = TF_Dim(logits, 0);
  rows.logits = Data<float>(logits), rows.targets = Data<int32_t>(targets), rows.stride = TF_Dim(logits, 1);
  rows.vocabulary = static_cast<Attributes*>(attributes)->vocabulary;
  if (!RequireTokens(call, rows, targets, count)) return;
  const bool fits = Size(parts) == 2 * count && Size(dLogps) == count;
  if (!call.Require(fits, "TemperTokenScoresGrad: shapes do not fit")) return;
  rows.tops = Data<float>(parts), rows.sums = rows.tops + count, rows.dLogps = Data<float>(dLogps);
  EachTokenScore(rows, count, KernelsOfThisProcessor()->tokenScoresGradient);
}

}  // namespace
