# shellcheck shell=bash
# A cluster that is there already, the one of $KUBECONFIG: only Prometheus is started in it. Sourced by script/cluster.

existing_up() {
  : "${KUBECONFIG:?names the existing cluster}"
  say "the cluster's nodes need the images in $(images); load them in its own way"
  deploy_prometheus
  echo "KUBECONFIG=$KUBECONFIG"
}

existing_down() { kubectl delete --ignore-not-found --filename "$HERE/manifests/prometheus.yaml" >&2; }

existing_status() {
  echo 'way: existing'
  server_status
}

existing_load() { fail "an existing cluster's images are loaded in its own way: $*"; }
