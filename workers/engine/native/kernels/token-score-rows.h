#pragma once
#include <cstdint>

// Logits (rows, stride), of which the first `vocabulary` of each row count; everything else (rows). `tops` and `sums` are
// the largest logit of a row and Σ exp(logit − top). dLogits may be the logits themselves.
struct TokenScoreRows {
  const float* logits;
  const int32_t* targets;
  int64_t vocabulary, stride;
  float *logps, *entropies, *corrects, *tops, *sums;
  const float* dLogps;
  float* dLogits;
};
