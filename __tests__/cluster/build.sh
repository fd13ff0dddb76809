# shellcheck shell=bash
# Builds the test cluster's programs from their Go modules, and its images from them, into a cache. Sourced by
# script/cluster, which sets HERE (this folder), say and fail.

CACHE=${GREENLIGHT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/greenlight}
KIND_VERSION=v0.33.0

# folder_of PROGRAM: where its source, or the module that pins it, lies.
folder_of() {
  case $1 in
    kube) echo kubernetes ;;
    prometheus | traefik | kubectl | argo-rollouts) echo "$1" ;;
    act | actionlint) echo act ;;
    flagger | loadtester) echo flagger ;;
    workload | load | image) echo "$1" ;;
    *) fail "unknown program $1; there are kube, kubectl, prometheus, traefik, act, actionlint, argo-rollouts, flagger, loadtester, workload, load, image and kind" ;;
  esac
}

# key FILE...: changes when one of the files does.
key() { cat "$@" | sha256sum | cut -c 1-16; }

# sources PROGRAM: the files that decide about its binary.
sources() {
  local folder file
  folder=$HERE/$(folder_of "$1")
  for file in "$folder"/go.sum "$folder"/go.mod "$folder"/*.go; do [ ! -f "$file" ] || echo "$file"; done
  # The small programs share one module, a folder above.
  [ -f "$folder/go.mod" ] || echo "$HERE/go.mod"
}

# binary PROGRAM: prints the path of its cached binary, which is built first if it is absent.
binary() {
  local path files
  if [ "$1" = kind ]; then
    kind_binary
    return
  fi
  mapfile -t files < <(sources "$1")
  [ ${#files[@]} -gt 0 ] || exit 1
  path=$CACHE/$1-$(key "${files[@]}")/$1
  [ -x "$path" ] || build "$1" "$path"
  echo "$path"
}

kind_binary() {
  local path=$CACHE/kind-$KIND_VERSION/kind
  if command -v kind; then return; fi
  [ -x "$path" ] || build kind "$path"
  echo "$path"
}

# build PROGRAM PATH: one at a time, and under another name until it is whole, so that a killed build leaves nothing behind.
build() (
  mkdir -p "$(dirname "$2")"
  exec 8>"$CACHE/lock"
  flock 8
  if [ -x "$2" ]; then exit; fi
  require_go
  announce "$1"
  draft=$(mktemp -d "$CACHE/building.XXXXXX")
  trap 'rm -rf "$draft"' EXIT
  compile "$1" "$draft/$1" >&2
  mv "$draft/$1" "$2"
)

announce() {
  case $1 in
    kube) say 'building Kubernetes from its Go modules, about 4 minutes, once' ;;
    prometheus) say 'building Prometheus from its Go modules, about 2 minutes, once' ;;
    kubectl) say 'building kubectl from its Go modules, about a minute, once' ;;
    traefik) say 'building Traefik from its Go modules, about 5 minutes, once' ;;
    argo-rollouts) say 'building Argo Rollouts from its Go modules, about 3 minutes, once' ;;
    flagger) say 'building Flagger from its Go modules, about 2 minutes, once' ;;
    *) say "building $1, once" ;;
  esac
}

compile() {
  export CGO_ENABLED=0
  local to=$2 flags='-s -w' niceness=0
  if [ "$1" = kind ]; then
    GOBIN=$(dirname "$to") go install -trimpath -ldflags "$flags" "sigs.k8s.io/kind@$KIND_VERSION"
    return
  fi
  cd "$HERE/$(folder_of "$1")" || return
  case $1 in
    kube)
      flags+=$(version_flags)
      set -- .
      ;;
    prometheus) set -- -tags remove_all_sd,enable_kubernetes_sd github.com/prometheus/prometheus/cmd/prometheus ;;
    traefik) set -- github.com/traefik/traefik/v3/cmd/traefik ;;
    act) set -- github.com/nektos/act ;;
    actionlint) set -- github.com/rhysd/actionlint/cmd/actionlint ;;
    # Built while other tests run, and count the requests that fail.
    argo-rollouts)
      niceness=19
      set -- github.com/argoproj/argo-rollouts/cmd/rollouts-controller
      ;;
    flagger | loadtester)
      niceness=19
      set -- "github.com/fluxcd/flagger/cmd/$1"
      ;;
    *) set -- . ;;
  esac
  nice -n "$niceness" go build -trimpath -ldflags "$flags" -o "$to" "$@"
}

# Kubernetes' own build tells it its version so; without it, it takes itself for v0.0.0.
version_flags() {
  local version
  version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
  [[ $version =~ ^v([0-9]+)\.([0-9]+) ]]
  printf ' -X k8s.io/component-base/version.%s' "gitVersion=$version" "gitMajor=${BASH_REMATCH[1]}" "gitMinor=${BASH_REMATCH[2]}"
}

# From Go 1.21 on, an older Go fetches the one that a module names.
require_go() {
  local version
  command -v go >/dev/null || fail 'Go is missing. Fix: install Go 1.26 (https://go.dev/dl) and put it on PATH.'
  version=$(go env GOVERSION)
  [[ $version =~ ^go1\.(2[1-9]|[3-9][0-9]) ]] || fail "Go is too old: $version. Fix: install Go 1.26 (https://go.dev/dl)."
}

# images: prints the folder that holds the archives of all images, which are written first if they are absent.
images() {
  local files folder
  mapfile -t files < <(sources workload; sources image; sources prometheus; sources traefik; sources kubectl)
  folder=$CACHE/images-$(key "${files[@]}" "$HERE/build.sh")
  [ -d "$folder" ] || write_images "$folder"
  echo "$folder"
}

write_images() (
  image=$(binary image)
  workload=$(binary workload)
  prometheus=$(binary prometheus)
  traefik=$(binary traefik)
  kubectl=$(binary kubectl)
  mkdir -p "$CACHE"
  draft=$(mktemp -d "$CACHE/building.XXXXXX")
  trap 'rm -rf "$draft"' EXIT
  "$image" -name docker.io/greenlight/pause:1 -out "$draft/pause.tar" "$workload" pause
  for version in 1 2 3; do
    "$image" -name "docker.io/greenlight/workload:$version" -out "$draft/workload-$version.tar" -env "VERSION=v$version" "$workload"
  done
  "$image" -name docker.io/greenlight/prometheus:1 -out "$draft/prometheus.tar" "$prometheus"
  "$image" -name docker.io/greenlight/traefik:1 -out "$draft/traefik.tar" "$traefik"
  "$image" -name docker.io/greenlight/kubectl:1 -out "$draft/kubectl.tar" -env PATH=/ -link sh -link sleep "$kubectl"
  chmod 755 "$draft"
  exec 8>"$CACHE/lock"
  flock 8
  [ -d "$1" ] || mv "$draft" "$1"
)
