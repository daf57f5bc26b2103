#pragma once

#include "engine/observe/profile.h"

namespace cloze::testing {

// Two steps of one program with four launches: a linear layer and an activation of layer 0, an attention of
// layer 1, a gather of rows; they last 4, 2, 1 and 1 ms (in the second step twice as long) and follow each
// other at once. 1 ms before them for the inputs, 1 ms after them. Ceilings: 1 MFLOP/s and 1 MB/s.
Profile made_up_profile();

}  // namespace cloze::testing
