#pragma once
#include <cstdint>

// T is that of the logits, float or bfloat16. Logits (vocabulary, stride), of whose columns the first `count` are tokens to
// score; everything else (count). `tops` and
// `sums` are the largest logit of a token and Σ exp(logit − top). dLogits may be the logits themselves.
template <class T>
struct TokenScoreMatrix {
  const T* logits;
  const int32_t* targets;
  int64_t vocabulary, count, stride;
  const float *tops, *sums, *dLogps;
  T* dLogits;
};

// What some rows of logits say, each (count): the largest logit and the first row that has it, and with it as top
// Σ exp(logit − top) and Σ exp(logit − top) (logit − top).
struct TokenScorePart {
  float *tops, *sums, *weighted;
  int32_t* firsts;
};
