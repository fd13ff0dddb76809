# shellcheck shell=bash
# The kinds that routes to a workload may have (Gateway API, Istio, Traefik, Contour), and Traefik, which serves those of two.
# Sourced by script/cluster, which sets HERE, say and fail, after build.sh.

# Every project, and one of its definitions: where that is, so are the others.
PROJECTS='gateway-api httproutes.gateway.networking.k8s.io
istio virtualservices.networking.istio.io
traefik traefikservices.traefik.io
contour httpproxies.projectcontour.io'

# A cluster keeps the definitions that it has.
apply_definitions() {
  local folder present project definition missing=()
  folder=$(definitions)
  present=$(kubectl get customresourcedefinitions --output name)
  while read -r project definition; do
    [[ $present == *"/$definition"* ]] || missing+=(--filename "$folder/$project.yaml")
  done <<<"$PROJECTS"
  [ ${#missing[@]} -gt 0 ] || return 0
  say 'defining the kinds of routes'
  # Not on the client's side, where the whole object would have to fit into an annotation.
  kubectl apply --server-side "${missing[@]}" >/dev/null
  kubectl wait --for=condition=Established --timeout 60s "${missing[@]}" >/dev/null
}

# definitions: prints the folder that holds one file for each project, which are copied from the Go modules first if they
# are absent. The version of the Gateway API is the one that Traefik is built with.
definitions() {
  local folder
  folder=$CACHE/definitions-$(key "$HERE/gateway.sh" "$HERE/crds/go.sum" "$HERE/traefik/go.sum")
  [ -d "$folder" ] || copy_definitions "$folder"
  echo "$folder"
}

copy_definitions() (
  require_go
  api=$(module_folder traefik sigs.k8s.io/gateway-api)
  istio=$(module_folder crds istio.io/api)
  traefik=$(module_folder traefik github.com/traefik/traefik/v3)
  contour=$(module_folder crds github.com/projectcontour/contour)
  mkdir -p "$CACHE"
  draft=$(mktemp -d "$CACHE/building.XXXXXX")
  trap 'rm -rf "$draft"' EXIT
  for file in "$api"/config/crd/standard/gateway.networking.k8s.io_*.yaml; do
    echo ---
    cat "$file"
  done >"$draft/gateway-api.yaml"
  cat "$istio/kubernetes/customresourcedefinitions.gen.yaml" >"$draft/istio.yaml"
  cat "$traefik/docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml" >"$draft/traefik.yaml"
  # The one that is a route; the others are how Contour itself is set up.
  awk 'BEGIN { RS = ORS = "---\n" } /\n  name: httpproxies\./' "$contour/examples/contour/01-crds.yaml" >"$draft/contour.yaml"
  # Fails if another copied them meanwhile; they are the same.
  mv --no-target-directory "$draft" "$1" 2>/dev/null || [ -d "$1" ]
)

# module_folder FOLDER MODULE: where the module lies that the one in FOLDER names, after its sum was compared.
module_folder() {
  cd "$HERE/$1" || return
  go mod download "$2" >&2
  go list -m -f '{{.Dir}}' "$2"
}

# Its pod is ready before it has read the routes; the Gateway is programmed after that.
gateway_ready() {
  kubectl wait --namespace traefik --for=condition=Available --timeout 0 deployment/traefik >/dev/null 2>&1 &&
    kubectl wait --namespace traefik --for=condition=Programmed --timeout 0 gateway/web >/dev/null 2>&1
}
