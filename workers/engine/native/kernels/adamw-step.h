#pragma once
#include "bfloat16.h"

// One update of a parameter and its moments, in their own memory.
struct AdamWStep {
  float *param, *m, *v;
  // What the parameter is in 16 bits, from the start of a cache line on as all tensors, where that is kept; null where not.
  bfloat16* rounded;
  // Learning rate times weight decay; the rate and epsilon with both bias corrections in them; what gradients are scaled by.
  float decay, rate, epsilon, gradScale;
  float beta1, beta2;
};
