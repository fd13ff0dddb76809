#!/bin/sh
# kubeconfig.sh NAMESPACE [ROLE FILE...]   prints a kubeconfig with no more rights than Greenlight needs in a namespace
#
# Applies the files (default: role.yaml) in the namespace, as the administrator that the current context of kubectl is, makes
# a token of the ServiceAccount `greenlight`, and prints a kubeconfig with it. Run it again to renew the token.
#
#   ./kubeconfig.sh shop ../kubernetes/role.yaml ../kubernetes/role-httproute.yaml >greenlight.kubeconfig
#
# DAYS      how long the token shall last, default 90; a cluster may make it shorter
# ACCOUNT   the ServiceAccount, default greenlight
set -eu

say() { echo "kubeconfig.sh: $*" >&2; }
usage() {
  sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p;}' "$0" >&2
  exit 2
}

case ${1:-} in '' | -*) usage ;; esac
namespace=$1
shift
days=${DAYS:-90}
account=${ACCOUNT:-greenlight}
case $days in '' | *[!0-9]*) say "DAYS is '$days'; it must be a number of days, such as 90" && exit 2 ;; esac
[ $# -gt 0 ] || set -- "$(dirname "$0")/../kubernetes/role.yaml"

# cluster FIELD: of the current context's cluster; nothing where it is not set
cluster() { kubectl config view --minify --flatten --raw --output "jsonpath={.clusters[0].cluster['$1']}"; }

# Seconds since 1970 at which a token ends, from the second part of the JWT; nothing where there is none.
expiry() {
  payload=$(printf %s "$1" | cut -d . -f 2 | tr '_-' '/+')
  while [ $((${#payload} % 4)) -ne 0 ]; do payload="$payload="; done
  printf %s "$payload" | base64 -d 2>/dev/null | sed -n 's/.*"exp":\([0-9]*\).*/\1/p'
}

warn_of_server() {
  host=${1#*://}
  case $host in '['*) host=${host%%]*}']' ;; *) host=${host%%[:/]*} ;; esac
  case $host in
    localhost | 127.* | 0.0.0.0 | '[::1]' | *.docker.internal)
      say "warning: the server is $1, which only this machine reaches: a hosted runner will not. Fix: run the job on a self-hosted runner here, or use the cluster's public address."
      ;;
    10.* | 192.168.* | 172.1[6-9].* | 172.2[0-9].* | 172.3[01].* | *.local | *.internal)
      say "warning: the server is $1, which only its own network reaches. Fix: run the job on a self-hosted runner in that network."
      ;;
  esac
}

warn_of_lifetime() {
  ends=$(expiry "$1")
  [ -n "$ends" ] || return 0
  hours=$(((ends - $(date +%s) + 1800) / 3600))
  [ $((hours + 1)) -lt $((days * 24)) ] || return 0
  say "warning: the cluster gave a token for $hours hours, not the $days days asked for; releases fail with 401 after that. Fix: log in by OIDC instead (docs/getting-started), or renew the secret in time."
}

for file in "$@"; do kubectl apply --namespace "$namespace" --filename "$file" >&2; done

server=$(cluster server)
authority=$(cluster certificate-authority-data)
name=$(cluster tls-server-name)
token=$(kubectl create token "$account" --namespace "$namespace" --duration "$((days * 24))h")

warn_of_server "$server"
warn_of_lifetime "$token"
[ -n "$authority" ] || say "warning: the current context has no certificate authority for $server. Only a certificate of a public authority will be trusted. Fix, for any other: kubectl config set-cluster NAME --certificate-authority FILE, and run this again."
[ -z "$(cluster proxy-url)" ] || say 'warning: the current context reaches the server through a proxy (proxy-url), which is left out: the runner has a network of its own.'

cat <<EOF
apiVersion: v1
kind: Config
current-context: "$namespace"
contexts:
  - name: "$namespace"
    context: { cluster: "$namespace", user: "$account", namespace: "$namespace" }
clusters:
  - name: "$namespace"
    cluster:
      server: "$server"
      ${authority:+certificate-authority-data: "$authority"}
      ${name:+tls-server-name: "$name"}
users:
  - name: "$account"
    user:
      token: "$token"
EOF
