#pragma once

#include <cstddef>
#include <string_view>

// A mapped file that another program cuts short, or whose disk fails, ends whoever reads it with SIGBUS and
// without a word. These give it one.
namespace cloze {

// Of every mapping, by MappedFile. Of more than 256 at a time the last ones are not known.
void note_mapping(const void* begin, size_t bytes, std::string_view path) noexcept;
void forget_mapping(const void* begin) noexcept;

// From here on such a fault ends the program with a message that names the file, and exit code 1. For main():
// signals are the program's, not a library's.
void report_mapping_faults();

}  // namespace cloze
