// What an optimizer step is made of: TemperAdamW, TemperHalfSquares.
#pragma once
#include "layer-operations.h"

namespace {

// x → sum of squares / 2. Parts are added up in their order, whatever the threads.
struct HalfSquares {
  template <class T>
  void operator()(Call& call, const KernelsOf<T>& kernels) const {
    TF_Tensor* x = call.Input(0);
    auto* half = static_cast<float*>(call.Output(TF_FLOAT, {}));
    if (!half) return;
    const int64_t size = Size(x);
    std::vector<float> parts((size + streamedPart - 1) / streamedPart);
    EachPart<streamedPart>(size, [&](int64_t at, int64_t count) {
      parts[at / streamedPart] = kernels.sumOfSquares(Data<T>(x) + at, count);
    });
    double sum = 0;
    for (float each : parts) sum += each;
    *half = static_cast<float>(sum / 2);
  }
};

void* ReadAdamW(TF_OpKernelConstruction* construction) {
  return new Attributes{.rounded = Attribute<int64_t>(construction, "rounded"),
                        .beta1 = Attribute<float>(construction, "beta1"),
                        .beta2 = Attribute<float>(construction, "beta2")};
}

// grad, decay, rate, epsilon, gradScale, when, param, m, v and, where it is kept, the parameter in 16 bits: these three or
// four change in place where `when` holds.
void AdamWUpdate(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  const auto* read = static_cast<Attributes*>(attributes);
  TF_Tensor *grad = call.Input(0), *param = call.Input(6), *m = call.Input(7), *v = call.Input(8);
  const int64_t size = Size(grad);
  TF_Tensor* rounded = read->rounded ? call.Input(9) : nullptr;
  const bool fits = Size(param) == size && Size(m) == size && Size(v) == size && (!rounded || Size(rounded) == size);
  if (!call.Require(fits, "TemperAdamW: shapes differ") || !*Data<bool>(call.Input(5))) return;
  AdamWStep step{Data<float>(param), Data<float>(m), Data<float>(v), rounded ? Data<bfloat16>(rounded) : nullptr};
  step.decay = *Data<float>(call.Input(1)), step.rate = *Data<float>(call.Input(2));
  step.epsilon = *Data<float>(call.Input(3)), step.gradScale = *Data<float>(call.Input(4));
  step.beta1 = read->beta1, step.beta2 = read->beta2;
  WithKernelsFor(TF_TensorType(grad), [&](const auto& kernels) {
    using T = typename std::decay_t<decltype(kernels)>::Element;
    const T* grads = Data<T>(grad);
    EachPart<streamedPart>(size, [&](int64_t at, int64_t count) { kernels.adamW(step, grads, at, count); });
  });
}

}  // namespace
