#pragma once
#include <cstdint>

// q (sequences, heads, tokens, headDim); k and v (sequences, kvHeads, tokens, headDim); out as q. Caches are rows
// ((slot · kvHeads + head) · length + position, headDim). Sequence s writes counts[s] tokens from position starts[s] of
// slot slots[s] on; tokens past its count are padding, whose output is left as it is.
struct CachedAttention {
  const float *q, *k, *v;
  void *keyCache, *valueCache;
  const int32_t *slots, *starts, *counts;
  float* out;
  int64_t sequences, heads, kvHeads, tokens, headDim, length, window;
  float scale;
};
