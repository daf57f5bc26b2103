#pragma once

#include <optional>
#include <span>

#include "engine/parallel/communicator.h"

namespace cloze {

struct SlowLink {
  int to = 0;                       // the rank that received, slowly
  double rate = 0, usual_rate = 0;  // bytes per second; the median of the other links
  double lost_seconds = 0;          // longer than at the usual rate
};

// Of what each rank received, by rank: the link that is at most a quarter as fast as the others and has cost
// more than a second for it. None where links cannot be compared: one only, or too little was sent.
std::optional<SlowLink> find_slow_link(std::span<const LinkTime> by_rank);

}  // namespace cloze
