# shellcheck shell=bash
# A single-node Kubernetes without any container engine, for Linux and root: the components from one Go program, and
# containerd from the distribution's packages. Sourced by script/cluster, which sets HERE, STATE, say and fail.

# A kubelet refuses loopback addresses; without one that is none, kube-proxy waits 30 s, and logs and port-forward fail. So
# lo gets an address of TEST-NET-2, which no network routes. (TEST-NET-1 is the uplink's network in some virtual machines.)
NODE_ADDRESS=198.51.100.1
NODE=greenlight
BRIDGE=greenlight0
POD_NETWORK=10.244.0.0/16
SERVICE_NETWORK=10.96.0.0/16
PROCESSES=(etcd apiserver controller-manager scheduler node kubelet proxy)
SYSCTLS=(net.ipv4.ip_forward net.ipv4.conf.all.route_localnet)

native_start() {
  KUBE=$(binary kube)
  prepare_host
  cd "$STATE" || return
  mkdir -p pki logs pids cni etcd kubelet podlogs
  certificates
  write_kubeconfig kubeconfig admin
  write_kubeconfig kubelet.kubeconfig kubelet
  write_configuration
  say 'starting Kubernetes'
  start_control_plane
  start_node
}

# --- what it needs

native_require() {
  [ "$(uname -s)" = Linux ] || fail 'the native test cluster needs Linux. Fix: start Docker, and the cluster is made by kind.'
  [ "$(id -u)" = 0 ] || fail 'the native test cluster needs root. Fix: run this as root, or start Docker, and the cluster is made by kind.'
  install_packages
}

# Every command that is needed, and its Debian package.
missing_packages() {
  local command
  while read -r command package; do command -v "$command" >/dev/null || echo "$package"; done <<'LIST'
containerd containerd
runc runc
iptables iptables
conntrack conntrack
socat socat
openssl openssl
kubectl kubernetes-client
ip iproute2
curl curl
LIST
  [ -n "$(cni_plugins)" ] || echo containernetworking-plugins
}

cni_plugins() {
  local folder
  for folder in /usr/lib/cni /opt/cni/bin; do
    if [ -x "$folder/bridge" ]; then echo "$folder"; return; fi
  done
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "missing: ${missing[*]}. Fix: install them (the names are Debian's)."
  say "installing ${missing[*]}"
  apt-get update >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >&2
}

prepare_host() {
  local name
  if (: </dev/tcp/127.0.0.1/6443) 2>/dev/null; then fail 'port 6443 is taken, by another Kubernetes? Fix: stop it.'; fi
  if ip route get "$NODE_ADDRESS" 2>/dev/null | grep -q '^[^ ]* dev '; then fail "$NODE_ADDRESS belongs to a network of this machine; the native test cluster cannot use it."; fi
  for name in "${SYSCTLS[@]}"; do echo "$name=$(sysctl -n "$name")"; done >"$STATE/sysctls"
  ip address replace "$NODE_ADDRESS/32" dev lo
}

# --- keys and configuration

certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -keyout pki/ca.key -out pki/ca.crt -subj /CN=greenlight 2>/dev/null
  openssl genrsa -out pki/tokens.key 2048 2>/dev/null
  openssl rsa -in pki/tokens.key -pubout -out pki/tokens.pub 2>/dev/null
  certificate apiserver /CN=kube-apiserver "subjectAltName=IP:127.0.0.1,IP:$NODE_ADDRESS,IP:10.96.0.1,DNS:kubernetes.default.svc,DNS:localhost"
  certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
  certificate kubelet-client /O=system:masters/CN=apiserver extendedKeyUsage=clientAuth
  certificate kubelet "/O=system:nodes/CN=system:node:$NODE" "subjectAltName=DNS:$NODE,IP:$NODE_ADDRESS" extendedKeyUsage=clientAuth,serverAuth
}

certificate() { # NAME SUBJECT EXTENSION...
  local name=$1 subject=$2
  shift 2
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "pki/$name.key" -out "pki/$name.csr" -subj "$subject" 2>/dev/null
  openssl x509 -req -in "pki/$name.csr" -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -days 365 -out "pki/$name.crt" \
    -extfile <(printf '%s\n' "$@") 2>/dev/null
}

