#pragma once
#include <cstdint>

// q, out, dOut, dQ (rows, length, heads, headDim); k, v, dK, dV (rows, length, kvHeads, headDim), all of one type;
// logSums float (rows, heads, length). segments, parents, positions int32 (rows, length): a token sees itself and
// earlier ones of its segment, the segment that `parents` names, and of both what `window` positions reach back (0: all
// of it). Padding, segment 0, sees itself alone. Positions count up by one inside a segment.
struct PackedAttention {
  const void *q, *k, *v;
  const int32_t *segments, *parents, *positions;
  void* out;
  float* logSums;
  // Of the backward pass, which reads `out` and `logSums`.
  const void* dOut;
  void *dQ, *dK, *dV;
  int64_t rows, heads, kvHeads, length, headDim, window;
  // From one place to the next, of q and dQ, and of k, v, dK and dV: what lies between belongs to others.
  int64_t queryStep, keyStep;

  // Of out and dOut.
  int64_t OutStep() const { return heads * headDim; }
};
