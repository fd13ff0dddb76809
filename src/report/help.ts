/** What docs/troubleshooting.md says more about, by its anchors. Messages begin with an input or an object, so that they are found by their words. */
const MESSAGES: Readonly<Record<string, RegExp>> = {
  'no-cluster': /nothing says where the cluster is/,
  unreachable: /gave no answer after |cannot be reached, given up /,
  'not-trusted': / is not trusted: .*Does the kubeconfig belong/,
  'token-ended': /The credentials are not valid \(any more\)/,
  'kubeconfig-broken': /it is base64 of one: decode it first|a secret that does not exist is an empty text/,
  'no-kind': /the cluster has no kind .* in /,
  'no-right': /: cannot \w+ [\w./-]+ in namespace .*give the ServiceAccount/,
  'credential-plugin': /the credential plugin .* (has not answered|was ended|has failed)/,
  'which-deployment': /the manifests hold (no|\d+) Deployments?/,
  locked: /another run is releasing here right now/,
  'no-workload': /\(or [\w.-]+-blue, [\w.-]+-green\) does not exist in namespace/,
  'not-installed': /no version of \S+ exists in namespace .*would be installed there/,
  owned: /is controlled by (Canary|Rollout) |belongs to (Rollout|Canary) /,
  keda: /is controlled by ScaledObject /,
  'name-taken': /has the name of the slot that this release needs/,
  'own-rollout': /is in the middle of a rollout of its own/,
  quota: /does not fit into resourcequota\//,
  gitops: /would revert the release/,
  'pod-settings': /has no readinessProbe|has no preStop hook|terminationGracePeriodSeconds: /,
  'mid-release-file': /was taken in the middle of a release/,
  'which-service': /Which one do users come through\?/,
  'left-without-pods': /sends its users to pods of .* alone, which/,
  'step-not-possible': /cannot tell requests apart by their headers/,
  'other-route': /^.*no rule of \S+ sends requests to /,
  'route-not-accepted': /is not in use: no gateway has accepted it/,
  'service-taken': /the routes need a Service of that name/,
  'coarse-share': /by numbers of pods: /,
  'job-missing': /job\/\S+ is not in the manifests, /,
  'job-hook': /is a hook .* that has to be done before the new version starts/,
  'job-failed': /^job\/\S+ failed: /,
  'job-running': /^job\/\S+ (had not ended|of an earlier run still runs) after /,
  'job-taken': /^job\/\S+ in namespace .* exists already and does something else/,
  'config-missing': /cannot run: CreateContainerConfigError/,
  'image-pull': /cannot run: /,
  'not-ready': /was not ready after /,
  'changed-while-released': /was given another template by somebody else/,
  'no-data': /has no data: /,
  'cannot-be-measured': /cannot be measured: /,
  'only-probes': /reached the new version since the step began/,
  undecided: /odds of .* are not enough to tell/,
  'record-unreadable': /the annotation greenlight\.dev\/release of .* cannot be read/,
  'steps-unreadable': /the steps of release .* on record cannot be carried out/,
  'no-previous': /has no previous version on record/,
  'version-gone': /ran as replicaset\/.* which is gone/,
  'nothing-to-promote': /nothing to promote: /,
  'another-version-waits': /the inputs ask for another version than the one that was tested/,
  'changed-since-tested': /was changed since it was tested/,
  'decided-by-controller': /has no say in /,
  'already-releasing': /is already releasing template/,
  'rollout-refused': /spec\.strategy\.(canary|blueGreen)/,
  'controller-silent': /does nothing with \S+ for /,
  'no-veto': /nobody can veto |smoke tests run while up to /
}

const PAGE = 'https://github.com/greenlight-action/greenlight/blob/main/docs/troubleshooting.md'

/** The anchors that messages lead to. */
export const HELP_ANCHORS: readonly string[] = Object.keys(MESSAGES)

/** The address at which the documentation says more about a message; undefined where it has nothing to add. */
export function helpFor(message: string): string | undefined {
  const found = Object.entries(MESSAGES).find(([, words]) => words.test(message))
  return found && `${PAGE}#${found[0]}`
}

/** The addresses for the lines of a reason, each once, in their order. */
export const helpForLines = (reason: string): readonly string[] => [
  ...new Set(reason.split('\n').flatMap((line) => helpFor(line) ?? []))
]
