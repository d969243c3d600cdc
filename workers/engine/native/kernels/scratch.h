// Memory for what a kernel computes with on its way.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

namespace {

inline int64_t RoundUp(int64_t count, int64_t multiple) { return (count + multiple - 1) / multiple * multiple; }

// Memory of a thread for what it computes with, taken and given back in the order of a stack. It stays with the thread: the
// allocator would return it to the system after each use, and every page would be new again.
class Scratch {
 public:
  static constexpr int64_t line = 64;

  static Scratch& OfThread() {
    static thread_local Scratch scratch;
    return scratch;
  }

  char* Take(int64_t bytes) {
    if (used_ == 0 || chunks_[used_ - 1].size - chunks_[used_ - 1].taken < bytes) Open(bytes);
    Chunk& chunk = chunks_[used_ - 1];
    chunk.taken += bytes;
    return chunk.memory.get() + chunk.taken - bytes;
  }

  void GiveBack(int64_t bytes) {
    if ((chunks_[used_ - 1].taken -= bytes) == 0) used_--;
  }

 private:
  struct Free {
    void operator()(char* memory) const { ::operator delete(memory, std::align_val_t{line}); }
  };
  struct Chunk {
    std::unique_ptr<char, Free> memory;
    int64_t size, taken;
  };

  // The next chunk, which is made anew where it is too small.
  void Open(int64_t bytes) {
    if (used_ < static_cast<int64_t>(chunks_.size()) && chunks_[used_].size < bytes) chunks_.resize(used_);
    if (used_ == static_cast<int64_t>(chunks_.size())) {
      const int64_t size = std::max<int64_t>(bytes, 1 << 20);
      auto* memory = static_cast<char*>(::operator new(size, std::align_val_t{line}));
      chunks_.push_back({std::unique_ptr<char, Free>(memory), size, 0});
    }
    used_++;
  }

  std::vector<Chunk> chunks_;
  int64_t used_ = 0;
};

// Zeros that begin at a cache line.
class Floats {
 public:
  explicit Floats(int64_t count)
      : bytes_(RoundUp(std::max<int64_t>(count, 1) * sizeof(float), Scratch::line)),
        values_(reinterpret_cast<float*>(Scratch::OfThread().Take(bytes_))) {
    std::memset(values_, 0, bytes_);
  }
  ~Floats() { Scratch::OfThread().GiveBack(bytes_); }
  Floats(const Floats&) = delete;
  Floats& operator=(const Floats&) = delete;

  float* data() { return values_; }
  float& operator[](int64_t i) { return values_[i]; }

 private:
  const int64_t bytes_;
  float* const values_;
};

}  // namespace
