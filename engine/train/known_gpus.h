#pragma once

#include <string>

namespace cloze {

// What planning knows of a GPU: figures as its maker states them.
struct Gpu {
  const char* name;
  double peak_flops;  // dense bf16
  double memory_bytes;
  double bytes_per_second;  // of its memory
  const char* node_link;    // to the others of its node, usually: one of known_links()
};

// Throws UsageError, naming those there are.
const Gpu& find_gpu(const std::string& name);
std::string known_gpus();

}  // namespace cloze
