#pragma once
#include <cstdint>

// `penalized` is drawn from, `logits` give the log-prob; both (vocabulary), and the same where nothing is penalised.
struct SamplingRow {
  const void *logits, *penalized;
  int64_t vocabulary;
  float uniform, temperature, topP, minP;
  int32_t topK;
  int32_t* id;
  float* logp;
};
