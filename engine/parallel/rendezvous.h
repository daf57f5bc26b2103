#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/parallel/coordinator.h"
#include "engine/parallel/process_identity.h"

// How the other ranks find rank 0: at MASTER_ADDR and MASTER_PORT, or through a file in a folder that all
// share.
namespace cloze {

// Rank 0: where it listens. `cloze launch`: on this machine only.
Socket open_meeting_point(const ProcessIdentity& identity);
// Rank 0, without MASTER_ADDR: writes folder/rendezvous.json, whole at any moment.
void announce(const ProcessIdentity& identity, const std::filesystem::path& folder, int port);
void withdraw_announcement(const std::filesystem::path& folder);

// What the launcher says of a rank that has ended; nullopt: nothing (yet).
std::optional<std::string> news_of_launcher(const ProcessIdentity& identity);

// Another rank: connects and introduces itself; tries again until it is taken in or `patience.start` is over.
// Throws Error naming where rank 0 was looked for, or what the launcher says; UsageError where rank 0
// refused.
LineConnection find_rank_0(const ProcessIdentity& identity, const std::filesystem::path& folder,
                           const std::string& hello, const Patience& patience);

}  // namespace cloze
