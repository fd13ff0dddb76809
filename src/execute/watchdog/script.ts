/**
 * What the watchdog runs, in a POSIX shell that has `kubectl` and `sleep`. All that it is told comes in its environment:
 * NAMESPACE, LEASE and HOLDER, SELF (its own name as a holder), PATIENCE (seconds), SERVICE, CANARY_SERVICE (may be empty), STABLE (a
 * Deployment) and TO_STABLE (a JSON patch of a selector), FOLLOWERS (further Services, one a line, each with such a patch of its own),
 * OTHER_LEASES (further locks of the run); HOME is a folder that it may write to, KUBECONFIG a file in it that is not there yet.
 *
 * It takes the run for dead as another run would: when renewTime does not change while it looks, never by comparing
 * clocks. When the API server does not answer, the count begins anew. Before it moves anything it takes the lock, which a
 * living run would notice, and writes a record of its own, so that the run changes nothing any more should it wake up.
 */
export const WATCHDOG_SCRIPT = `
set -u

# With a time limit for requests, kubectl looks for a file instead of the pod's own account.
host=$KUBERNETES_SERVICE_HOST
case $host in *:*) host="[$host]" ;; esac
account=/var/run/secrets/kubernetes.io/serviceaccount
printf '{"apiVersion":"v1","kind":"Config","current-context":"pod",
"clusters":[{"name":"pod","cluster":{"server":"https://%s:%s","certificate-authority":"%s"}}],
"users":[{"name":"pod","user":{"tokenFile":"%s"}}],
"contexts":[{"name":"pod","context":{"cluster":"pod","user":"pod","namespace":"%s"}}]}' \\
  "$host" "$KUBERNETES_SERVICE_PORT" "$account/ca.crt" "$account/token" "$NAMESPACE" >"$KUBECONFIG"

say() { echo "watchdog: $*"; }
ask() { kubectl --request-timeout=5s "$@"; }
patch() { ask patch "$1" "$2" --type json --patch "$3" >/dev/null; }

read_lock() {
  found=$(ask get lease "$LEASE" --ignore-not-found \\
    --output 'jsonpath={.metadata.resourceVersion}|{.spec.holderIdentity}|{.spec.renewTime}|{.spec.leaseTransitions}') || return 1
  IFS='|' read -r version holder renewed transitions <<END
$found
END
}

# Of a lock that somebody has deleted, nobody can tell whether its holder lives.
is_over() { [ -n "$version" ] && [ "$holder" != "$HOLDER" ] && [ "$holder" != "$SELF" ]; }

take_lock() {
  [ -n "$version" ] || return 0
  [ "$holder" != "$SELF" ] || return 0
  patch lease "$LEASE" '[
    {"op":"replace","path":"/metadata/resourceVersion","value":"'"$version"'"},
    {"op":"replace","path":"/spec/holderIdentity","value":"'"$SELF"'"},
    {"op":"add","path":"/spec/leaseTransitions","value":'"$((transitions + 1))"'}
  ]'
}

# The lock stays in its name: what the run has sent may arrive yet, and whoever comes next should reckon with that.
let_go() {
  for other in $OTHER_LEASES; do
    patch lease "$other" '[
      {"op":"test","path":"/spec/holderIdentity","value":"'"$HOLDER"'"},
      {"op":"replace","path":"/spec/leaseDurationSeconds","value":1}
    ]' || say "lease/$other could not be let go of"
  done
  patch lease "$LEASE" '[
    {"op":"test","path":"/spec/holderIdentity","value":"'"$SELF"'"},
    {"op":"replace","path":"/spec/leaseDurationSeconds","value":1}
  ]'
}

can_serve() {
  ready=$(ask get deployment "$STABLE" --output 'jsonpath={.status.readyReplicas}') || return 1
  [ "\${ready:-0}" != 0 ] || { say "deployment/$STABLE has no ready pods: the traffic stays where it is"; return 1; }
}

# One that is gone has nobody behind it.
follow() {
  while read -r name change; do
    [ -n "$name" ] || continue
    there=$(ask get service "$name" --ignore-not-found --output name </dev/null) || return 1
    [ -z "$there" ] || patch service "$name" "$change" </dev/null || return 1
  done <<END
$FOLLOWERS
END
}

# A phase in another string of the record has a backslash before each of its quotes.
put_back() {
  found=$(ask get service "$SERVICE" \\
    --output 'jsonpath={.metadata.resourceVersion}|{.metadata.annotations.greenlight\\.dev/release}') || return 1
  record=\${found#*|}
  case $record in
    *'"phase":"running"'*)
      record="\${record%%'"phase":"running"'*}"'"phase":"aborting"'"\${record#*'"phase":"running"'}"
      ;;
    *'"phase":"aborting"'*) ;;
    *) say 'there is nothing to put back'; return 0 ;;
  esac
  can_serve || return 1
  ask annotate service "$SERVICE" --overwrite --resource-version "\${found%%|*}" \\
    "greenlight.dev/release=$record" >/dev/null || return 1
  [ -z "$CANARY_SERVICE" ] || patch service "$CANARY_SERVICE" "$TO_STABLE" || return 1
  patch service "$SERVICE" "$TO_STABLE" || return 1
  follow || return 1
  say "all traffic is on deployment/$STABLE again"
}

# Whoever cannot do it when it matters should not wait for it.
ask patch lease "$LEASE" --type json --patch '[]' --dry-run=server >/dev/null || exit 1
for name in "$SERVICE" $CANARY_SERVICE; do
  ask patch service "$name" --type json --patch '[]' --dry-run=server >/dev/null || exit 1
done
ask get deployment "$STABLE" --output name >/dev/null || exit 1
: >"$HOME/ready"
say "watching run $HOLDER by lease/$LEASE"

silence=0 last=
until [ "$silence" -ge "$PATIENCE" ] && take_lock; do
  sleep 1
  if ! read_lock; then
    silence=0
  elif is_over; then
    say 'the run has given the lock back, or another one has it'
    exit 0
  elif [ "$holder" = "$SELF" ]; then
    silence=$PATIENCE
  elif [ "$renewed" != "$last" ]; then
    silence=0 last=$renewed
  else
    silence=$((silence + 1))
  fi
done

say "run $HOLDER has not renewed its lock for $PATIENCE s"
until put_back; do
  sleep 1
  if read_lock && is_over; then
    say 'another run has taken over'
    exit 0
  fi
done
let_go || say 'the lock could not be let go of'
`