# 127.0.0.1, because every client leaves it out when a proxy is configured.
write_kubeconfig() { # FILE CERTIFICATE
  cat >"$1" <<YAML
apiVersion: v1
kind: Config
current-context: greenlight
contexts: [{ name: greenlight, context: { cluster: greenlight, user: greenlight } }]
clusters:
  - name: greenlight
    cluster: { server: 'https://127.0.0.1:6443', certificate-authority-data: $(base64 -w 0 pki/ca.crt) }
users:
  - name: greenlight
    user: { client-certificate-data: $(base64 -w 0 "pki/$2.crt"), client-key-data: $(base64 -w 0 "pki/$2.key") }
YAML
}

write_configuration() {
  local template
  for template in "$HERE"/native/*; do
    sed -e "s|__STATE__|$STATE|" -e "s|__NODE__|$NODE|" -e "s|__NODE_ADDRESS__|$NODE_ADDRESS|" -e "s|__BRIDGE__|$BRIDGE|" \
      -e "s|__POD_NETWORK__|$POD_NETWORK|" -e "s|__CNI_PLUGINS__|$(cni_plugins)|" "$template" >"$(basename "$template")"
  done
  mv bridge.conflist cni/
}

# --- processes

start_control_plane() {
  # Elsewhere it has machines of its own; here it comes before everything else that runs.
  start etcd nice -n -10 "$KUBE" etcd --data-dir etcd --unsafe-no-fsync --log-level warn --listen-peer-urls http://127.0.0.1:2380 \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379
  # Pods reach it at the node's address, the host at 127.0.0.1.
  start apiserver nice -n -10 "$KUBE" apiserver --etcd-servers http://127.0.0.1:2379 --bind-address 0.0.0.0 --advertise-address "$NODE_ADDRESS" \
    --tls-cert-file pki/apiserver.crt --tls-private-key-file pki/apiserver.key --client-ca-file pki/ca.crt --authorization-mode Node,RBAC \
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file pki/tokens.pub \
    --service-account-signing-key-file pki/tokens.key --service-cluster-ip-range "$SERVICE_NETWORK" \
    --kubelet-client-certificate pki/kubelet-client.crt --kubelet-client-key pki/kubelet-client.key --kubelet-preferred-address-types InternalIP
  start node unshare --mount --pid --fork --mount-proc --kill-child "$HERE/node.sh" "$STATE"
  wait_for apiserver https://127.0.0.1:6443/readyz
  start controller-manager "$KUBE" controller-manager --kubeconfig kubeconfig --service-account-private-key-file pki/tokens.key \
    --root-ca-file pki/ca.crt --leader-elect=false --bind-address 127.0.0.1
  start scheduler "$KUBE" scheduler --kubeconfig kubeconfig --leader-elect=false --bind-address 127.0.0.1
}

start_node() {
  local namespaces
  until_true node test -S "$STATE/containerd.sock"
  namespaces=/proc/$(pid_of node)/ns
  start kubelet nsenter --mount="$namespaces/mnt" --pid="$namespaces/pid_for_children" "$KUBE" kubelet --config "$STATE/kubelet.yaml" \
    --kubeconfig "$STATE/kubelet.kubeconfig" --hostname-override "$NODE" --node-ip "$NODE_ADDRESS" --root-dir "$STATE/kubelet"
  until_true kubelet node_ready
  # Only now: without a node to find, kube-proxy waits long.
  start proxy "$KUBE" proxy --config proxy.yaml
  wait_for proxy http://127.0.0.1:10256/healthz
}

node_ready() { [ "$(api "/api/v1/nodes/$NODE" | tr -d ' \n' | grep -o '"type":"Ready","status":"[A-Za-z]*"')" = '"type":"Ready","status":"True"' ]; }

# api PATH: asks the API server as its administrator.
api() { curl -sf --noproxy '*' --max-time 5 --cacert pki/ca.crt --cert pki/admin.crt --key pki/admin.key "https://127.0.0.1:6443$1"; }

# start NAME COMMAND...: beyond this script's end, without a proxy and without its lock. The start time makes the recorded
# process id unmistakable, after a reboot too.
start() {
  local name=$1
  shift
  env -u HTTP_PROXY -u HTTPS_PROXY -u http_proxy -u https_proxy -u ALL_PROXY -u all_proxy \
    setsid "$@" >"logs/$name.log" 2>&1 </dev/null 9>&- &
  echo "$! $(started "$!")" >"pids/$name"
}

# Nothing for a process that has ended, though its parent may not have noticed yet.
started() { awk '$3 != "Z" && $3 != "X" { print $22 }' "/proc/$1/stat" 2>/dev/null; }

pid_of() { cut -d ' ' -f 1 "$STATE/pids/$1"; }

alive() {
  local pid when
  [ -f "$STATE/pids/$1" ] || return 1
  read -r pid when <"$STATE/pids/$1"
  [ -n "$when" ] && [ "$(started "$pid")" = "$when" ]
}

# until_true PROCESS COMMAND...: waits up to a minute, as long as the process lives.
until_true() {
  local name=$1
  shift
  for _ in $(seq 600); do
    if "$@" 2>/dev/null; then return; fi
    alive "$name" || break
    sleep .1
  done
  tail -n 20 "$STATE/logs/$name.log" >&2
  fail "$name did not become ready; the end of $STATE/logs/$name.log is above"
}

wait_for() { until_true "$1" curl -skf -o /dev/null --noproxy '*' --max-time 2 "$2"; }

# --- the ways' common interface

native_alive() {
  local name
  for name in "${PROCESSES[@]}"; do alive "$name" || return 1; done
}

native_status() {
  local name
  for name in "${PROCESSES[@]}"; do
    if alive "$name"; then echo "$name: running, process $(pid_of "$name")"; else echo "$name: not running"; fi
  done
  echo "containerd: $(containerd --version | cut -d ' ' -f 3)"
}

native_load() {
  local archive
  for archive in "$@"; do ctr --address "$STATE/containerd.sock" --namespace k8s.io images import "$archive" >/dev/null; done
}

# Nothing of it is kept, so nothing has to end in good order. nsenter and unshare leave their children alive when they are
# killed, but the node's first process takes all others of its namespace along, and then they end by themselves.
native_stop() {
  local name
  for name in etcd apiserver controller-manager scheduler proxy; do kill_process "$name"; done
  kill_node
  for name in "${PROCESSES[@]}"; do gone "$name"; done
  # There since the host was prepared, so what follows is this cluster's.
  [ -f "$STATE/sysctls" ] || return 0
  clean_network
  clean_control_groups
}

kill_process() { if alive "$1"; then kill -KILL "$(pid_of "$1")" || true; fi; }

kill_node() {
  local pid
  alive node || return 0
  pid=$(pid_of node)
  xargs -r kill -KILL <"/proc/$pid/task/$pid/children" || true
}

gone() {
  for _ in $(seq 100); do
    alive "$1" || return 0
    sleep .1
  done
  fail "$1 does not end, process $(pid_of "$1")"
}

clean_network() {
  local assignment
  ip link delete "$BRIDGE" 2>/dev/null || true
  ip address delete "$NODE_ADDRESS/32" dev lo 2>/dev/null || true
  clean_rules iptables
  clean_rules ip6tables
  forget_connections
  while read -r assignment; do sysctl -q -w "$assignment"; done <"$STATE/sysctls"
}

# The kernel remembers connections through node ports for two minutes, and would send a client that has the same port in the
# next cluster to a pod of this one.
forget_connections() {
  local port
  conntrack --delete --orig-dst "$POD_NETWORK" >/dev/null 2>&1 || true
  conntrack --delete --orig-dst "$SERVICE_NETWORK" >/dev/null 2>&1 || true
  for port in $(conntrack --dump --proto tcp --orig-dst 127.0.0.1 2>/dev/null | awk '/ src=10[.]244[.]/ { sub("dport=", "", $8); print $8 }' | sort -u); do
    conntrack --delete --proto tcp --orig-dst 127.0.0.1 --orig-port-dst "$port" >/dev/null 2>&1 || true
  done
}

# clean_rules iptables|ip6tables: removes the chains of kube-proxy and kubelet, and the jumps into them.
clean_rules() {
  local table
  for table in mangle nat filter; do
    "$1" -t "$table" -S >/dev/null 2>&1 || continue
    "$1" -t "$table" -S | awk -v table="$table" '
      /^-A [^K].* -j KUBE-/ { sub(/^-A/, "-D"); jumps = jumps $0 "\n" }
      /^-N KUBE-/ { flushes = flushes "-F " $2 "\n"; deletions = deletions "-X " $2 "\n" }
      END { printf "*%s\n%s%s%sCOMMIT\n", table, jumps, flushes, deletions }' | "$1-restore" --noflush
  done
}

clean_control_groups() { find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || true; }
