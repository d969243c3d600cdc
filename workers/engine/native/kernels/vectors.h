// Vectors of the instruction set that this file is compiled for: W floats, loads that widen bf16 and int8, sums, exponentials.
// Every function has internal linkage, because the same names are compiled once a set.
#pragma once
#include <immintrin.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "bfloat16.h"

namespace {

#if defined(__AVX512F__)
constexpr int W = 16;
#else
constexpr int W = 8;
#endif
typedef float V __attribute__((vector_size(W * 4)));
typedef int32_t I __attribute__((vector_size(W * 4)));
typedef uint32_t U __attribute__((vector_size(W * 4)));
typedef uint16_t H __attribute__((vector_size(W * 2)));

inline V Load(const float* p) {
  V v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

inline V Load(const bfloat16* p) {
#if defined(__AVX512F__)
  __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return (V)_mm512_slli_epi32(wide, 16);
#else
  __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  return (V)_mm256_slli_epi32(wide, 16);
#endif
}

inline V Load(const int8_t* p) {
#if defined(__AVX512F__)
  return (V)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
#else
  return (V)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
#endif
}

inline void Store(float* p, V v) { std::memcpy(p, &v, sizeof v); }

// The bits of bf16, rounded as FromFloat does, in the lower half of each lane.
inline U NarrowBits(V v) {
  const U bits = (U)v;
  return v == v ? (bits + 0x7fff + ((bits >> 16) & 1)) >> 16 : (bits >> 16) | 0x40;
}

inline void Store(bfloat16* p, V v) {
  const H upper = __builtin_convertvector(NarrowBits(v), H);
  std::memcpy(p, &upper, sizeof upper);
}

// Past the caches, which need not fetch what lay there, to a place aligned for it; `EndStream` before others read it.
inline void Stream(bfloat16* p, V v) {
  const H upper = __builtin_convertvector(NarrowBits(v), H);
#if defined(__AVX512F__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(p), (__m256i)upper);
#else
  _mm_stream_si128(reinterpret_cast<__m128i*>(p), (__m128i)upper);
#endif
}
inline void EndStream() { _mm_sfence(); }

// Else the compiler reads it from memory again for each use, and loads are what is scarce.
inline void KeepInRegister(V& v) { asm("" : "+v"(v)); }

inline V Broadcast(float x) { return x - V{}; }

// Lanes of 128 bits first, then inside the lane that is left: the order of SumEach, so that both give the same digits.
inline float Sum(V v) {
#if defined(__AVX512F__)
  __m512 wide = (__m512)v;
  __m128 first = _mm_add_ps(_mm512_castps512_ps128(wide), _mm512_extractf32x4_ps(wide, 1));
  __m128 lane = _mm_add_ps(first, _mm_add_ps(_mm512_extractf32x4_ps(wide, 2), _mm512_extractf32x4_ps(wide, 3)));
#else
  __m128 lane = _mm_add_ps(_mm256_castps256_ps128((__m256)v), _mm256_extractf128_ps((__m256)v, 1));
#endif
  __m128 pairs = _mm_add_ps(lane, _mm_movehdup_ps(lane));
  return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehl_ps(pairs, pairs)));
}

#if defined(__AVX512F__)
// Halves of two vectors added: by 128-bit lanes, then inside them.
inline __m512 AddLanes(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
}
inline __m512 AddPairs(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x88), _mm512_shuffle_ps(a, b, 0xdd));
}
#endif

// The sums of N vectors; sixteen at once cost a third of sixteen single ones.
template <int N>
inline void SumEach(const V* v, float* sums) {
#if defined(__AVX512F__)
  if constexpr (N == 16) {
    __m512 lanes[4];
    for (int i = 0; i < 4; i++)
      lanes[i] = AddLanes(AddLanes(v[i * 4], v[i * 4 + 1]), AddLanes(v[i * 4 + 2], v[i * 4 + 3]));
    __m512 all = AddPairs(AddPairs(lanes[0], lanes[1]), AddPairs(lanes[2], lanes[3]));
    // Lane l, place i: the vector i * 4 + l.
    __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
    _mm512_storeu_ps(sums, _mm512_permutexvar_ps(order, all));
    return;
  }
#endif
  for (int i = 0; i < N; i++) sums[i] = Sum(v[i]);
}

// 0, 1, 2 …
inline I Counting() {
  I lanes;
  for (int i = 0; i < W; i++) lanes[i] = i;
  return lanes;
}

inline V Max(V a, V b) { return a > b ? a : b; }
inline V Min(V a, V b) { return a < b ? a : b; }

inline float Largest(V v) {
#if defined(__AVX512F__)
  return _mm512_reduce_max_ps((__m512)v);
#else
  float most = v[0];
  for (int i = 1; i < W; i++) most = v[i] > most ? v[i] : most;
  return most;
#endif
}

// 2^n times a polynomial (Cephes), to 2e-7 of the value; arguments are at most 0 here.
inline V Exp(V x) {
  x = Max(x, Broadcast(-87.f));
  I n = __builtin_convertvector(x * 1.44269504f - 0.5f, I);
  V whole = __builtin_convertvector(n, V);
  x -= whole * 0.693359375f;
  x -= whole * -2.12194440e-4f;
  V p = Broadcast(1.9875691500e-4f);
  p = p * x + 1.3981999507e-3f;
  p = p * x + 8.3334519073e-3f;
  p = p * x + 4.1665795894e-2f;
  p = p * x + 1.6666665459e-1f;
  p = p * x + 5.0000001201e-1f;
  p = p * x * x + x + 1.f;
  return p * (V)((n + 127) << 23);
}

inline void Narrow(const float* from, float* to, int64_t count) { std::memcpy(to, from, count * sizeof(float)); }

inline void Narrow(const float* from, bfloat16* to, int64_t count) {
  int64_t i = 0;
  for (; i + W <= count; i += W) Store(to + i, Load(from + i));
  for (; i < count; i++) FromFloat(from[i], to + i);
}

inline void Widen(const bfloat16* from, float* to, int64_t count) {
  int64_t i = 0;
  for (; i + W <= count; i += W) Store(to + i, Load(from + i));
  for (; i < count; i++) to[i] = ToFloat(from[i]);
}

}  // namespace
