#!/usr/bin/env bash
# Everything that only a GPU can show, in the order in which it should be believed (profiling/gpu-checklist.md).
#
#   gpu_run.sh [--out FOLDER] [PART...]
#
# Parts, all of them where none is named:
#   ceilings   what this GPU can do: copy bandwidth, cuBLASLt at the shapes of the layers
#   tests      the CUDA kernels and training steps against float64, three times with equal bits
#   nccl       sums between ranks, and training on two, through NCCL; all ranks on this one GPU
#   runs       `cloze pretrain` with `device: cuda` beside the CPU: losses, and resuming bit for bit; `cloze profile`
#   sanitizer  compute-sanitizer: memcheck, racecheck, initcheck over the kernel tests
#   kernels    the kernels' rates beside PyTorch's and the copy's
#   steps      training steps beside Hugging Face's under torch.compile
#   ncu        Nsight Compute over the kernels: stalls, occupancy, shares of the peaks
#
# Runs in a bundle (target cloze_bundle) or in the source tree (BUILD names the build folder). Every part has a time limit; all
# take less than 30 minutes. Writes results.json and results.md into FOLDER (default: gpu-results).
set -uo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
parts=()
out="gpu-results"
while (($# > 0)); do
  case "$1" in
    --out)
      (($# > 1)) || { echo "gpu_run.sh: --out needs a folder" >&2; exit 2; }
      out="$2"
      shift 2
      ;;
    ceilings | tests | nccl | runs | sanitizer | kernels | steps | ncu) parts+=("$1"); shift ;;
    *) echo "gpu_run.sh: no part is called $1: ceilings, tests, nccl, runs, sanitizer, kernels, steps, ncu" >&2; exit 2 ;;
  esac
done
((${#parts[@]} > 0)) || parts=(ceilings tests nccl runs sanitizer kernels steps ncu)

if [[ -x "$here/bin/cloze_gpu_test" ]]; then
  tests="$here/bin/cloze_gpu_test" bench="$here/bin/cloze_gpu_bench" compare="$here/profiling/compare"
  report="$here/profiling/gpu_report.py" nccl_tests="$here/bin/cloze_gpu_nccl_test" cloze="$here/bin/cloze"
else
  build="${BUILD:-$here/../build/cuda}"
  tests="$build/tests/gpu/cloze_gpu_test" bench="$build/profiling/bench/gpu/cloze_gpu_bench"
  compare="$here/compare" report="$here/gpu_report.py" nccl_tests="$build/tests/gpu/cloze_gpu_nccl_test"
  cloze="$build/engine/cli/cloze"
fi
[[ -x "$tests" && -x "$nccl_tests" && -x "$bench" ]] || {
  echo "gpu_run.sh: there is no $tests, $nccl_tests or $bench: build them with -DCLOZE_CUDA=ON -DCLOZE_BENCHMARKS=ON" >&2
  exit 1
}

# find_library NAME: a library of CUDA's, the toolkit's or the one in PyTorch's wheels, where the loader knows none.
find_library() {
  ldconfig -p 2>/dev/null | grep -qF "$1.so." && return
  local folder
  for folder in /usr/local/cuda/lib64 /usr/local/cuda/targets/*/lib \
    $(python3 -c 'import nvidia, pathlib, sys
for base in nvidia.__path__: print(*{str(p.parent) for p in pathlib.Path(base).rglob(sys.argv[1] + ".so.*")})' "$1" 2>/dev/null); do
    compgen -G "$folder/$1.so.*" >/dev/null || continue
    export LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    return
  done
}
find_library libcublasLt
find_library libcupti
find_library libnccl

mkdir -p "$out"
log="$out/log.txt"
: >"$log"
status="$out/status.tsv"
: >"$status"

# run NAME SECONDS COMMAND...: the command's lines of JSON go to NAME.jsonl, everything else to the log.
run() {
  local name="$1" seconds="$2" began=$SECONDS code=0
  shift 2
  echo "== $name" | tee -a "$log"
  timeout "$seconds" "$@" >"$out/$name.out" 2>>"$log" || code=$?
  grep '^{' "$out/$name.out" >"$out/$name.jsonl" || true
  cat "$out/$name.out" >>"$log"
  local verdict=passed
  case "$code" in
    0) ;;
    77) verdict=skipped ;;
    124) verdict="out of time" ;;
    *) verdict="failed ($code)" ;;
  esac
  printf '%s\t%s\t%s\n' "$name" "$verdict" "$((SECONDS - began))" >>"$status"
  ((code == 0)) || tail -n 3 "$log"
}

# tool NAME: 0 where it can be found.
tool() {
  command -v "$1" >/dev/null && return
  echo "== $1 is not installed: the part is left out" | tee -a "$log"
  printf '%s\tleft out: not installed\t0\n' "$1" >>"$status"
  return 1
}

part_ceilings() {
  run ceilings-cloze 90 "$bench" ceilings
  tool nvidia-smi && nvidia-smi >>"$log" 2>&1
}
part_tests() { run tests 270 "$tests"; }
part_nccl() { run nccl 300 "$nccl_tests"; }
part_runs() { run runs 180 python3 "$compare/gpu_runs.py" "$cloze"; }
part_sanitizer() {
  tool compute-sanitizer || return 0
  local check
  for check in memcheck racecheck initcheck; do
    run "sanitizer-$check" 120 compute-sanitizer --tool "$check" --error-exitcode 1 "$tests" \
      --gtest_filter='Cuda*-CudaPrecision*:*RandomShapes:*HeadSizes'
  done
}
part_kernels() {
  run kernels-cloze 90 "$bench" kernels
  run kernels-torch 120 python3 "$compare/gpu_kernels.py"
}
part_steps() {
  run steps-cloze 90 "$bench" steps
  run steps-transformers 210 python3 "$compare/gpu_steps.py"
}
part_ncu() {
  tool ncu || return 0
  run ncu 180 ncu --set detailed --launch-count 40 --export "$out/kernels" --force-overwrite "$bench" kernels
}

for part in "${parts[@]}"; do "part_$part"; done

revision="$(cat "$here/revision" 2>/dev/null || git -C "$here" describe --always --dirty=+ 2>/dev/null || echo unknown)"
python3 "$report" "$out" "$revision" || exit 1
! grep -q $'\tfailed' "$status"
