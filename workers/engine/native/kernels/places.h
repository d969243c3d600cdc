// The places of a row one after another, in vectors and then in single floats, with what is read, written and summed there.
#pragma once
#include <algorithm>

#include "vectors.h"

namespace {

// f(i, wide) for the places i of a row: vectors of W, then single floats.
template <class F>
inline void EachPlace(int64_t width, F f) {
  int64_t i = 0;
  for (; i + W <= width; i += W) f(i, V{});
  for (; i < width; i++) f(i, 0.f);
}

template <class T>
float Read(const T* p, float) {
  return ToFloat(*p);
}
template <class T>
V Read(const T* p, V) {
  return Load(p);
}
template <class T>
void Write(T* p, float x) {
  FromFloat(x, p);
}
template <class T>
void Write(T* p, V x) {
  Store(p, x);
}
inline void WritePast(bfloat16* p, float x) { FromFloat(x, p); }
inline void WritePast(bfloat16* p, V x) { Stream(p, x); }

// Sums by place of one row.
struct RowSum {
  V wide = {};
  float single = 0;
  void Add(V x) { wide += x; }
  void Add(float x) { single += x; }
  float Total() const { return Sum(wide) + single; }
};

inline V ExpOf(V x) { return Exp(x); }
inline float ExpOf(float x) { return std::exp(x); }

inline float Largest(const float* row, int64_t n) {
  V wide = Broadcast(row[0]);
  float single = row[0];
  EachPlace(n, [&](int64_t i, auto kind) {
    const auto x = Read(row + i, kind);
    if constexpr (sizeof x == sizeof(V))
      wide = Max(x, wide);
    else
      single = x > single ? x : single;
  });
  return std::max(single, Largest(wide));
}

}  // namespace
