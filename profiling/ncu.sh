#!/usr/bin/env bash
# What limits single kernels, by NVIDIA's Nsight Compute: rates beside the GPU's own roofline, occupancy, stalls. Replays every
# kernel many times, so few launches are looked at. The recipe has NOT been run on a GPU here; it follows NVIDIA's documentation.
# Usage: profiling/ncu.sh CONFIG KERNEL [--launches N] [--skip N] [--output NAME] [--set KEY=VALUE]...
#   KERNEL: a regular expression on the kernel's name: attention, layer_norm, adamw, '.*'
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "ncu.sh: $*" >&2; exit 2; }
usage() { sed -n '2,5s/^# //p' "$0"; exit "$1"; }

words=() launches=5 skip=20 output=out/ncu settings=()
while (($#)); do
  case "$1" in
    --launches|--skip|--output|--set) (($# >= 2)) || fail "$1 needs a value" ;;&
    --launches) launches=$2; shift 2 ;;
    --skip) skip=$2; shift 2 ;;
    --output) output=$2; shift 2 ;;
    --set) settings+=(--set "$2"); shift 2 ;;
    -h|--help) usage 0 ;;
    -*) fail "unknown option $1" ;;
    *) words+=("$1"); shift ;;
  esac
done
((${#words[@]} == 2)) || usage 2 >&2
config=${words[0]} kernel=${words[1]}
[[ -f "$config" ]] || fail "$config does not exist"
[[ "$launches" =~ ^[1-9][0-9]*$ ]] || fail "--launches takes a number above 0, not \`$launches\`"
[[ "$skip" =~ ^[0-9]+$ ]] || fail "--skip takes a number, not \`$skip\`"
grep -Eq "$kernel" <<<'' || (($? == 1)) || fail "\`$kernel\` is no regular expression"
cloze=${CLOZE:-build/cuda/engine/cli/cloze}
[[ -x "$cloze" ]] || fail "$cloze is not there: cmake --preset cuda && cmake --build build/cuda --target cloze, or name the program in CLOZE"
command -v ncu >/dev/null || fail "ncu is not installed: NVIDIA's package nsight-compute, or nsight-compute beside the CUDA toolkit"
[[ -e /proc/driver/nvidia/version ]] || fail "the NVIDIA driver is not loaded: this recipe needs a GPU (cloze doctor says more)"
if grep -q '^RmProfilingAdminOnly: 1' /proc/driver/nvidia/params 2>/dev/null && ((EUID != 0)); then
  fail 'the driver lets root alone read counters: run as root, or load it with NVreg_RestrictProfilingToAdminUsers=0'
fi

echo 'ncu.sh: this recipe has not been run on hardware by its authors; please report what differs' >&2
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
mkdir -p "$(dirname "$output")"
# The first two runs of a program are not graphs yet; kernels inside a graph are profiled node by node.
# Clocks stay as they are: they may not be ours to lock, and a run has them so too.
ncu --clock-control none --export "$output" --force-overwrite --set roofline --section MemoryWorkloadAnalysis --section Occupancy \
  --section WarpStateStats --graph-profiling node --kernel-name "regex:$kernel" --launch-skip "$skip" --launch-count "$launches" \
  "$cloze" pretrain "$config" --set output="$run/run" --set training.steps=10 \
  --set checkpoint.every=0 --set log.every=10 "${settings[@]}"
ncu --import "$output.ncu-rep" --page details --print-summary per-kernel
echo "ncu.sh: the report is $output.ncu-rep; ncu-ui opens it"
