#pragma once

#include <memory>

#include "engine/parallel/communicator.h"
#include "engine/parallel/membership.h"

namespace cloze {

// Processes on CPUs, over TCP through Gloo. Collectives run one after the other on a thread of the
// communicator. Throws Error where the neighbours cannot be reached. What `membership` finds wrong ends all
// collectives with an Error that says so; a broken connection waits a moment for its verdict, which names the
// first cause.
std::unique_ptr<Communicator> make_gloo_communicator(std::unique_ptr<Membership> membership);

}  // namespace cloze
