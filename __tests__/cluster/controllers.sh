# shellcheck shell=bash
# Argo Rollouts and Flagger, which only some tests need. The tests start them as processes of this machine; what the cluster
# needs for them is added by the first one that asks. Sourced by script/cluster, which sets HERE, STATE, say and fail, after
# gateway.sh.

# add NAME: the kinds of a controller, and with Flagger the image of its load tester.
add() {
  local way kinds image=
  [ $# = 1 ] || usage
  way=$(running_way)
  [ "${GREENLIGHT_TEST_CLUSTER:-}" != existing ] || way=existing
  [ -n "$way" ] || fail 'no cluster. Fix: script/cluster up'
  [ "$way" = existing ] || export KUBECONFIG=$STATE/kubeconfig
  kinds=$(controller_kinds "$1")
  [ "$1" != flagger ] || image=$(load_tester_image)
  lock
  add_kinds "$1" "$kinds"
  [ -z "$image" ] || add_image "$way" "$image"
}

# A cluster keeps the definitions that it has.
add_kinds() { # NAME FILE
  if kubectl wait --for=condition=Established --timeout 0 --filename "$2" >/dev/null 2>&1; then return; fi
  say "defining the kinds of $1"
  kubectl apply --server-side --filename "$2" >/dev/null
  kubectl wait --for=condition=Established --timeout 60s --filename "$2" >/dev/null
}

add_image() { # WAY ARCHIVE
  if [ "$1" = existing ]; then
    say "the cluster's nodes need the image in $2; load it in its own way"
    return
  fi
  if [ "$(cat "$STATE/load-tester" 2>/dev/null)" = "$2" ]; then return; fi
  say "loading the image of Flagger's load tester"
  "$1_load" "$2"
  echo "$2" >"$STATE/load-tester"
}

# controller_kinds NAME: prints the file with its definitions, which are copied from its Go module first if it is absent.
controller_kinds() {
  local file
  case $1 in
    argo-rollouts | flagger) ;;
    *) fail "unknown controller $1; there are argo-rollouts and flagger" ;;
  esac
  file=$CACHE/kinds-$(key "$HERE/controllers.sh" "$HERE/$1/go.sum")/$1.yaml
  [ -f "$file" ] || copy_kinds "$1" "$file"
  echo "$file"
}

copy_kinds() (
  require_go
  # A pattern, for the loop below.
  # shellcheck disable=SC2125
  case $1 in
    argo-rollouts) files=$(module_folder argo-rollouts github.com/argoproj/argo-rollouts)/manifests/crds/*-crd.yaml ;;
    flagger) files=$(module_folder flagger github.com/fluxcd/flagger)/artifacts/flagger/crd.yaml ;;
  esac
  mkdir -p "$(dirname "$2")"
  draft=$(mktemp "$CACHE/building.XXXXXX")
  trap 'rm -f "$draft"' EXIT
  for file in $files; do
    echo ---
    cat "$file"
  done >"$draft"
  mv "$draft" "$2"
)

# load_tester_image: prints the archive of its image, which is written first if it is absent.
load_tester_image() {
  local files archive
  mapfile -t files < <(sources loadtester; sources image)
  archive=$CACHE/load-tester-$(key "${files[@]}" "$HERE/controllers.sh")/load-tester.tar
  [ -f "$archive" ] || write_load_tester_image "$archive"
  echo "$archive"
}

write_load_tester_image() (
  image=$(binary image)
  program=$(binary loadtester)
  mkdir -p "$(dirname "$1")"
  draft=$(mktemp "$CACHE/building.XXXXXX")
  trap 'rm -f "$draft"' EXIT
  "$image" -name docker.io/greenlight/load-tester:1 -out "$draft" "$program" -port=8080
  chmod 644 "$draft"
  mv "$draft" "$1"
)
