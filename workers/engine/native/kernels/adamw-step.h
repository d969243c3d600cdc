#pragma once

// One update of a parameter and its moments, in their own memory.
struct AdamWStep {
  float *param, *m, *v;
  // Learning rate times weight decay; the rate and epsilon with both bias corrections in them; what gradients are scaled by.
  float decay, rate, epsilon, gradScale;
  float beta1, beta2;
};
