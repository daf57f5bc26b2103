#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/end_to_end/world.h"

// What the tests of several processes share.
namespace cloze::end_to_end {

// 50 steps with dropout; on one process of four micro-batches or more.
const std::vector<std::string>& fifty_steps();

std::vector<std::string> and_also(std::vector<std::string> settings, const std::vector<std::string>& more);

// `cloze launch` of pretrain_call() on so many processes.
Arguments launch_call(int processes, const std::filesystem::path& output,
                      const std::vector<std::string>& settings, const std::vector<std::string>& flags = {});

// Losses that differ by rounding only.
void expect_close(const std::map<int64_t, double>& losses, const std::map<int64_t, double>& expected);

}  // namespace cloze::end_to_end
