// TemperTokenScores and its gradient.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "call.h"

namespace {

// Rows of logits that one thread takes at a time; what they say is put together in their order, whatever the threads.
constexpr int64_t scoredRows = 1024;

void EachRows(int64_t vocabulary, const std::function<void(int64_t piece, int64_t from, int64_t to)>& work) {
  ParallelFor((vocabulary + scoredRows - 1) / scoredRows, [&](int64_t piece) {
    work(piece, piece * scoredRows, std::min(vocabulary, (piece + 1) * scoredRows));
  });
}

template <class T>
bool ReadMatrix(Call& call, TokenScoreMatrix<T>* matrix) {
  TF_Tensor *logits = call.Input(0), *targets = call.Input(1);
  if (!call.Require(TF_NumDims(logits) == 2, "TemperTokenScores takes a matrix")) return false;
  matrix->logits = Data<T>(logits), matrix->targets = Data<int32_t>(targets);
  matrix->vocabulary = TF_Dim(logits, 0), matrix->stride = TF_Dim(logits, 1), matrix->count = Size(targets);
  if (!call.Require(matrix->count <= matrix->stride, "TemperTokenScores: more targets than columns")) return false;
  const auto within = [&](int32_t target) { return target >= 0 && target < matrix->vocabulary; };
  return call.Require(std::all_of(matrix->targets, matrix->targets + matrix->count, within),
                      "TemperTokenScores: a target is not of the vocabulary");
}

// What all pieces say of token `i` together.
struct WholeScore {
  double top = 0, sum = 0, weighted = 0;
  int32_t first = 0;

  void Add(const TokenScorePart& part, int64_t i, bool begins) {
    if (begins || part.tops[i] > top) {
      Raise(begins ? 0 : top - part.tops[i]);
      top = part.tops[i], first = part.firsts[i];
    }
    const double below = part.tops[i] - top, share = std::exp(below);
    weighted += (part.weighted[i] + part.sums[i] * below) * share;
    sum += part.sums[i] * share;
  }

 private:
  void Raise(double below) {
    const double share = std::exp(below);
    weighted = (weighted + sum * below) * share;
    sum *= share;
  }
};

// logits (V, P), targets (M ≤ P) → scores (3, M): log-probs, entropies, correct; parts (2, M): the largest logit, the sum.
struct TokenScores {
  template <class T>
  void operator()(Call& call, const KernelsOf<T>& kernels) const {
    TokenScoreMatrix<T> matrix{};
    if (!ReadMatrix(call, &matrix)) return;
    const int64_t count = matrix.count, pieces = (matrix.vocabulary + scoredRows - 1) / scoredRows;
    auto* scores = static_cast<float*>(call.Output(TF_FLOAT, {3, count}, 0));
    auto* parts = scores ? static_cast<float*>(call.Output(TF_FLOAT, {2, count}, 1)) : nullptr;
    if (!parts) return;
    std::vector<float> numbers(pieces * 3 * count);
    std::vector<int32_t> firsts(pieces * count);
    const auto partOf = [&](int64_t piece) {
      float* of = numbers.data() + piece * 3 * count;
      return TokenScorePart{of, of + count, of + 2 * count, firsts.data() + piece * count};
    };
    EachRows(matrix.vocabulary, [&](int64_t piece, int64_t from, int64_t to) {
      kernels.scoreRows(matrix, from, to, partOf(piece));
    });
    for (int64_t i = 0; i < count; i++) {
      WholeScore whole;
      for (int64_t piece = 0; piece < pieces; piece++) whole.Add(partOf(piece), i, piece == 0);
      const double logSum = std::log(whole.sum), mean = whole.weighted / whole.sum;
      const float target = ToFloat(matrix.logits[matrix.targets[i] * matrix.stride + i]);
      // Comparisons pass over a logit that is no number; the mean does not, and such a token must not look well.
      scores[i] = static_cast<float>(target - whole.top - logSum + 0 * mean);
      scores[count + i] = static_cast<float>(logSum - mean);
      scores[2 * count + i] = whole.first == matrix.targets[i];
      parts[i] = static_cast<float>(whole.top), parts[count + i] = static_cast<float>(whole.sum);
    }
  }
};

// logits, targets, parts, dLogps (M) → dLogits (V, P), in the memory of the logits where nothing else reads them.
struct TokenScoresGradient {
  template <class T>
  void operator()(Call& call, const KernelsOf<T>& kernels) const {
    TokenScoreMatrix<T> matrix{};
    matrix.dLogits = static_cast<T*>(call.OutputOver(0));
    if (!matrix.dLogits || !ReadMatrix(call, &matrix)) return;
    TF_Tensor *parts = call.Input(2), *dLogps = call.Input(3);
    const bool fits = Size(parts) == 2 * matrix.count && Size(dLogps) == matrix.count;
    if (!call.Require(fits, "TemperTokenScoresGrad: shapes do not fit")) return;
    matrix.tops = Data<float>(parts), matrix.sums = matrix.tops + matrix.count, matrix.dLogps = Data<float>(dLogps);
    EachRows(matrix.vocabulary, [&](int64_t, int64_t from, int64_t to) { kernels.tokenScoresGradient(matrix, from, to); });
  }
};

}  // namespace
