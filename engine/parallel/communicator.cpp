#include "engine/parallel/communicator.h"

#include <algorithm>
#include <atomic>

#include "engine/base/error.h"

namespace cloze {
namespace {

class SingleProcess final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::unique_ptr<Collective> all_reduce(std::span<float>, Wire) override { return nothing(); }
  std::unique_ptr<Collective> reduce_scatter(std::span<float>, Wire) override { return nothing(); }
  std::unique_ptr<Collective> all_gather(std::span<float>) override { return nothing(); }
  std::unique_ptr<Collective> broadcast(std::span<std::byte>, int) override { return nothing(); }
  void wait_for_all() override { check(); }
  void barrier() override { check(); }
  std::vector<std::string> exchange(const std::string& text) override {
    check();
    return {text};
  }
  void abort(const std::string&) override { aborted_ = true; }

 private:
  class Nothing final : public Collective {
   public:
    explicit Nothing(const SingleProcess& owner) : owner_(owner) {}
    void start() override { owner_.check(); }
    void wait() override { owner_.check(); }

   private:
    const SingleProcess& owner_;
  };
  std::unique_ptr<Collective> nothing() const { return std::make_unique<Nothing>(*this); }
  void check() const {
    if (aborted_) throw Error({.what = "the job was aborted"});
  }

  std::atomic<bool> aborted_ = false;
};

}  // namespace

Share share_of(int64_t count, int rank, int size) {
  constexpr int64_t unit = share_alignment;
  const int64_t units = (count + unit - 1) / unit;
  return {std::min(count, units * rank / size * unit), std::min(count, units * (rank + 1) / size * unit)};
}

void run(Collective& collective) {
  collective.start();
  collective.wait();
}

std::unique_ptr<Communicator> make_single_process_communicator() {
  return std::make_unique<SingleProcess>();
}

}  // namespace cloze
