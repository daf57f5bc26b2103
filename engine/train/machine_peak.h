#pragma once

namespace cloze {

// Floating-point operations per second of the matmul library on this machine now: the best of a few products
// of 1024 x 1024 matrices. Takes about a tenth of a second.
double measured_matmul_peak();

}  // namespace cloze
