#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/parallel/communicator.h"
#include "engine/parallel/process_identity.h"
#include "engine/passes/passes.h"
#include "engine/runtime/engine.h"
#include "engine/tasks/pretraining_metrics.h"
#include "engine/train/pretrain_options.h"

namespace cloze {

// What a rank did between two reports.
struct IntervalSums {
  PretrainingMetrics metrics;
  double flops = 0;
  double busy_seconds = 0;  // not waiting for other ranks
};

// The processes that train together, as one of them sees it. In a job of one process everything here is done
// at once. Functions throw Error, naming the rank, where another rank is lost or fails.
class Job {
 public:
  // Reads who it is from the environment; nothing is connected yet. On other ranks than 0 the log shows
  // warnings only from here on, with the rank before them.
  explicit Job(const ClusterOptions& options);
  ~Job();

  int rank() const { return identity_.rank; }
  int size() const { return identity_.size; }
  bool leads() const { return identity_.rank == 0; }  // rank 0 writes the run's folder
  int local_rank() const { return identity_.local_rank; }
  int local_size() const { return identity_.local_size; }

  // Meets the others in `folder` (or at MASTER_ADDR) and logs who they are. `fingerprint`: of all that must
  // be equal on all ranks; `device`: for people, of the engine that computes on it, which must outlive this;
  // sums go through NCCL where it is a GPU. Throws Error where two ranks have the same GPU.
  void join(const std::filesystem::path& folder, const std::string& fingerprint, const std::string& device,
            Engine& engine);
  Communicator& communicator() { return *communicator_; }
  // How programs sum gradients.
  Reduction reduction(const ParameterLayout& layout) const;
  // Whether each rank holds the moments of its shards only.
  bool shards_optimizer() const { return size() > 1 && options_.shard_optimizer; }
  // Where it does: the size of this rank's buffers of moments, and the buckets that are cut into shards (else
  // none).
  std::optional<int64_t> own_moments(const ParameterLayout& layout) const;
  std::vector<Bucket> sharded_buckets(const ParameterLayout& layout) const;

  // Rank 0's text on all ranks.
  std::string share(const std::string& text);

  // Whether a signal asks to stop, agreed on by all ranks: the question is put before the last micro-batch of
  // a step and answered after it.
  void begin_agreement();
  int agreed_signal();

  // Sums over all ranks, the same on all. Warns of a rank that takes much longer than the others, and of
  // a link that does.
  IntervalSums sum(const IntervalSums& own);
  PretrainingMetrics sum(const PretrainingMetrics& own);
  // The first text that is not empty, with its rank before it; every rank gives one.
  std::string first_of(const std::string& text);

  // While it lives, this rank is busy with what the others wait for.
  class Busy {
   public:
    explicit Busy(Job& job) : job_(job) { job_.communicator_->excuse(true); }
    ~Busy() { job_.communicator_->excuse(false); }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    Job& job_;
  };

 private:
  void warn_of_slow_rank(const std::vector<double>& busy_seconds);
  void warn_of_slow_link(const std::vector<LinkTime>& links);

  const ClusterOptions options_;
  const ProcessIdentity identity_;
  std::shared_ptr<Communicator> communicator_;
  std::vector<std::string> hosts_;
  std::array<float, 2> asked_{};           // how many ranks were sent SIGTERM, SIGINT
  std::unique_ptr<Collective> agreement_;  // none on GPUs, where exchange() holds nothing up
  int slowest_ = -1;
  LinkTime link_before_;   // at the last sum()
  int slow_link_to_ = -1;  // the rank
};

}  // namespace cloze
