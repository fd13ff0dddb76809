/** Who says of a pod, or of a Deployment, that it does not come up. */
type Source = 'kubelet' | 'runtime' | 'registry' | 'scheduler' | 'controller'

/** A state in which a pod does not come up, and how long it is given to heal by itself. */
export interface State {
  readonly source: Source
  readonly reasons: readonly string[]
  /** What its message must say, quoted names taken out; without it, whatever the message of these reasons is. */
  readonly text?: RegExp
  /** Milliseconds that the state may last before the release fails for it. Infinity: until the timeout of the release. */
  readonly grace: number
  /** Starts of the container after which the grace is over, too, should they come sooner. */
  readonly starts?: number
  /** Why it is given that time. */
  readonly why: string
}

const SECOND = 1000
export const AT_ONCE = 0
const UNTIL_TIMEOUT = Infinity

const CONFIG = ['CreateContainerConfigError']
const CREATE = ['CreateContainerError', 'RunContainerError']
const HOOK = ['PreCreateHookError', 'PreStartHookError', 'PostStartHookError']
const PULL = ['ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable', 'ImageInspectError']
export const CRASH = ['CrashLoopBackOff']

const NETWORK =
  /no such host|server misbehaving|timeout|timed out|deadline exceeded|connection re(fused|set)|unreachable|\bEOF\b|too ?many ?requests|\b429\b|\b5\d\d\b|unavailable|temporar|try again|qps exceeded/i

/** Of a container that waits: the first that fits. */
export const CONTAINER_STATES: readonly State[] = [
  {
    source: 'kubelet',
    reasons: ['InvalidImageName', 'ErrImageNeverPull', 'SignatureValidationFailed'],
    grace: AT_ONCE,
    why: 'the template says so'
  },
  {
    source: 'kubelet',
    reasons: CONFIG,
    text: /runAsNonRoot|non-root|non-numeric user/i,
    grace: AT_ONCE,
    why: 'image and securityContext contradict each other'
  },
  {
    source: 'kubelet',
    reasons: CONFIG,
    text: /failed to sync|timed out waiting|not yet been read|deadline exceeded/i,
    grace: 60 * SECOND,
    why: 'its cache of Secrets, ConfigMaps or Services is late, as on a fresh node'
  },
  {
    source: 'kubelet',
    reasons: CONFIG,
    grace: 30 * SECOND,
    why: 'an operator may make the Secret, the ConfigMap or the key a moment later; it is looked for every 10 to 15 s'
  },
  {
    source: 'runtime',
    reasons: CREATE,
    text: /deadline exceeded|timed out|timeout|is reserved for|connection re(fused|set)|unavailable|temporar|try again/i,
    grace: 60 * SECOND,
    why: 'the node is busy'
  },
  {
    source: 'runtime',
    reasons: CREATE,
    grace: AT_ONCE,
    why: 'there is nothing to run, or not like this: the image or the template must change'
  },
  {
    source: 'kubelet',
    reasons: HOOK,
    starts: 3,
    grace: 20 * SECOND,
    why: 'what the hook asks for may come up a moment later'
  },
  {
    source: 'registry',
    reasons: PULL,
    text: NETWORK,
    grace: 45 * SECOND,
    why: 'DNS of a fresh node, a registry that is busy: it is tried again after 10 and after 20 s'
  },
  {
    source: 'registry',
    reasons: PULL,
    text: /not found|does not exist|denied|unauthori[sz]ed|forbidden|no basic auth|manifest unknown|invalid reference|no match for platform|x509|unknown authority/i,
    grace: AT_ONCE,
    why: 'it is not there, not for us, or not for this node'
  },
  { source: 'registry', reasons: PULL, grace: 45 * SECOND, why: 'nobody says what is wrong' },
  {
    source: 'runtime',
    reasons: CRASH,
    text: /StartError|ContainerCannotRun/,
    grace: AT_ONCE,
    why: 'its command cannot be started'
  },
  {
    source: 'kubelet',
    reasons: CRASH,
    starts: 3,
    grace: 20 * SECOND,
    why: 'what it needs may have come up by its third start, 10 s after the second'
  }
]

/** Of a pod that has no container yet: its last event. */
export const EVENT_STATES: readonly State[] = [
  {
    source: 'kubelet',
    reasons: ['FailedMount'],
    text: /(secret|configmap) .*not found|references non-existent/i,
    grace: 40 * SECOND,
    why: 'an operator may make the Secret, the ConfigMap or the key a moment later; it is looked for 0.5, 1.5, 3.5 … 15.5, 31.5 s after the first time'
  },
  {
    source: 'kubelet',
    reasons: ['FailedMount', 'FailedAttachVolume', 'FailedMapVolume'],
    grace: UNTIL_TIMEOUT,
    why: 'a volume may take minutes to leave another node, a driver to come up on a fresh one'
  },
  {
    source: 'runtime',
    reasons: ['FailedCreatePodSandBox'],
    grace: UNTIL_TIMEOUT,
    why: 'the network of a fresh node'
  }
]

/** Of a pod that has no node. */
export const UNSCHEDULABLE: State = {
  source: 'scheduler',
  reasons: ['Unschedulable'],
  grace: 30 * SECOND,
  why: 'pods that end make room, and an autoscaler says within 10 to 20 s that it brings a node'
}

/** Of a Deployment whose pods are not even made: the first that fits. */
export const CREATION_STATES: readonly State[] = [
  {
    source: 'controller',
    reasons: ['FailedCreate'],
    text: /failed calling webhook|serviceaccount .*not found|timeout|timed out|connection refused|unavailable|try again/i,
    grace: 45 * SECOND,
    why: 'the webhook’s own pods may be starting, a ServiceAccount come a moment later'
  },
  {
    source: 'controller',
    reasons: ['FailedCreate'],
    text: /exceeded quota/i,
    grace: 20 * SECOND,
    why: 'pods that are just ending free it'
  },
  {
    source: 'controller',
    reasons: ['FailedCreate'],
    grace: 5 * SECOND,
    why: 'it is refused, and tried again'
  }
]

/** The state of this reason and message; undefined when nothing is wrong. */
export const stateOf = (states: readonly State[], reason: string, message: string): State | undefined =>
  states.find(
    ({ reasons, text }) => reasons.includes(reason) && (text?.test(message.replaceAll(QUOTED, '""')) ?? true)
  )

/** Names of images, hosts and paths may hold any word. */
const QUOTED = /"[^"]*"/g
