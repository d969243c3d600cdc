// Numbers rounded to bf16, alone and as the pairs that a lane of 32 bits holds.
#pragma once
#include "vectors.h"

namespace {

// Both rounded to bf16, the first in the lower half of each lane. Where the processor rounds, numbers too small for full
// precision become 0.
inline V Pair(V first, V second) {
#if defined(__AVX512BF16__)
  const __m512i interleaved =
      _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3,
                       18, 2, 17, 1, 16, 0);
  return (V)_mm512_permutexvar_epi16(interleaved, (__m512i)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first));
#else
  return (V)(NarrowBits(first) | NarrowBits(second) << 16);
#endif
}

// Sixteen numbers as bf16 one after another.
inline void Round(V x, bfloat16* to) {
#if defined(__AVX512BF16__)
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh((__m512)x));
#else
  Store(to, x);
#endif
}
inline void Round(V x, float* to) { Store(to, x); }
inline void Round(float x, bfloat16* to) { FromFloat(x, to); }
inline void Round(float x, float* to) { *to = x; }
inline float Pair(float first, float second) {
  bfloat16 halves[2];
  FromFloat(first, halves);
  FromFloat(second, halves + 1);
  float lane;
  std::memcpy(&lane, halves, sizeof lane);
  return lane;
}

}  // namespace
