#include "pool.h"

#include <immintrin.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

// As long as a decoding step may be busy elsewhere; a core is not kept from others for longer.
constexpr auto awake = std::chrono::microseconds(300);

int64_t Processors() {
  cpu_set_t set;
  const bool known = sched_getaffinity(0, sizeof set, &set) == 0;
  return std::max(1, known ? CPU_COUNT(&set) : static_cast<int>(std::thread::hardware_concurrency()));
}

// One loop at a time. `turn_` is odd while a loop may be joined; a helper that joins is counted in `inside_`, so that
// the loop's end waits for nobody who was asleep.
class Pool {
 public:
  explicit Pool(int64_t threads) : size_(threads) {
    for (int64_t i = 1; i < threads; i++) std::thread([this] { Help(); }).detach();
  }

  int64_t Size() const { return size_; }

  void Run(int64_t count, void (*body)(void*, int64_t), void* arg) {
    if (size_ == 1 || count == 1) {
      for (int64_t i = 0; i < count; i++) body(arg, i);
      return;
    }
    std::unique_lock<std::mutex> only(busy_, std::try_to_lock);
    // Another kernel has the pool: its end comes sooner with our help.
    for (; !only; only.try_lock()) Join(turn_.load(std::memory_order_seq_cst));
    body_ = body, arg_ = arg, count_ = count;
    next_.store(0, std::memory_order_relaxed);
    turn_.fetch_add(1, std::memory_order_seq_cst);
    if (sleeping_.load(std::memory_order_seq_cst) > 0) {
      std::lock_guard<std::mutex> lock(sleep_);
      wake_.notify_all();
    }
    Work();
    turn_.fetch_add(1, std::memory_order_seq_cst);
    // A helper that lost its core to somebody else is not waited for at full speed.
    for (int spins = 0; inside_.load(std::memory_order_acquire) > 0; spins++) {
      if (spins < 4096)
        _mm_pause();
      else
        sched_yield();
    }
  }

 private:
  void Work() {
    for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) body_(arg_, i);
  }

  [[noreturn]] void Help() {
    uint64_t seen = 0;
    for (;;) {
      seen = Await(seen);
      Join(seen);
    }
  }

  void Join(uint64_t turn) {
    if (turn % 2 == 0) return _mm_pause();
    inside_.fetch_add(1, std::memory_order_seq_cst);
    // It may have ended meanwhile; then no other has begun, because its end waits for us.
    if (turn_.load(std::memory_order_seq_cst) == turn) Work();
    inside_.fetch_sub(1, std::memory_order_release);
  }

  // The number of a loop that is open and later than `seen`.
  uint64_t Await(uint64_t seen) {
    const auto until = Clock::now() + awake;
    for (int spins = 1;; spins++) {
      uint64_t turn = turn_.load(std::memory_order_seq_cst);
      if (turn != seen && turn % 2 == 1) return turn;
      _mm_pause();
      if (spins % 64 != 0) continue;
      // TensorFlow's own threads may be waiting for this core.
      sched_yield();
      if (Clock::now() > until) break;
    }
    std::unique_lock<std::mutex> lock(sleep_);
    sleeping_.fetch_add(1, std::memory_order_seq_cst);
    uint64_t turn;
    wake_.wait(lock, [&] {
      turn = turn_.load(std::memory_order_seq_cst);
      return turn != seen && turn % 2 == 1;
    });
    sleeping_.fetch_sub(1, std::memory_order_seq_cst);
    return turn;
  }

  const int64_t size_;
  std::mutex busy_, sleep_;
  std::condition_variable wake_;
  std::atomic<int> sleeping_{0}, inside_{0};
  std::atomic<uint64_t> turn_{0};
  std::atomic<int64_t> next_{0};
  void (*body_)(void*, int64_t) = nullptr;
  void* arg_ = nullptr;
  int64_t count_ = 0;
};

// Never freed: its threads live as long as the process.
Pool& ThePool() {
  static Pool* const pool = new Pool(Processors());
  return *pool;
}

}  // namespace

void ParallelFor(int64_t count, void (*body)(void*, int64_t), void* arg) { ThePool().Run(count, body, arg); }

int64_t PoolSize() { return ThePool().Size(); }
