#!/usr/bin/env bash
# Everything that only a GPU can show, in the order in which it should be believed (profiling/gpu-checklist.md).
#
#   gpu_run.sh [--out FOLDER] [--seconds N] [--corpus FILE] [PART...]
#
#   first      probe, tests, kernels: at most 510 seconds
#     probe      what machine this is; copy bandwidth and the largest product, the ceilings of all shares
#     tests      the CUDA kernels and training steps against float64, three times with equal bits; replayed steps
#     kernels    rates of kernels and products beside PyTorch's
#   second     steps, runs, ncu, sanitizer: at most 520 seconds
#     steps      training steps of BERT-large beside Hugging Face's under torch.compile, in turns
#     runs       `cloze pretrain` with `device: cuda` beside the CPU: losses, resuming bit for bit; `cloze profile`
#     ncu        Nsight Compute over the kernels: stalls, occupancy, shares of the peaks
#     sanitizer  compute-sanitizer: memcheck, racecheck, initcheck over the tests, suite by suite
#   nccl       sums between ranks, and training on two, through NCCL; all ranks on this one GPU: at most 300 seconds
#   books      pretraining for 8 minutes on the text of --corpus: the loss curve
#
# Both halves where no part is named. All ends after --seconds (540: one command of ten minutes); what no time is left for is named.
# A part that is named alone has all the time.
# Runs in a bundle (target cloze_bundle) or in the source tree (BUILD names the build folder). FOLDER (gpu-results) gets results.md,
# results.json, log.txt, raw.tar.gz and ncu.csv; all but the last two are there at any time. `profiling/gpu_report.py --out FOLDER FOLDER...`
# makes one report of several.
set -euo pipefail

usage() { sed -n '2,25s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit "$1"; }
fail() { echo "gpu_run.sh: $*" >&2; exit 2; }

parts=() out="gpu-results" seconds=540 corpus=""
while (($# > 0)); do
  case "$1" in
    --out | --seconds | --corpus) (($# > 1)) || fail "$1 needs a value" ;;&
    --out) out="$2"; shift 2 ;;
    --seconds) seconds="$2"; shift 2 ;;
    --corpus) corpus="$2"; shift 2 ;;
    -h | --help) usage 0 ;;
    first) parts+=(probe tests kernels); shift ;;
    second) parts+=(steps runs ncu sanitizer); shift ;;
    probe | tests | kernels | steps | runs | ncu | sanitizer | nccl | books) parts+=("$1"); shift ;;
    *) fail "no part is called $1: first, second, probe, tests, kernels, steps, runs, ncu, sanitizer, nccl, books" ;;
  esac
done
((${#parts[@]} > 0)) || parts=(probe tests kernels steps runs ncu sanitizer)
[[ "$seconds" =~ ^[1-9][0-9]*$ ]] || fail "--seconds takes a number above 0, not \`$seconds\`"
[[ " ${parts[*]} " != *" books "* || -f "$corpus" ]] || fail "books needs a file of text: --corpus FILE"
command -v python3 >/dev/null || fail "python3 is not installed: nothing could be reported"

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
if [[ -x "$here/bin/cloze_gpu_test" ]]; then
  scripts="$here/profiling"
  tests="$here/bin/cloze_gpu_test" bench="$here/bin/cloze_gpu_bench" nccl_tests="$here/bin/cloze_gpu_nccl_test" cloze="$here/bin/cloze"
else
  scripts="$here" build="${BUILD:-$here/../build/cuda}"
  tests="$build/tests/gpu/cloze_gpu_test" bench="$build/profiling/bench/gpu/cloze_gpu_bench"
  nccl_tests="$build/tests/gpu/cloze_gpu_nccl_test" cloze="$build/engine/cli/cloze"
fi
# shellcheck disable=SC2034  # of the files below
compare="$scripts/compare" report="$scripts/gpu_report.py"
for program in "$tests" "$bench" "$nccl_tests" "$cloze"; do
  [[ -x "$program" ]] || fail "there is no $program: build it with -DCLOZE_CUDA=ON -DCLOZE_BENCHMARKS=ON"
done
# shellcheck source=profiling/gpu_run_machine.sh
source "$scripts/gpu_run_machine.sh"
# shellcheck source=profiling/gpu_run_time.sh
source "$scripts/gpu_run_time.sh"
# shellcheck source=profiling/gpu_run_parts.sh
source "$scripts/gpu_run_parts.sh"

mkdir -p "$out"
raw="$(mktemp -d)"
{ cat "$here/revision" 2>/dev/null || git -C "$here" describe --always --dirty=+ 2>/dev/null || echo unknown; } >"$raw/revision"
export XDG_CACHE_HOME="$raw/cache" # choices of earlier programs would hide what is measured
add_tools_to_path
find_cloze_libraries
# shellcheck disable=SC2034
ours=(env "LD_LIBRARY_PATH=$cloze_libraries")
begin_runs "$seconds"
for part in "${parts[@]}"; do "part_$part"; done
