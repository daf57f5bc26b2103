#include "engine/parallel/nccl_link.h"

#include <fmt/core.h>

#include <utility>

#include "engine/base/error.h"

namespace cloze {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds look_every{50};      // for errors that NCCL reports by itself
constexpr microseconds settles_within{20};  // between two looks whether a call is done
constexpr milliseconds connects_within{5};
constexpr std::chrono::seconds verdict_within{5};

// Texts between ranks are UTF-8.
std::string to_hex(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}
std::string from_hex(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return bytes;
}

// What each rank tells of its library: "+VERSION ID", the id on rank 0 only, or "-" and what it lacks.
std::string introduction(const NcclLibrary& library, const std::string& unique_id) {
  return "+" + library.version() + " " + to_hex(unique_id);
}
std::string version_in(const std::string& introduction) {
  return introduction.substr(1, introduction.find(' ') - 1);
}

}  // namespace

NcclLink::NcclLink(Membership& membership, const NcclOptions& options) : membership_(membership) {
  std::string said;
  try {
    library_ = options.open();
    said = introduction(*library_, membership_.identity().rank == 0 ? library_->unique_id() : "");
  } catch (const Error& error) {
    library_.reset();
    said = std::string("-") + error.what();
  }
  connect(agree_on_an_id(said), options.connect_within);
  watcher_ = std::thread([this] { watch(); });
}

NcclLink::~NcclLink() {
  stopping_ = true;
  watcher_.join();
  if (rank_ && has_to_end()) give_up();
}

// Rank 0's unique id. All go on, or none.
std::string NcclLink::agree_on_an_id(const std::string& said) {
  const std::vector<std::string> all = exchange(said);
  for (size_t rank = 0; rank < all.size(); ++rank) {
    if (all[rank].starts_with('-'))
      throw Error({.what = fmt::format("rank {} cannot sum between GPUs", rank), .why = all[rank].substr(1)});
  }
  for (size_t rank = 1; rank < all.size(); ++rank) {
    if (version_in(all[rank]) != version_in(all[0]))
      throw Error({.what = "ranks have different versions of NCCL",
                   .why = fmt::format("rank 0 has {}, rank {} has {}", version_in(all[0]), rank,
                                      version_in(all[rank])),
                   .remedy = "install the same one on all machines"});
  }
  return from_hex(all[0].substr(all[0].find(' ') + 1));
}

void NcclLink::connect(const std::string& unique_id, milliseconds within) {
  std::vector<std::string> outcomes;
  try {
    outcomes = exchange(await_connection(unique_id, within));
  } catch (...) {
    give_up();
    throw;
  }
  std::string trouble;
  for (size_t rank = 0; rank < outcomes.size(); ++rank) {
    if (!outcomes[rank].empty())
      trouble += fmt::format("{}rank {}: {}", trouble.empty() ? "" : "; ", rank, outcomes[rank]);
  }
  if (trouble.empty()) return;
  give_up();
  throw Error({.what = "NCCL did not connect all ranks",
               .why = trouble,
               .remedy = "NCCL_DEBUG=INFO shows what it tries; NCCL_SOCKET_IFNAME names the network to use"});
}

// Empty where this rank is connected, else why not. A rank that hangs in the call itself never comes to tell,
// and is named by the watch over the job.
std::string NcclLink::await_connection(const std::string& unique_id, milliseconds within) {
  const auto until = Clock::now() + within;
  try {
    rank_ = library_->connect(unique_id, membership_.identity().rank, membership_.identity().size);
    for (;;) {
      const NcclState state = rank_->state();
      membership_.progress();
      if (state.kind == NcclState::Kind::ready) return {};
      if (state.kind == NcclState::Kind::failed) return state.what;
      if (Clock::now() > until)
        return fmt::format("still not connected after {:g} s", std::chrono::duration<double>(within).count());
      if (membership_.verdict_within(connects_within)) return "the job ends";
    }
  } catch (const Error& error) {
    return error.what();
  }
}

// The abort returns when no recorded step holds the communicator any more, which takes the thread that trains
// out of them: it must not wait for the lock meanwhile.
void NcclLink::give_up() {
  std::unique_ptr<NcclRank> rank;
  {
    const std::lock_guard lock(mutex_);
    rank = std::exchange(rank_, nullptr);
  }
  if (rank) rank->abort();
}

void NcclLink::issue(const std::function<void(NcclRank&)>& calls) {
  check();
  {
    const std::lock_guard lock(mutex_);
    if (rank_) calls(*rank_);
  }
  while (!settled()) std::this_thread::sleep_for(settles_within);
}

// A rank that failed is left to the watcher, whose finding check() throws.
bool NcclLink::settled() {
  check();
  const std::lock_guard lock(mutex_);
  return rank_ && rank_->state().kind == NcclState::Kind::ready;
}

void NcclLink::check() const {
  membership_.throw_on_verdict();
  const std::lock_guard lock(mutex_);
  if (!failure_.empty())
    throw Error({.what = failure_, .remedy = "--resume goes on from the last checkpoint"});
}

std::vector<std::string> NcclLink::exchange(const std::string& text) {
  membership_.entered();
  std::vector<std::string> texts = membership_.exchange(text);
  membership_.left();
  return texts;
}

void NcclLink::abort(const std::string& reason) {
  membership_.report_failure(reason);
  set_failure("the job was aborted");
}

void NcclLink::set_failure(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (failure_.empty()) failure_ = what;
}

// A collective that others have left never ends by itself: aborting it lets the stream go on.
void NcclLink::watch() {
  while (!stopping_) {
    membership_.verdict_within(look_every);
    if (has_to_end()) return give_up();
  }
}

// An error of NCCL is often that another rank is gone: its name comes with the verdict.
bool NcclLink::has_to_end() {
  if (membership_.verdict()) return true;
  NcclState state;
  {
    const std::lock_guard lock(mutex_);
    if (!failure_.empty()) return true;
    state = rank_->state();
  }
  if (state.kind != NcclState::Kind::failed) return false;
  if (!membership_.verdict_within(verdict_within)) {
    membership_.report_failure("NCCL: " + state.what);
    set_failure("NCCL: " + state.what);
  }
  return true;
}

}  // namespace cloze
