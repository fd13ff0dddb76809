#!/usr/bin/env bash
# node.sh STATE: the native cluster's node, the first process of a process and mount namespace of its own. When it ends,
# the kernel ends every container and unmounts every volume in it, so nothing can be left behind.
set -euo pipefail
state=$1

# Folders with fixed names, where the machine may have another container engine's files.
for folder in /run/netns /run/containerd /var/lib/cni /var/lib/kubelet /var/log/containers; do
  mkdir -p "$folder"
  mount -t tmpfs tmpfs "$folder"
done

# The first process of a namespace must collect its orphans: bash does, containerd does not, hence no exec.
containerd --config "$state/containerd.toml" &
wait $!
