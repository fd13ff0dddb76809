# shellcheck shell=bash
# A cluster that is there already, the one of $KUBECONFIG: only Prometheus and the gateway are started in it. Sourced by
# script/cluster.

existing_up() {
  : "${KUBECONFIG:?names the existing cluster}"
  say "the cluster's nodes need the images in $(images); load them in its own way"
  apply_definitions
  deploy
  echo "KUBECONFIG=$KUBECONFIG"
}

# The definitions stay: with one, all objects of its kind would go, whoever made them.
existing_down() { kubectl delete --ignore-not-found --filename "$HERE/manifests" >&2; }

existing_status() {
  echo 'way: existing'
  server_status
}

existing_load() { fail "an existing cluster's images are loaded in its own way: $*"; }
