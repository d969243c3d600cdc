// The upper half of a float, as TensorFlow stores it.
#pragma once
#include <cstdint>
#include <cstring>

struct bfloat16 {
  uint16_t bits;
};

inline float ToFloat(float x) { return x; }

inline float ToFloat(bfloat16 x) {
  uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
  float wide;
  std::memcpy(&wide, &bits, 4);
  return wide;
}

inline void FromFloat(float x, float* out) { *out = x; }

// Rounds to nearest, ties to even; what is no number stays none.
inline void FromFloat(float x, bfloat16* out) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  const uint32_t rounded = x == x ? (bits + 0x7fff + ((bits >> 16) & 1)) >> 16 : (bits >> 16) | 0x40;
  out->bits = static_cast<uint16_t>(rounded);
}
