#!/usr/bin/env bash
# Packs programs with the libraries they need into FOLDER and FOLDER.tar.xz, which must stay under 64 MiB.
# Usage: make_bundle.sh SOURCE_FOLDER FOLDER PROGRAM...
set -euo pipefail
source_folder="$1"
folder="$2"
shift 2

command -v patchelf >/dev/null || { echo "make_bundle.sh: patchelf is missing (third_party/install_packages.sh)" >&2; exit 1; }
rm -rf "$folder" "$folder.tar.xz"
mkdir -p "$folder/bin" "$folder/lib" "$folder/profiling/compare"

# Of the C library and its companions the other machine has its own; of CUDA too.
system='^(linux-vdso|ld-linux.*|libc|libm|libdl|libpthread|librt|libresolv|libcuda|libcublas|libcublasLt|libcudart)\.so'

for program in "$@"; do
  cp "$program" "$folder/bin/"
  ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | while read -r library; do
    name="$(basename "$library")"
    [[ "$name" =~ $system ]] || cp -Lu "$library" "$folder/lib/$name"
  done
done
for program in "$folder"/bin/*; do
  strip "$program"
  # shellcheck disable=SC2016  # the loader, not the shell, replaces $ORIGIN
  patchelf --force-rpath --set-rpath '$ORIGIN/../lib' "$program"
done
for library in "$folder"/lib/*; do
  chmod u+w "$library"
  # shellcheck disable=SC2016
  patchelf --force-rpath --set-rpath '$ORIGIN' "$library"
done

cp "$source_folder"/profiling/gpu_run.sh "$folder/"
cp "$source_folder"/profiling/gpu_*.py "$source_folder"/profiling/gpu_run_*.sh "$source_folder"/profiling/gpu-checklist.md "$folder/profiling/"
cp "$source_folder"/profiling/compare/gpu_* "$folder/profiling/compare/"
git -C "$source_folder" describe --always --dirty=+ >"$folder/revision" 2>/dev/null || echo unknown >"$folder/revision"

tar -C "$(dirname "$folder")" -cJf "$folder.tar.xz" "$(basename "$folder")"
bytes="$(stat -c %s "$folder.tar.xz")"
echo "$folder.tar.xz: $((bytes / 1048576)) MiB"
((bytes < 64 * 1048576)) || { echo "make_bundle.sh: more than 64 MiB" >&2; exit 1; }
