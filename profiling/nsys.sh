#!/usr/bin/env bash
# Where a GPU run spends its time, by NVIDIA's Nsight Systems: a recording to open in its viewer, and a table of kernels,
# copies and calls of the runtime. The recipe has NOT been run on a GPU here; it follows NVIDIA's documentation.
# Usage: profiling/nsys.sh CONFIG [--steps N] [--output NAME] [--set KEY=VALUE]...
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "nsys.sh: $*" >&2; exit 2; }
usage() { sed -n '2,4s/^# //p' "$0"; exit "$1"; }

config='' steps=30 output=out/nsys settings=()
while (($#)); do
  case "$1" in
    --steps|--output|--set) (($# >= 2)) || fail "$1 needs a value" ;;&
    --steps) steps=$2; shift 2 ;;
    --output) output=$2; shift 2 ;;
    --set) settings+=(--set "$2"); shift 2 ;;
    -h|--help) usage 0 ;;
    -*) fail "unknown option $1" ;;
    *) [[ -z "$config" ]] || fail "more than one configuration: $config and $1"; config=$1; shift ;;
  esac
done
[[ -n "$config" ]] || usage 2 >&2
[[ -f "$config" ]] || fail "$config does not exist"
[[ "$steps" =~ ^[1-9][0-9]*$ ]] || fail "--steps takes a number above 0, not \`$steps\`"
cloze=${CLOZE:-build/cuda/engine/cli/cloze}
[[ -x "$cloze" ]] || fail "$cloze is not there: cmake --preset cuda && cmake --build build/cuda --target cloze, or name the program in CLOZE"
command -v nsys >/dev/null || fail "nsys is not installed: NVIDIA's package nsight-systems-cli, or nsight-systems beside the CUDA toolkit"
[[ -e /proc/driver/nvidia/version ]] || fail "the NVIDIA driver is not loaded: this recipe needs a GPU (cloze doctor says more)"

echo 'nsys.sh: this recipe has not been run on hardware by its authors; please report what differs' >&2
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
mkdir -p "$(dirname "$output")"
# Kernels inside a replayed CUDA graph are recorded one by one with --cuda-graph-trace=node, at some cost.
nsys profile --output="$output" --force-overwrite=true --trace=cuda,nvtx,cublas,osrt --cuda-graph-trace=node \
  --sample=none --cpuctxsw=none \
  "$cloze" pretrain "$config" --set output="$run/run" --set training.steps="$steps" \
  --set checkpoint.every=0 --set log.every="$steps" "${settings[@]}"
nsys stats --report cuda_gpu_kern_sum,cuda_gpu_mem_time_sum,cuda_api_sum "$output.nsys-rep"
echo "nsys.sh: the recording is $output.nsys-rep; nsys-ui opens it"
