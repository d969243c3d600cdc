// Threads that share the loops of a kernel. TensorFlow's own threads fall asleep between two kernels and take longer to
// wake than a product of a few rows takes; these stay awake for a moment, in which the next kernel usually comes.
#pragma once
#include <cstdint>

// body(arg, i) for each i in [0, count), on the calling thread and on those that are free; returns when all are done.
void ParallelFor(int64_t count, void (*body)(void*, int64_t), void* arg);

template <class F>
void ParallelFor(int64_t count, F body) {
  ParallelFor(count, [](void* f, int64_t i) { (*static_cast<F*>(f))(i); }, &body);
}

// Threads at work in a loop, the caller included.
int64_t PoolSize();
