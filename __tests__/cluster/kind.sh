# shellcheck shell=bash
# The test cluster in Docker, made by kind. Sourced by script/cluster, which sets HERE, STATE, say and fail.
# GREENLIGHT_KIND_IMAGE names another node image than kind's own choice.

kind_require() {
  docker info >/dev/null 2>&1 || fail 'Docker does not answer. Fix: start it, or set GREENLIGHT_TEST_CLUSTER=native (Linux, root).'
  command -v kubectl >/dev/null || fail 'kubectl is missing. Fix: install it and put it on PATH.'
}

kind_start() {
  local kind arguments=(create cluster --name greenlight --wait 2m --kubeconfig "$STATE/kubeconfig" --config -)
  kind=$(binary kind)
  [ -z "${GREENLIGHT_KIND_IMAGE:-}" ] || arguments+=(--image "$GREENLIGHT_KIND_IMAGE")
  say 'starting Kubernetes in Docker'
  kind_configuration | "$kind" "${arguments[@]}" >&2
}

# Node ports 30080 to 30099 answer at 127.0.0.1, as they do in the native cluster; Prometheus has 30090, the gateway 30091.
kind_configuration() {
  local port
  cat <<'YAML'
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    extraPortMappings:
YAML
  for port in {30080..30099}; do
    echo "      - { containerPort: $port, hostPort: $port, listenAddress: 127.0.0.1 }"
  done
}

kind_alive() { [ "$(docker container inspect --format '{{.State.Running}}' greenlight-control-plane 2>/dev/null)" = true ]; }

kind_status() {
  if kind_alive; then echo 'node: running in container greenlight-control-plane'; else echo 'node: not running'; fi
  echo "kind: $("$(binary kind)" version)"
}

kind_load() {
  local archive kind
  kind=$(binary kind)
  for archive in "$@"; do "$kind" load image-archive --name greenlight "$archive" >&2; done
}

kind_stop() { "$(binary kind)" delete cluster --name greenlight --kubeconfig "$STATE/kubeconfig" >&2; }
