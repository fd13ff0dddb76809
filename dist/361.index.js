export const id = 361;
export const ids = [361];
export const modules = {

/***/ 3361:
/***/ ((__unused_webpack_module, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openPorts: () => (/* binding */ openPorts),
  openSamplers: () => (/* binding */ openSamplers),
  readManifests: () => (/* reexport */ readManifests),
  recoverOwn: () => (/* reexport */ recoverOwn),
  run: () => (/* reexport */ run),
  targetOf: () => (/* reexport */ target_targetOf)
});

// EXTERNAL MODULE: ./src/base/clock.ts + 1 modules
var clock = __webpack_require__(8158);
// EXTERNAL MODULE: ./src/base/errors.ts
var errors = __webpack_require__(4758);
// EXTERNAL MODULE: ./node_modules/axios/lib/axios.js + 65 modules
var axios = __webpack_require__(1542);
// EXTERNAL MODULE: ./node_modules/axios/index.js
var node_modules_axios = __webpack_require__(9159);
;// CONCATENATED MODULE: ./src/base/http.ts

const LARGEST_ANSWER = 64 * 1024 * 1024;
class AnswerTooLarge extends Error {
    name = 'AnswerTooLarge';
}
const AS_IS = {
    maxRedirects: 0,
    maxBodyLength: Infinity,
    validateStatus: () => true,
    transformRequest: [(body) => body],
    transformResponse: [(body) => body]
};
const fetchText = (call) => send(call, { responseType: 'text', maxContentLength: call.largest ?? LARGEST_ANSWER });
const fetchStream = (call) => send(call, { responseType: 'stream' });
async function send({ method, url, headers, body, signal, agents, direct = false }, form) {
    try {
        const answer = await axios/* default */.A.request({
            ...AS_IS,
            ...form,
            ...{ method, url, signal, data: body },
            headers: { 'User-Agent': 'greenlight', ...headers },
            ...(agents && { httpAgent: agents.http, httpsAgent: agents.https }),
            ...(direct && { proxy: false })
        });
        const plain = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
        return { status: answer.status, headers: Object.fromEntries(plain), body: answer.data };
    }
    catch (error) {
        throw plainError(error);
    }
}
function plainError(error) {
    if (!(0,node_modules_axios/* isAxiosError */.F0)(error))
        return error;
    const { cause, code, message } = error;
    if (cause instanceof AggregateError)
        return cause.errors[0];
    if (cause instanceof Error)
        return cause;
    if (message === 'stream has been aborted')
        return withCode('the connection broke before the answer was whole', 'ECONNRESET');
    const limit = /maxContentLength size of (\d+)/.exec(message)?.[1];
    return limit === undefined
        ? withCode(message, code)
        : new AnswerTooLarge(`the answer is larger than ${Math.round(Number(limit) / 1024 ** 2)} MB`);
}
const withCode = (message, code) => Object.assign(new Error(message), { code });

// EXTERNAL MODULE: ./src/base/within.ts
var within = __webpack_require__(3198);
;// CONCATENATED MODULE: ./src/checks/prometheus/metrics.ts
class MetricsError extends Error {
    name = 'MetricsError';
    fault;
    constructor(message, fault, options) {
        super(message, options);
        this.fault = fault;
    }
}

;// CONCATENATED MODULE: ./src/checks/prometheus/answer.ts

const isFields = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
function parseFields(text) {
    try {
        const value = JSON.parse(text);
        return isFields(value) ? value : undefined;
    }
    catch {
        return undefined;
    }
}
const LONGEST_EXCERPT = 300;
function excerpt(text) {
    const line = text.replace(/\s+/g, ' ').trim();
    return line.length > LONGEST_EXCERPT ? `${line.slice(0, LONGEST_EXCERPT)}…` : line;
}
function readAnswer(reply, where) {
    const envelope = parseFields(reply.body);
    if (reply.status < 200 || reply.status > 299)
        throw refusalOf(reply, envelope, where);
    if (envelope?.status !== 'success') {
        const what = /^\s*</.test(reply.body) ? 'a web page, maybe a login' : excerpt(reply.body) || 'nothing';
        throw new MetricsError(`${where} does not answer as Prometheus does, but with ${what}`, 'answer');
    }
    const doubts = doubtsIn(envelope);
    if (doubts !== '') {
        const text = excerpt(doubts);
        throw new MetricsError(`${where} says that its answer may be incomplete or wrong: ${text}`, 'answer');
    }
    const { data: content } = envelope;
    const series = isFields(content) ? readResult(content) : undefined;
    if (series === undefined) {
        throw new MetricsError(`${where} gave an answer of an unknown form: ${excerpt(reply.body)}`, 'answer');
    }
    return series;
}
const isRemark = (text) => /^(PromQL info: |\d+ more info annotations omitted)/.test(text);
function doubtsIn({ warnings, isPartial }) {
    const told = [warnings ?? []].flat().map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
    const doubts = told.filter((text) => !isRemark(text));
    return [...(isPartial === true ? ['isPartial is true'] : []), ...doubts].join('; ');
}
function refusalOf(reply, envelope, where) {
    const { status, location } = reply;
    const error = typeof envelope?.error === 'string' ? excerpt(envelope.error) : undefined;
    const said = error ?? excerpt(reply.body);
    const quoted = said === '' ? '' : `: ${said}`;
    if ((status === 400 || status === 422) && error !== undefined) {
        return new MetricsError(`${where} refuses the query: ${error}`, 'query');
    }
    if (status === 401 || status === 403) {
        const next = 'check the credentials in prometheus-headers';
        return new MetricsError(`${where} refuses access (HTTP ${status})${quoted}; ${next}`, 'refused');
    }
    if (status === 404) {
        const next = 'is this the base address of a Prometheus, with its path prefix if it has one?';
        return new MetricsError(`${where} has no /api/v1/query (HTTP 404)${quoted}; ${next}`, 'answer');
    }
    if (status >= 300 && status <= 399) {
        const target = location === undefined ? 'elsewhere' : excerpt(withoutQuery(location));
        const next = 'write the final address in prometheus, and credentials in prometheus-headers if that is a login';
        return new MetricsError(`${where} redirects to ${target}, which is not followed; ${next}`, 'answer');
    }
    const timedOut = envelope?.errorType === 'timeout';
    return new MetricsError(`${where} answered HTTP ${status}${quoted}`, timedOut ? 'timeout' : 'answer');
}
const withoutQuery = (location) => location.replace(/^([a-z][-+.a-z0-9]*:)?\/\/[^/?#]*@/i, '$1//').replace(/[?#].*$/s, '');
function readResult({ resultType, result }) {
    if (resultType === 'scalar') {
        const sample = readSample(result);
        return sample && [{ labels: {}, samples: [sample] }];
    }
    const known = resultType === 'vector' || resultType === 'matrix';
    return known && Array.isArray(result) ? allOrNone(result.map(readSeries)) : undefined;
}
const allOrNone = (items) => items.some((item) => item === undefined) ? undefined : items.filter((item) => item !== undefined);
function readSeries(entry) {
    if (!isFields(entry) || !isFields(entry.metric))
        return undefined;
    const { metric, value, values, histograms: written } = entry;
    const pairs = Array.isArray(values) ? values : value === undefined ? [] : [value];
    const samples = allOrNone(pairs.map(readSample));
    if (!samples || !hasOnlyTexts(metric))
        return undefined;
    if (!Array.isArray(written))
        return { labels: metric, samples };
    const histograms = allOrNone(written.map(readHistogram));
    const counts = histograms?.map(({ at, count }) => ({ at, value: count })) ?? [];
    return histograms && { labels: metric, samples: [...samples, ...counts], histograms };
}
const hasOnlyTexts = (metric) => Object.values(metric).every((value) => typeof value === 'string');
const unusual = new Map([
    ['NaN', NaN],
    ['Inf', Infinity],
    ['+Inf', Infinity],
    ['-Inf', -Infinity]
]);
const readValue = (text) => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : unusual.get(text);
const LAST_MOMENT = 8.64e15;
const itemsOf = (value) => (Array.isArray(value) ? value : []);
function readMoment(seconds) {
    const at = typeof seconds === 'number' ? Math.round(seconds * 1000) : Infinity;
    return Math.abs(at) <= LAST_MOMENT ? at : undefined;
}
const readText = (text) => typeof text === 'string' ? readValue(text) : undefined;
function readSample(pair) {
    const [seconds, text] = itemsOf(pair);
    const [at, value] = [readMoment(seconds), readText(text)];
    return at === undefined || value === undefined ? undefined : { at, value };
}
function readHistogram(pair) {
    const [seconds, written] = itemsOf(pair);
    if (!isFields(written))
        return undefined;
    const [at, count] = [readMoment(seconds), readText(written.count)];
    const buckets = allOrNone(itemsOf(written.buckets).map(readBucket));
    if (at === undefined || count === undefined || buckets === undefined)
        return undefined;
    const hasEnded = count === 0 && written.sum === 'NaN';
    return {
        at,
        count: hasEnded ? NaN : count,
        buckets: [...buckets].sort((one, other) => one.upper - other.upper)
    };
}
function readBucket(written) {
    const [lower, upper, count] = itemsOf(written).slice(1).map(readText);
    return lower === undefined || upper === undefined || count === undefined
        ? undefined
        : { lower, upper, count };
}

// EXTERNAL MODULE: ./src/base/counted.ts
var counted = __webpack_require__(6887);
// EXTERNAL MODULE: ./src/kubernetes/canonical.ts
var canonical = __webpack_require__(878);
;// CONCATENATED MODULE: ./src/kubernetes/patience.ts
const SECOND = 1000;
const AT_ONCE = 0;
const UNTIL_TIMEOUT = Infinity;
const CONFIG = ['CreateContainerConfigError'];
const CREATE = ['CreateContainerError', 'RunContainerError'];
const HOOK = ['PreCreateHookError', 'PreStartHookError', 'PostStartHookError'];
const PULL = ['ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable', 'ImageInspectError'];
const CRASH = ['CrashLoopBackOff'];
const NETWORK = /no such host|server misbehaving|timeout|timed out|deadline exceeded|connection re(fused|set)|unreachable|\bEOF\b|too ?many ?requests|\b429\b|\b5\d\d\b|unavailable|temporar|try again|qps exceeded/i;
const CONTAINER_STATES = [
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
];
const EVENT_STATES = [
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
];
const UNSCHEDULABLE = {
    source: 'scheduler',
    reasons: ['Unschedulable'],
    grace: 30 * SECOND,
    why: 'pods that end make room, and an autoscaler says within 10 to 20 s that it brings a node'
};
const CREATION_STATES = [
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
];
const stateOf = (states, reason, message) => states.find(({ reasons, text }) => reasons.includes(reason) && (text?.test(message.replaceAll(QUOTED, '""')) ?? true));
const QUOTED = /"[^"]*"/g;

;// CONCATENATED MODULE: ./src/kubernetes/trouble.ts

function schedulingTrouble(pod) {
    const { reason, message = '' } = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled') ?? {};
    if (reason === undefined || !UNSCHEDULABLE.reasons.includes(reason))
        return [];
    const key = `${pod.metadata.uid ?? pod.metadata.name}/${reason}`;
    return [{ key, reason, message, pod, grace: UNSCHEDULABLE.grace }];
}
function containerTrouble(pod, status) {
    const { name, state, lastState, restartCount } = status;
    const { reason = '', message = '' } = state?.waiting ?? {};
    const said = CRASH.includes(reason) ? describeExit(lastState?.terminated) : `: ${message}`;
    const found = stateOf(CONTAINER_STATES, reason, said);
    if (found === undefined)
        return [];
    const started = restartCount + 1;
    const grace = started >= (found.starts ?? Infinity) ? AT_ONCE : found.grace;
    const key = `${pod.metadata.uid ?? pod.metadata.name}/${name}/${found.reasons.join()}`;
    return [{ key, reason, message: `container ${name}${said}`, pod, grace }];
}
function describeExit(terminated) {
    if (terminated === undefined)
        return ' keeps crashing';
    return ` keeps crashing: exit code ${terminated.exitCode ?? '?'} (${terminated.reason ?? 'no reason given'})`;
}
function eventTrouble(pod, events) {
    const last = lastOf(events.filter(({ involvedObject }) => involvedObject.name === pod.metadata.name));
    const { reason = '', message = '' } = last ?? {};
    const found = stateOf(EVENT_STATES, reason, message);
    if (found === undefined)
        return [];
    const key = `${pod.metadata.uid ?? pod.metadata.name}/${found.reasons.join()}`;
    return [{ key, reason, message, pod, grace: found.grace }];
}
const lastOf = (events) => [...events]
    .sort((one, other) => timeOf(one) - timeOf(other) || Number(isNormal(one)) - Number(isNormal(other)))
    .at(-1);
const isNormal = ({ type }) => type !== 'Warning';
const timeOf = ({ lastTimestamp, eventTime, metadata }) => Math.floor(Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '') / 1000) || 0;
const NODE_IS_COMING = ['TriggeredScaleUp', 'Nominated', 'NominatedPod'];
const NO_NODE_COMES = 'NotTriggerScaleUp';
function isNodeComing(events) {
    const said = events.filter(({ reason = '' }) => NODE_IS_COMING.includes(reason) || reason === NO_NODE_COMES);
    return NODE_IS_COMING.includes(lastOf(said)?.reason ?? '');
}

// EXTERNAL MODULE: ./src/kubernetes/workload.ts
var kubernetes_workload = __webpack_require__(4339);
;// CONCATENATED MODULE: ./src/kubernetes/health.ts





const isTrue = (conditions, type) => conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
const isReady = (pod) => pod.metadata.deletionTimestamp === undefined && isTrue(pod.status?.conditions, 'Ready');
const isEnding = (pod) => pod.metadata.deletionTimestamp !== undefined ||
    pod.status?.phase === 'Succeeded' ||
    pod.status?.phase === 'Failed';
const isOwnedBy = ({ metadata }, pod) => isPodOf(metadata.name, pod);
const isPodOf = (deployment, pod) => pod.metadata.ownerReferences?.some(({ kind, name }) => kind === 'ReplicaSet' && name === `${deployment}-${(0,kubernetes_workload/* templateHash */.tv)(pod)}`) ?? false;
const isSeen = ({ metadata, status }) => (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
const isSettled = (deployment) => isSeen(deployment) && (deployment.status?.updatedReplicas ?? 0) === (deployment.status?.replicas ?? 0);
const hasTemplateOf = (one, other) => (0,canonical/* canonical */.$)(one.spec.template) === (0,canonical/* canonical */.$)(other.spec.template);
const wantedReplicas = (deployment) => deployment.spec.replicas ?? 1;
const readyReplicas = ({ status }) => status?.readyReplicas ?? 0;
function health(deployment, pods, { lasting, outdated = new Set(), events = [] }) {
    const live = pods.filter((pod) => isOwnedBy(deployment, pod) && !isEnding(pod));
    if (isComplete(deployment, live))
        return { state: 'ready', pods: live, hash: live[0] === undefined ? '' : (0,kubernetes_workload/* templateHash */.tv)(live[0]) };
    const troubles = [
        ...deploymentTroubles(deployment),
        ...live
            .filter((pod) => !outdated.has((0,kubernetes_workload/* templateHash */.tv)(pod)))
            .flatMap((pod) => [...podTroubles(pod), ...eventTroubles(pod, events)])
    ];
    const hopeless = overdue(troubles, lasting);
    if (hopeless === undefined)
        return progress(deployment, live, troubles);
    const { reason, message, pod } = hopeless;
    return { state: 'doomed', reason, message, ...(pod ? { pod } : {}) };
}
function isComplete({ metadata, spec, status }, pods) {
    const wanted = spec.replicas ?? 1;
    const seen = status?.observedGeneration ?? 0;
    return (seen >= (metadata.generation ?? 0) &&
        [status?.updatedReplicas, status?.replicas, status?.availableReplicas].every((count) => (count ?? 0) === wanted) &&
        pods.length === wanted &&
        pods.every(isReady) &&
        new Set(pods.map(kubernetes_workload/* templateHash */.tv)).size <= 1);
}
const podTrouble = (pods, lasting) => overdue(pods.flatMap(podTroubles), lasting);
function overdue(troubles, lasting) {
    const lasted = troubles.map(({ key }) => lasting(key));
    return troubles.find(({ grace }, at) => (lasted[at] ?? 0) >= grace);
}
function deploymentTroubles(deployment) {
    if (!isSeen(deployment))
        return [];
    return (deployment.status?.conditions ?? []).flatMap(({ type, status, reason = '', message = '' }) => {
        if (reason === 'ProgressDeadlineExceeded')
            return [{ key: reason, reason, message, grace: 0 }];
        if (type !== 'ReplicaFailure' || status !== 'True')
            return [];
        return [{ key: type, reason, message, grace: stateOf(CREATION_STATES, reason, message)?.grace ?? 0 }];
    });
}
const statusesOf = ({ status }) => [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? [])
];
const podTroubles = (pod) => [
    ...schedulingTrouble(pod),
    ...statusesOf(pod).flatMap((status) => containerTrouble(pod, status))
];
const isBeingMade = (pod) => !isReady(pod) &&
    isTrue(pod.status?.conditions, 'PodScheduled') &&
    statusesOf(pod).every(({ state }) => BEFORE_CONTAINERS.includes(state?.waiting?.reason ?? ''));
const BEFORE_CONTAINERS = ['ContainerCreating', 'PodInitializing'];
const eventTroubles = (pod, events) => isBeingMade(pod) ? eventTrouble(pod, events) : [];
function progress(deployment, pods, troubles) {
    const ready = pods.filter(isReady).length;
    const wanted = wantedReplicas(deployment);
    const waiting = pods.find((pod) => !isReady(pod));
    const trouble = troubles.find(({ pod }) => pod === waiting) ?? troubles.find(({ pod }) => pod === undefined);
    const why = trouble === undefined ? '' : ` (${trouble.reason}: ${trouble.message})`;
    const what = waiting === undefined ? '' : `; ${waiting.metadata.name} ${waitsFor(waiting)}`;
    const { minReadySeconds = 0 } = deployment.spec;
    const soon = ready === wanted && minReadySeconds > 0
        ? `, but not yet for the ${minReadySeconds} s of minReadySeconds`
        : '';
    return {
        state: 'progressing',
        summary: `${(0,counted/* readyOf */.Js)(ready, wanted)}${soon}${what}${why}`,
        ready,
        wanted
    };
}
function waitsFor(pod) {
    const first = pod.status?.initContainerStatuses?.find(({ state, ready }) => state?.running !== undefined && !ready);
    if (first !== undefined)
        return `waits for its init container ${first.name}, which still runs`;
    const container = statusesOf(pod).find(({ state }) => state?.waiting !== undefined);
    if (container !== undefined)
        return `waits: ${container.name} ${container.state?.waiting?.reason ?? ''}`;
    const gate = pod.spec.readinessGates?.find(({ conditionType }) => !isTrue(pod.status?.conditions, conditionType));
    if (gate !== undefined)
        return `waits for readiness gate ${gate.conditionType}`;
    return pod.status?.phase === 'Running'
        ? 'runs but is not ready'
        : `is ${pod.status?.phase ?? 'not scheduled yet'}`;
}

;// CONCATENATED MODULE: ./src/kubernetes/quantity.ts
const binary = 1024n;
const decimal = 1000n;
const suffixes = {
    n: 1n,
    u: decimal,
    m: decimal ** 2n,
    '': decimal ** 3n,
    k: decimal ** 4n,
    M: decimal ** 5n,
    G: decimal ** 6n,
    T: decimal ** 7n,
    P: decimal ** 8n,
    E: decimal ** 9n,
    Ki: decimal ** 3n * binary,
    Mi: decimal ** 3n * binary ** 2n,
    Gi: decimal ** 3n * binary ** 3n,
    Ti: decimal ** 3n * binary ** 4n,
    Pi: decimal ** 3n * binary ** 5n,
    Ei: decimal ** 3n * binary ** 6n
};
function parseQuantity(quantity) {
    const found = /^(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2})|([A-Za-z]{1,2}))?$/.exec(String(quantity));
    const [, whole = '', fraction = '', exponent = '0', suffix = ''] = found ?? [];
    const unit = suffixes[suffix];
    if (found === null || unit === undefined || whole + fraction === '')
        return undefined;
    const shift = Number(exponent) - fraction.length;
    const digits = BigInt(whole + fraction) * unit;
    return shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
}
const printed = {
    bytes: ['Ti', 'Gi', 'Mi', 'Ki', ''],
    units: ['', 'm', 'u', 'n']
};
function printQuantity(nanos, of) {
    const suffix = printed[of].find((one) => nanos % (suffixes[one] ?? 1n) === 0n) ?? 'n';
    return `${nanos / (suffixes[suffix] ?? 1n)}${suffix}`;
}

;// CONCATENATED MODULE: ./src/kubernetes/pod-resources.ts

function defaultsIn(limitRanges) {
    const items = limitRanges
        .flatMap(({ spec }) => spec?.limits ?? [])
        .filter(({ type }) => type === 'Container');
    return {
        requests: Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest)),
        limits: Object.assign({}, ...items.map((item) => item.default))
    };
}
const parsed = (quantity) => quantity === undefined ? undefined : parseQuantity(quantity);
function quantityIn({ resources = {} }, side, resource, defaults) {
    const { requests = {}, limits = {} } = resources;
    return side === 'limits'
        ? parsed(limits[resource] ?? defaults.limits[resource])
        : parsed(requests[resource] ?? limits[resource] ?? defaults.requests[resource]);
}
const allContainers = ({ containers, initContainers = [] }) => [
    ...initContainers,
    ...containers
];
const runsBeside = ({ restartPolicy }) => restartPolicy === 'Always';
function podUsage(spec, side, resource, defaults) {
    const overhead = parsed(spec.overhead?.[resource]) ?? 0n;
    const ofPod = parsed(spec.resources?.[side]?.[resource]);
    if (ofPod !== undefined)
        return ofPod + overhead;
    const usage = (container) => quantityIn(container, side, resource, defaults) ?? 0n;
    const sum = (containers) => containers.reduce((total, container) => total + usage(container), 0n);
    const { containers, initContainers = [] } = spec;
    const peaks = initContainers.map((container, at) => runsBeside(container) ? 0n : usage(container) + sum(initContainers.slice(0, at).filter(runsBeside)));
    const running = sum([...containers, ...initContainers.filter(runsBeside)]);
    return peaks.reduce((most, peak) => (peak > most ? peak : most), running) + overhead;
}

;// CONCATENATED MODULE: ./src/kubernetes/ports.ts

function listeningIn(spec) {
    const { containers = [], initContainers = [] } = spec ?? {};
    return [...containers, ...initContainers.filter(runsBeside)];
}
function resolvePort({ targetPort, port, protocol: wanted = 'TCP' }, containers) {
    if (targetPort === undefined)
        return port;
    if (typeof targetPort === 'number')
        return targetPort;
    return containers
        .flatMap(({ ports }) => ports ?? [])
        .find(({ name, protocol = 'TCP' }) => name === targetPort && protocol === wanted)?.containerPort;
}
const leadsTo = (port, deployment) => resolvePort(port, listeningIn(deployment.spec.template.spec)) !== undefined;
const NOWHERE = { servicePort: undefined, port: undefined, names: {} };
function entranceTo({ spec }, containers, named) {
    const ports = (spec.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP');
    const targetOf = (port) => resolvePort(port, containers);
    const probed = probedPort(containers);
    const servicePort = ports.find((port) => isCalled(port, named)) ?? likeliest(ports, targetOf, probed);
    return {
        servicePort,
        port: servicePort === undefined ? probed : targetOf(servicePort),
        names: { ...namesIn(containers), ...namesOf(ports, targetOf) },
        tls: tlsIn(containers)
    };
}
const isCalled = ({ port, name }, ref) => ref !== undefined && (name === ref || String(port) === String(ref));
const ASIDE = /metric|prom(etheus)?\b|admin|manage|mgmt|health|probe|live|ready|debug|pprof|monitor|status|stat(s|sd)\b|telemetry|profil|actuator/i;
function unlessNone(items, isWanted) {
    const wanted = items.filter(isWanted);
    return wanted.length > 0 ? wanted : items;
}
function likeliest(ports, targetOf, probed) {
    const served = unlessNone(ports, (port) => targetOf(port) !== undefined);
    const among = unlessNone(served, ({ name = '' }) => !ASIDE.test(name));
    const signs = [
        ({ name }) => name === 'http',
        ({ appProtocol }) => appProtocol === 'http',
        ({ name = '' }) => /^(http\d?-.+|.+-http|web)$/.test(name),
        ...[80, 443, 8080].map((number) => ({ port }) => port === number),
        (port) => probed !== undefined && targetOf(port) === probed
    ];
    return signs.flatMap((sign) => among.find(sign) ?? [])[0] ?? among[0];
}
function probedPort(containers) {
    const asked = containers.flatMap(({ readinessProbe }) => {
        const { httpGet, tcpSocket, grpc } = (readinessProbe ?? {});
        return httpGet?.port ?? tcpSocket?.port ?? grpc?.port ?? [];
    });
    return asked[0] === undefined ? undefined : resolvePort({ targetPort: asked[0], port: 0 }, containers);
}
const tlsIn = (containers) => containers.flatMap((container) => [container.readinessProbe, container.livenessProbe, container.startupProbe].flatMap((probe) => {
    const { port, scheme } = (probe ?? {}).httpGet ?? {};
    if (scheme !== 'HTTPS' || port === undefined)
        return [];
    return resolvePort({ targetPort: port, port: 0 }, [container]) ?? [];
}));
const namesIn = (containers) => Object.fromEntries(containers.flatMap(({ ports }) => (ports ?? []).flatMap(({ name, containerPort, protocol = 'TCP' }) => name === undefined || protocol !== 'TCP' ? [] : [[name, containerPort]])));
const namesOf = (ports, targetOf) => Object.fromEntries(ports.flatMap((port) => {
    const target = targetOf(port);
    return port.name === undefined || target === undefined ? [] : [[port.name, target]];
}));

// EXTERNAL MODULE: ./src/kubernetes/selectors.ts
var kubernetes_selectors = __webpack_require__(8014);
;// CONCATENATED MODULE: ./src/kubernetes/status.ts
function statusIn(body) {
    if (!body.startsWith('{'))
        return undefined;
    try {
        const parsed = JSON.parse(body);
        return parsed.kind === 'Status' && parsed.apiVersion === 'v1' ? parsed : undefined;
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./src/kubernetes/reach.ts




async function reach(known, proxy, forward, isAnswer = () => true) {
    const tried = known.way === 'forward' ? { blocked: '' } : await proxy();
    const isBlocked = 'blocked' in tried;
    const reply = isBlocked ? await forward(tried.blocked && `${tried.blocked}; `) : tried;
    if (isAnswer(reply))
        known.way = isBlocked ? 'forward' : 'proxy';
    return reply;
}
const proxyPath = ({ kind, namespace, name, port, scheme }) => `/api/v1/namespaces/${namespace}/${kind}/${scheme === undefined ? '' : `${scheme}:`}${name}:${port}/proxy`;
function saidByProxy({ status, body }) {
    if (status < 400)
        return undefined;
    const said = statusIn(body);
    if (said !== undefined)
        return said.message ?? `HTTP ${status}`;
    return /^.?(error trying to reach service|no endpoints available)/i.test(body) ? body.trim() : undefined;
}
async function forwardToService(cluster, { namespace, name, port }) {
    const service = await cluster.get({ apiVersion: 'v1', kind: 'Service', namespace, name });
    if (service === undefined)
        throw new Error(`there is no Service ${name} in namespace ${namespace}`);
    const labels = (0,kubernetes_selectors/* printSelector */.vJ)(service.spec.selector);
    if (labels === '')
        throw new Error(`the Service ${name} selects no pods`);
    const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace, labels });
    const pod = pods.find(isReady);
    if (pod === undefined)
        throw new Error(`no pod of the Service ${name} is ready`);
    return cluster.forward({ namespace, name: pod.metadata.name, port: podPort(service, port, pod) });
}
function podPort({ metadata, spec }, port, pod) {
    const { ports = [] } = spec;
    const target = ports.find((candidate) => candidate.port === port);
    if (target === undefined) {
        const known = ports.map((candidate) => candidate.port).join(', ');
        throw new Error(`the Service ${metadata.name} has no port ${port}, only ${known}`);
    }
    const found = resolvePort(target, pod.spec.containers);
    if (found !== undefined)
        return found;
    throw new Error(`no container of ${pod.metadata.name} has a port ${target.targetPort ?? port}`);
}

;// CONCATENATED MODULE: ./src/checks/prometheus/transport.ts

const DEFAULT_TIMEOUT = 10_000;
const QUERY_PATH = '/api/v1/query';
const limitOf = (milliseconds, where, signal) => ({
    milliseconds,
    signal,
    late: () => new MetricsError(`${where} did not answer within ${milliseconds / 1000} s`, 'timeout')
});

;// CONCATENATED MODULE: ./src/checks/prometheus/in-cluster.ts





const askService = (cluster, address, options) => new Connection(cluster, address, options);
class Connection {
    #cluster;
    #address;
    #options;
    #known;
    #forward;
    constructor(cluster, address, options) {
        this.#cluster = cluster;
        this.#address = address;
        this.#options = options;
        this.#known = options.onlyForward ? { way: 'forward' } : {};
    }
    ask = (promql, signal) => reach(this.#known, () => this.#askProxy(promql, signal), (why) => this.#askForward(promql, why, signal));
    close = async () => {
        const forward = this.#forward;
        this.#forward = undefined;
        await forward?.then((open) => open.close(), () => undefined);
    };
    async #askProxy(promql, signal) {
        try {
            const reply = await this.#sendToProxy(promql, signal);
            const said = saidByProxy(reply);
            return said === undefined ? reply : this.#blocked(reply, said);
        }
        catch (error) {
            const silent = error instanceof MetricsError && error.fault === 'timeout' && this.#known.way === undefined;
            if (!silent)
                throw error;
            return { blocked: 'through the API server: no answer' };
        }
    }
    async #sendToProxy(promql, signal) {
        const { timeout, where } = this.#options;
        const { path: prefix = '', ...service } = this.#address;
        const proxy = proxyPath({ ...service, kind: 'services' });
        const path = `${proxy}${prefix}${QUERY_PATH}?${new URLSearchParams({ query: promql }).toString()}`;
        return (0,within/* within */.u)(limitOf(timeout, where, signal), async (stop) => {
            try {
                return await this.#cluster.send({ method: 'GET', path, timeout: 2 * timeout, signal: stop });
            }
            catch (error) {
                throw new MetricsError(`${where} cannot be reached: ${(0,errors/* messageOf */.bD)(error)}`, 'unreachable', {
                    cause: error
                });
            }
        });
    }
    #blocked({ status }, said) {
        if (status !== 404)
            return { blocked: `through the API server: ${said}` };
        const next = 'the input prometheus wants service/<namespace>/<name>:<port>';
        throw new MetricsError(`${this.#options.where}: ${said}; ${next}`, 'unreachable');
    }
    async #askForward(promql, why, signal) {
        const { where, askForward } = this.#options;
        try {
            this.#forward ??= forwardToService(this.#cluster, this.#address);
            const { url } = await this.#forward;
            return await askForward(`${url}${this.#address.path ?? ''}`)(promql, signal);
        }
        catch (error) {
            signal?.throwIfAborted();
            const answered = error instanceof MetricsError && error.fault !== 'unreachable';
            if (answered)
                throw error;
            await this.close();
            const cause = error instanceof MetricsError ? error.cause : error;
            const reason = `${why}by port-forward: ${(0,errors/* messageOf */.bD)(cause)}`;
            throw new MetricsError(`${where} cannot be reached: ${reason}`, 'unreachable', { cause });
        }
    }
}

;// CONCATENATED MODULE: ./src/checks/prometheus/prometheus.ts







function openPrometheus(address, options) {
    const { headers, cluster, timeout = DEFAULT_TIMEOUT } = options;
    const where = `Prometheus at ${nameOf(address)}`;
    const askAt = (url, direct) => askUrl(url, { headers, timeout, where, direct });
    const { ask, close } = address.kind === 'url'
        ? { ask: askAt(address.url, false), close: () => Promise.resolve() }
        : askService(cluster, address, {
            timeout,
            where,
            onlyForward: Object.keys(headers).length > 0,
            askForward: (url) => askAt(url, true)
        });
    return { close, query: async (promql, signal) => readAnswer(await ask(promql, signal), where) };
}
const nameOf = (address) => address.kind === 'url'
    ? address.url
    : `service/${address.namespace}/${address.name}:${address.port}${address.path ?? ''}`;
const LONGEST_URL = 2_000;
function requestFor(promql, url) {
    const form = new URLSearchParams({ query: promql }).toString();
    const address = `${url.replace(/\/+$/, '')}${QUERY_PATH}`;
    return address.length + form.length < LONGEST_URL
        ? { method: 'GET', url: `${address}?${form}`, type: {} }
        : {
            method: 'POST',
            url: address,
            body: form,
            type: { 'content-type': 'application/x-www-form-urlencoded' }
        };
}
const askUrl = (url, { headers, timeout, where, direct }) => (promql, signal) => (0,within/* within */.u)(limitOf(timeout, where, signal), async (stop) => {
    const { type, ...request } = requestFor(promql, url);
    const form = { accept: 'application/json', ...type, ...headers };
    try {
        const { status, body, headers } = await fetchText({ ...request, headers: form, signal: stop, direct });
        return { status, body, location: headers.location };
    }
    catch (error) {
        throw unreachable(error, where);
    }
});
const reasons = {
    ECONNREFUSED: 'the connection is refused',
    ECONNRESET: 'the connection broke',
    ENOTFOUND: 'its name is not known',
    EAI_AGAIN: 'its name could not be looked up',
    EHOSTUNREACH: 'there is no way to it from here',
    ENETUNREACH: 'there is no way to it from here'
};
const codeOf = (error) => error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
function unreachable(error, where) {
    const code = codeOf(error);
    if (error instanceof AnswerTooLarge) {
        const size = `${LARGEST_ANSWER / 1024 / 1024} MB`;
        return new MetricsError(`${where} answered with more than ${size}; ask for less`, 'answer');
    }
    const reason = reasons[code] ?? (0,errors/* messageOf */.bD)(error);
    const next = /CERT|SIGNATURE|ISSUER/.test(code)
        ? 'name the file with its certificate authority in the variable NODE_EXTRA_CA_CERTS'
        : 'check the input prometheus; from outside the cluster service/<namespace>/<name>:<port> reaches it';
    return new MetricsError(`${where} cannot be reached: ${reason}; ${next}`, 'unreachable', { cause: error });
}

// EXTERNAL MODULE: ./src/base/duration.ts
var base_duration = __webpack_require__(5937);
// EXTERNAL MODULE: ./src/inputs/check.ts
var inputs_check = __webpack_require__(7513);
// EXTERNAL MODULE: ./src/inputs/figure.ts
var figure = __webpack_require__(2929);
;// CONCATENATED MODULE: ./src/checks/judge.ts




const holds = {
    '<': (value, bound) => value < bound,
    '<=': (value, bound) => value <= bound,
    '>': (value, bound) => value > bound,
    '>=': (value, bound) => value >= bound
};
function verdictOf({ comparison, bound }, { value, beyond }) {
    if (!beyond)
        return holds[comparison](value, bound) ? 'pass' : 'fail';
    if (value < bound)
        return undefined;
    return comparison.startsWith('>') ? 'pass' : 'fail';
}
const undecided = (check, { value }) => `above ${(0,figure/* asWritten */.qm)(check, value)}, the highest edge of the histogram: ` +
    `it cannot be told whether that is above ${(0,figure/* asWritten */.qm)(check, check.bound)}`;
function judge(check, finding, circumstances) {
    const { at, step, young, youth } = circumstances;
    const base = { check, at, step };
    if ('why' in finding) {
        const { why, early = false, final = false } = finding;
        const isEarly = early && young;
        const forgiven = isEarly && youth !== undefined ? { youth } : {};
        return { ...base, verdict: 'no-data', why, early: isEarly, ...forgiven, final };
    }
    const { value, requests, brief } = finding;
    if (!Number.isFinite(value))
        return { ...base, verdict: 'no-data', why: `the value is ${value}` };
    const verdict = verdictOf(check, finding);
    return verdict === undefined
        ? { ...base, verdict: 'no-data', why: undecided(check, finding) }
        : { ...base, verdict, value, ...(requests !== undefined && { requests }), ...(brief && { brief }) };
}
const initialStanding = { decision: 'hold', failures: new Map(), silentSince: new Map() };
const isFailure = ({ verdict, early }, { onNoData }) => verdict === 'fail' || (verdict === 'no-data' && onNoData === 'fail' && early !== true);
function judgeRound(standing, round, rules) {
    const failures = new Map(standing.failures);
    const silentSince = new Map();
    for (const reading of round) {
        const { check, at, verdict } = reading;
        if (isFailure(reading, rules))
            failures.set(check, (failures.get(check) ?? 0) + 1);
        if (verdict === 'no-data')
            silentSince.set(check, standing.silentSince.get(check) ?? at);
    }
    const next = { failures, silentSince };
    for (const reading of round) {
        const reason = reasonToFail(reading, next, rules);
        if (reason !== undefined)
            return { ...next, decision: 'fail', failed: { check: reading.check, reason } };
    }
    const passes = round.every(({ verdict, brief }) => verdict === 'pass' && brief !== true);
    return { ...next, decision: passes ? 'pass' : 'hold' };
}
function reasonToFail(reading, { failures, silentSince }, rules) {
    const { check, at, verdict, final, why = '' } = reading;
    if (final)
        return `${(0,inputs_check/* checkName */.I3)(check)}: ${why}`;
    const count = failures.get(check) ?? 0;
    if (isFailure(reading, rules) && count >= rules.failureLimit) {
        const nth = `${count} of ${rules.failureLimit}`;
        return verdict === 'no-data'
            ? `${sentence(reading)} (no data counts as a failed measurement: ${nth})`
            : `${sentence(reading)} (failed measurement ${nth})`;
    }
    const silent = at - (silentSince.get(check) ?? at);
    const waited = verdict === 'no-data' && rules.onNoData === 'wait' && silent >= rules.noDataTimeout;
    return waited ? `${(0,inputs_check/* checkName */.I3)(check)} has had no data for ${(0,base_duration/* formatDuration */.a)(silent)}: ${why}` : undefined;
}
function sentence({ check, verdict, value = 0, requests, why = '' }) {
    if (verdict === 'no-data')
        return `${(0,inputs_check/* checkName */.I3)(check)} has no data: ${why}`;
    const { comparison, bound } = check;
    const over = requests === undefined ? '' : ` over ${(0,counted/* counted */.hS)(Math.round(requests), 'request')}`;
    return `${(0,inputs_check/* checkName */.I3)(check)} was ${(0,figure/* asWritten */.qm)(check, value)}${over}, but must be ${comparison} ${(0,figure/* asWritten */.qm)(check, bound)}`;
}

;// CONCATENATED MODULE: ./src/checks/prometheus/placeholders.ts
const LONGEST_PREFIX = 58;
const NOTHING = '-';
const escaped = (name) => name.replaceAll('.', '[.]');
const isWhole = (prefix) => prefix.length <= LONGEST_PREFIX;
function podPattern({ replicaSet, pods, otherPods = [] }) {
    const prefix = replicaSet === undefined ? '' : `${replicaSet}-`;
    if (prefix !== '' && isWhole(prefix))
        return `${escaped(prefix)}[a-z0-9]{5}`;
    const names = [...new Set([...pods.map(({ name }) => name), ...otherPods])];
    return names.length === 0 ? NOTHING : anyOf(names, prefix.slice(0, LONGEST_PREFIX));
}
const podMatcher = (measured) => new RegExp(`^(?:${podPattern(measured)})$`);
function anyOf(names, prefix) {
    const common = names.every((name) => name.startsWith(prefix)) ? prefix : '';
    return `${escaped(common)}(${names.map((name) => escaped(name.slice(common.length))).join('|')})`;
}
function fillPlaceholders(promql, measured, window) {
    const { namespace, workload, slot, service } = measured;
    const values = new Map([
        ['namespace', namespace],
        ['workload', workload],
        ['slot', slot],
        ['service', service],
        ['pods', podPattern(measured)],
        ['window', `${Math.max(1, Math.floor(window))}s`]
    ]);
    return promql.replace(/\$([a-z]+)\b/g, (written, name) => values.get(name) ?? written);
}

// EXTERNAL MODULE: ./src/inputs/promql.ts
var inputs_promql = __webpack_require__(9862);
;// CONCATENATED MODULE: ./src/checks/prometheus/histogram.ts



function tidy(buckets) {
    const counts = new Map();
    for (const { edge, count } of buckets)
        counts.set(edge, (counts.get(edge) ?? 0) + count);
    let most = 0;
    return [...counts]
        .sort(([one], [other]) => one - other)
        .map(([edge, count]) => ({ edge, count: (most = Math.max(most, count)) }));
}
function observations(buckets) {
    const last = tidy(buckets).at(-1);
    return last?.edge === Infinity ? last.count : 0;
}
function histogramQuantile(quantile, buckets) {
    const ordered = tidy(buckets);
    const total = observations(ordered);
    const highest = ordered.at(-2);
    if (total === 0 || highest === undefined)
        return undefined;
    const rank = quantile * total;
    const index = ordered.findIndex(({ count }) => count >= rank);
    const bucket = ordered[index];
    if (bucket === undefined || bucket.edge === Infinity)
        return { value: highest.edge, beyond: true };
    const below = ordered[index - 1];
    if (below === undefined && bucket.edge <= 0)
        return { value: bucket.edge, beyond: false };
    return { value: interpolate(rank, below ?? { edge: 0, count: 0 }, bucket), beyond: false };
}
const interpolate = (rank, below, bucket) => below.edge + ((bucket.edge - below.edge) * (rank - below.count)) / (bucket.count - below.count);
const WIDEST = 2.5;
function coarseness(check, { base, edges = [] }) {
    const { bound } = check;
    const highest = edges.at(-1);
    if (highest === undefined || edges.some((edge) => Math.abs(edge - bound) < bound * 1e-9))
        return [];
    const name = (0,inputs_check/* checkName */.I3)(check);
    if (bound > highest) {
        return [`${name} may have no data: the highest edge of ${base} is ${inSeconds(highest)}`];
    }
    const below = edges.findLast((edge) => edge < bound) ?? 0;
    const above = edges.find((edge) => edge > bound) ?? Infinity;
    if (above <= below * WIDEST * (1 + 1e-9))
        return [];
    const where = `${base} has no edge between ${inSeconds(below)} and ${inSeconds(above)}`;
    return [`${name} is only estimated near its bound: ${where}`];
}
const COARSE_TIMES = 1.5;
function tooCoarse(check, { base, edges = [] }) {
    const isFine = edges.some((edge, i) => i > 0 && edge <= (edges[i - 1] ?? 0) * WIDEST * (1 + 1e-9));
    const needsDurations = check.kind === 'like-stable' || check.kind === 'latency';
    const isModest = check.kind === 'latency' && check.quantile === undefined && check.times >= COARSE_TIMES;
    if (edges.length === 0 || isFine || !needsDurations || isModest)
        return [];
    const where = `the edges of ${base} are ${edges.map(inSeconds).join(', ')}`;
    return [`${printStableCheck(check)}: ${where}; with these write latency <= stable * ${COARSE_TIMES}`];
}
const inSeconds = (seconds) => (0,base_duration/* formatDuration */.a)(seconds * 1000);

;// CONCATENATED MODULE: ./src/checks/prometheus/samples.ts
const emptyHistory = new Map();
const keyOf = (labels) => JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
function merged(known, added, size) {
    const first = added.reduce((least, { at }) => Math.min(least, at), Infinity);
    const untouched = known.findLastIndex(({ at }) => at < first) + 1;
    const byTime = new Map(known.slice(untouched).map((sample) => [sample.at, sample]));
    const fresh = added.filter((sample) => {
        const other = byTime.get(sample.at);
        const wanted = Number.isFinite(size(sample)) && (other === undefined || size(sample) > size(other));
        if (wanted)
            byTime.set(sample.at, sample);
        return wanted;
    });
    if (fresh.length === 0)
        return known;
    return [...known.slice(0, untouched), ...[...byTime.values()].sort((one, other) => one.at - other.at)];
}
const samples_valueOf = ({ value }) => value;
const countOf = ({ count }) => count;
function samples_absorb(history, found) {
    const next = new Map(history);
    for (const { labels, samples, histograms } of found) {
        const key = keyOf(labels);
        const known = next.get(key);
        const native = merged(known?.histograms ?? [], histograms ?? [], countOf);
        next.set(key, {
            labels,
            samples: merged(known?.samples ?? [], samples, samples_valueOf),
            ...(native.length > 0 && { histograms: native })
        });
    }
    return next;
}
const forget = (history, since) => new Map([...history].map(([key, { labels, samples }]) => {
    const base = samples.findLastIndex(({ at }) => at <= since);
    return [key, { labels, samples: samples.slice(Math.max(base, 0)) }];
}));
function increase(samples, since, fromZero) {
    const base = samples.findLastIndex(({ at }) => at <= since);
    const counted = samples.slice(Math.max(base, 0));
    let previous = base < 0 && fromZero ? 0 : (counted[0]?.value ?? 0);
    let total = 0;
    for (const { value } of counted) {
        total += value >= previous ? value - previous : value;
        previous = value;
    }
    return total;
}
const samples_newestSample = (series) => series.reduce((newest, { samples }) => {
    const last = samples.at(-1)?.at;
    return last === undefined || (newest !== undefined && newest > last) ? newest : last;
}, undefined);
function scrapeGap(series) {
    const longest = series.reduce((most, { samples }) => (samples.length > most.length ? samples : most), []);
    const [first, last] = [longest[0], longest.at(-1)];
    return first === undefined || last === undefined || longest.length < 2
        ? undefined
        : (last.at - first.at) / (longest.length - 1);
}

;// CONCATENATED MODULE: ./src/checks/prometheus/traffic.ts

const DEFAULT_GAP = 60_000;
const staleAfter = (gap = DEFAULT_GAP) => Math.max(3 * gap, 15_000);
const lookBack = (gap) => gap === undefined ? 300_000 : Math.min(staleAfter(gap), 300_000);
const named = (history, name) => history.filter(({ labels }) => labels.__name__ === name);
function trafficSince(history, names, counting, moment) {
    const { since, now } = moment;
    const all = [...history.values()];
    const gap = scrapeGap(all) ?? moment.gap;
    const grown = (series) => increase(series.samples, since, counting.beganAtZero(series));
    const sum = (series) => series.reduce((total, one) => total + grown(one), 0);
    const users = all.filter(({ labels }) => counting.probedPath(labels) === undefined);
    const requests = named(users, names.requests);
    const failed = requests.filter(({ labels }) => counting.hasFailed(labels));
    const { base = '', unit = 1 } = names.latency ?? {};
    const newest = samples_newestSample(named(all, names.requests));
    const counted = requests.map((series) => ({ labels: series.labels, count: grown(series) }));
    const probes = counting.probesAmong(counted, { since, until: newest ?? since });
    return {
        since,
        now,
        ...(newest !== undefined && { newest }),
        ...(gap !== undefined && { gap }),
        silent: counting.silentPods(now - staleAfter(gap)),
        requests: sum(requests) - probes,
        leftOut: leftOut(named(all, names.requests), grown, counting, probes),
        ...(names.status !== undefined && { errors: sum(failed) }),
        buckets: named(users, `${base}_bucket`).map((series) => ({
            edge: edgeOf(series) * unit,
            count: grown(series)
        })),
        seconds: sum(named(users, `${base}_sum`)) * unit,
        timed: sum(named(users, `${base}_count`))
    };
}
function leftOut(requests, grown, { probedPath }, probes) {
    const known = requests.flatMap((series) => {
        const path = probedPath(series.labels);
        const count = path === undefined ? 0 : grown(series);
        return path === undefined || count === 0 ? [] : [{ path, count }];
    });
    const paths = new Set([...known.map(({ path }) => path), ...(probes > 0 ? ['/'] : [])]);
    return { requests: known.reduce((total, { count }) => total + count, probes), paths: [...paths].sort() };
}
const edgeOf = ({ labels }) => (labels.le === '+Inf' ? Infinity : Number(labels.le));

;// CONCATENATED MODULE: ./src/checks/prometheus/values.ts




const seconds = (milliseconds) => `${Math.round(milliseconds / 1000)} s`;
function nothingFound(promql) {
    const zeroed = (0,inputs_promql/* withZero */.rE)(promql);
    const hint = zeroed === undefined ? '' : `; if that is so while nothing fails, write ${zeroed}`;
    return { why: `no series: the query found nothing${hint}`, early: true };
}
function findInAnswer(answer, promql) {
    const [only, ...others] = answer;
    if (only === undefined)
        return nothingFound(promql);
    if (others.length > 0) {
        const count = answer.length;
        return { why: `the query gave ${count} series where one number is needed; wrap it in sum() or max()` };
    }
    const [sample, ...more] = only.histograms === undefined ? only.samples : [];
    if (more.length > 0)
        return { why: 'the query gave a range of samples where one number is needed; wrap it in rate()' };
    if (sample === undefined)
        return { why: 'the query gave a histogram where one number is needed' };
    const { value } = sample;
    if (Number.isFinite(value))
        return { value };
    return {
        why: `the query gave ${value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN'}`,
        early: Number.isNaN(value)
    };
}
function doubt({ traffic, names, lacks, side }, pods) {
    const { newest, gap, since, now, silent } = traffic;
    if (newest === undefined)
        return { why: lacks.counter(false, names.requests), early: true };
    if (now - newest > staleAfter(gap))
        return { why: `the newest sample is ${seconds(now - newest)} old` };
    if (silent.length > 0) {
        const verb = silent.length === 1 ? 'reports' : 'report';
        return {
            why: `${silent.length} of ${(0,counted/* counted */.hS)(pods, 'pod')} ${verb} no metrics: ${silent.slice(0, 3).join(', ')}`
        };
    }
    return newest > since ? undefined : { why: `no sample ${whenOf(side, traffic)}`, early: true };
}
const whenOf = (side, { since, now }) => side === 'canary' ? 'since the step began' : `in the last ${seconds(now - since)}`;
function noRequests({ traffic, side }) {
    const { requests, paths } = traffic.leftOut;
    const whom = side === 'canary' ? 'the new version' : 'the version that serves';
    const rest = requests > 0 ? ` (${Math.round(requests)} to ${paths.slice(0, 3).join(', ')} are taken for probes)` : '';
    return { why: `0 requests reached ${whom} ${whenOf(side, traffic)}${rest}`, early: true };
}
function quantileOf(quantile, observed) {
    const { traffic, names, lacks } = observed;
    if (!names.latency?.hasBuckets)
        return { why: lacks.buckets, early: true };
    const requests = observations(traffic.buckets);
    if (requests === 0 || traffic.requests === 0)
        return noRequests(observed);
    const found = histogramQuantile(quantile, traffic.buckets);
    return found === undefined
        ? { why: `${names.latency.base}_bucket has no edge but +Inf` }
        : { value: found.value, requests, beyond: found.beyond };
}
function meanOf(observed) {
    const { traffic, names, lacks } = observed;
    const { seconds: total, timed } = traffic;
    if (!names.latency)
        return { why: lacks.durations, early: true };
    return timed === 0 || traffic.requests === 0
        ? noRequests(observed)
        : { value: total / timed, requests: timed };
}
function shareOf(observed, count) {
    const { traffic, names, lacks } = observed;
    const { errors, requests } = traffic;
    if (errors === undefined)
        return { why: lacks.status(names.requests) };
    return requests === 0 ? noRequests(observed) : { value: count(errors, requests) / requests, requests };
}
function requestRateOf(observed) {
    const { requests, newest = 0, since } = observed.traffic;
    return requests === 0
        ? noRequests(observed)
        : { value: requests / Math.max((newest - since) / 1000, 1), requests };
}
function values_valueOf(metric, observed) {
    switch (metric.kind) {
        case 'latency':
            return quantileOf(metric.quantile, observed);
        case 'mean-latency':
            return meanOf(observed);
        case 'request-rate':
            return requestRateOf(observed);
        case 'error-rate':
            return shareOf(observed, (errors) => errors);
        case 'success-rate':
            return shareOf(observed, (errors, requests) => requests - errors);
    }
}
function findInTraffic(metric, observed, pods) {
    const found = doubt(observed, pods) ?? values_valueOf(metric, observed);
    return 'why' in found || !isBrief(observed.traffic) ? found : { ...found, brief: true };
}
const isBrief = ({ newest = 0, since, gap = 0 }) => newest < since + gap;

;// CONCATENATED MODULE: ./src/checks/prometheus/preflight.ts







const WINDOW = 300;
const preflight_nothingFound = { faults: [], warnings: [] };
const isQuery = (check) => check.metric.kind === 'query';
async function preflight({ metrics, requests, checks, need }, stable, signal) {
    const builtIn = checks.filter((check) => !isQuery(check));
    const study = async () => tryBuiltIn(await requests.study(stable, signal, need), builtIn, need);
    const reports = await Promise.all([
        builtIn.length === 0 ? preflight_nothingFound : tried(undefined, study, signal),
        ...checks
            .filter(isQuery)
            .map((check) => tried(check.metric, () => tryQuery({ metrics, need }, check, stable, signal), signal))
    ]);
    return {
        faults: distinct(reports.flatMap(({ faults }) => faults)),
        warnings: reports.flatMap(({ warnings }) => warnings)
    };
}
const distinct = (faults) => [
    ...new Map(faults.map((fault) => [`${fault.input} ${fault.problem}`, fault])).values()
];
async function tried(metric, attempt, signal) {
    try {
        return await attempt();
    }
    catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof MetricsError))
            throw error;
        const { message } = error;
        const ofQuery = error.fault === 'query' && metric !== undefined;
        const fault = ofQuery
            ? { input: 'checks', problem: `${metric.name}: ${message}` }
            : { input: 'prometheus', problem: message };
        return { faults: [fault], warnings: [] };
    }
}
async function tryQuery({ metrics, need }, check, stable, signal) {
    const { name, promql } = check.metric;
    const answer = await metrics.query(fillPlaceholders(promql, stable, WINDOW), signal);
    const finding = findInAnswer(answer, promql);
    if ('value' in finding)
        return preflight_nothingFound;
    const problem = `${name}: ${finding.why}`;
    if (!isOneNumber(answer))
        return { faults: [{ input: 'checks', problem, example: `${name}: sum(${promql}) < 100` }], warnings: [] };
    const remedy = answer.length === 0 ? await remedyFor(metrics, check, stable, signal) : undefined;
    const unknown = need !== undefined && remedy === undefined && answer.length === 0
        ? await unknownMetric(metrics, promql, signal)
        : undefined;
    if (unknown !== undefined)
        return { faults: [unknownFault(name, unknown)], warnings: [] };
    return { faults: [], warnings: [remedy ?? `${problem} (asked for the stable version)`] };
}
async function unknownMetric(metrics, promql, signal) {
    const counts = await Promise.all((0,inputs_promql/* metricsIn */.dC)(promql).map(async (metric) => ({
        metric,
        isThere: (await metrics.query(`count(${metric})`, signal)).length > 0
    })));
    return counts.find(({ isThere }) => !isThere)?.metric;
}
const unknownFault = (name, metric) => ({
    input: 'checks',
    problem: `${name}: Prometheus has no series of ${metric}, of whatever pods. Is the name right? ` +
        'With on-no-data: fail the release would be put back for that after users were on it. If only the new version has this metric, ' +
        'or has it only under requests, add a load line to smoke-tests: it is measured before users come then',
    example: 'GET / at 20/s for 30s -> 200'
});
async function remedyFor(metrics, check, stable, signal) {
    const { name, promql } = check.metric;
    const zeroed = (0,inputs_promql/* withZero */.rE)(promql);
    if (zeroed === undefined)
        return undefined;
    const answer = await metrics.query(fillPlaceholders(zeroed, stable, WINDOW), signal);
    if (!('value' in findInAnswer(answer, zeroed)))
        return undefined;
    const line = (0,inputs_check/* printCheck */.iK)({ ...check, metric: { ...check.metric, promql: zeroed } });
    return (`${name}: no series, not even for the old version, since there is nothing yet of what stands above the line; ` +
        `no data is never a pass, so while nothing fails this check would fail the release. Write: ${line}`);
}
const isOneNumber = (answer) => answer.length === 0 || (answer.length === 1 && answer[0]?.samples.length === 1);
function tryBuiltIn({ found, lacks, blind, requests }, checks, need) {
    const { recipe, scraped } = found;
    if (blind)
        return { faults: [unmeasurable(checks, lacks)], warnings: [] };
    const warnings = checks.flatMap((check) => {
        const lacking = recipe === undefined ? lacks.counter(scraped) : lackFor(check.metric, recipe, lacks);
        if (lacking !== undefined)
            return [`${(0,inputs_check/* checkName */.I3)(check)} may have no data: ${lacking}`];
        return check.metric.kind === 'latency' && recipe?.latency ? coarseness(check, recipe.latency) : [];
    });
    const idle = need !== undefined && requests === 0 ? [withoutUsers(checks)] : [];
    return { faults: [], warnings: [...warnings, ...idle] };
}
const withoutUsers = (checks) => `${checks.map(inputs_check/* checkName */.I3).join(', ')}: no request of users reached the old version in the last ${(0,base_duration/* formatDuration */.a)(WINDOW * 1000)}. ` +
    'If none reach the new one, nothing can be measured, and with on-no-data: fail the release is put back after users were moved. ' +
    'Add a load line to smoke-tests, GET / at 20/s for 30s -> 200, which is measured before that; or set on-no-data: wait, which gives requests no-data-timeout to come';
const unmeasurable = (checks, lacks) => ({
    input: 'checks',
    problem: `${checks.map(inputs_check/* checkName */.I3).join(', ')} cannot be measured: ${lacks.counter(false)}, and will have nothing from the new version's. ` +
        'With on-no-data: fail the release would be put back for that after users were on it. Have the pods scraped, ' +
        'name the router in front of them in metrics, or write the check as a query of metrics that there are',
    example: "prometheus.io/scrape: 'true' and prometheus.io/port: '8080' as annotations of the pod template, or a PodMonitor, as your Prometheus finds its targets"
});
function lackFor(metric, { requests, status, latency }, lacks) {
    switch (metric.kind) {
        case 'success-rate':
        case 'error-rate':
            return status === undefined ? lacks.status(requests) : undefined;
        case 'latency':
            return latency?.hasBuckets ? undefined : lacks.buckets;
        case 'mean-latency':
            return latency === undefined ? lacks.durations : undefined;
        default:
            return undefined;
    }
}

;// CONCATENATED MODULE: ./src/checks/prometheus/status.ts
const STATUS_LABELS = [
    'code',
    'status',
    'status_code',
    'http_response_status_code',
    'http_status_code',
    'outcome'
];
const SEARCHED_STATUS_LABELS = STATUS_LABELS.join(', ');
const OUTCOMES = ['INFORMATIONAL', 'SUCCESS', 'REDIRECTION', 'CLIENT_ERROR', 'SERVER_ERROR'];
const isServerError = (status) => /^5(\d\d|xx)$/i.test(status) || status === 'SERVER_ERROR';
const isStatus = (value) => /^[1-5](\d\d|xx)$/i.test(value) || OUTCOMES.includes(value);
function statusLabelOf(series) {
    const valuesOf = (label) => series.flatMap(({ labels }) => labels[label] ?? []).filter((value) => value !== '');
    const holding = STATUS_LABELS.filter((label) => valuesOf(label).some(isStatus));
    return holding.find((label) => valuesOf(label).every(isStatus)) ?? holding[0];
}

;// CONCATENATED MODULE: ./src/checks/prometheus/recipes.ts


function wantedBy(checks) {
    const kinds = new Set(checks.map(({ metric }) => metric.kind));
    return {
        status: kinds.has('success-rate') || kinds.has('error-rate'),
        buckets: kinds.has('latency'),
        mean: kinds.has('mean-latency')
    };
}
const LATENCIES = [
    { base: 'http_request_duration_seconds', unit: 1 },
    { base: 'http_server_request_duration_seconds', unit: 1 },
    { base: 'http_server_duration_milliseconds', unit: 0.001 },
    { base: 'http_server_requests_seconds', unit: 1 }
];
const NATIVES = LATENCIES.map(({ base }) => base);
const REQUEST_COUNTERS = ['http_requests_total', ...NATIVES.map((base) => `${base}_count`)];
const POD_LABELS = ['pod', 'kubernetes_pod_name', 'exported_pod', 'k8s_pod_name', 'pod_name'];
const NAMESPACE_LABELS = ['namespace', 'kubernetes_namespace', 'exported_namespace', 'k8s_namespace_name'];
const SEARCHED_COUNTERS = REQUEST_COUNTERS.join(', ');
const SEARCHED_BUCKETS = LATENCIES.map(({ base }) => `${base}_bucket`).join(', ');
function detectionQuery(measured) {
    const suffixed = LATENCIES.flatMap(({ base }) => [`${base}_bucket`, `${base}_sum`]);
    const names = ['up', ...REQUEST_COUNTERS, ...NATIVES, ...suffixed].join('|');
    const kept = ['__name__', ...POD_LABELS, ...NAMESPACE_LABELS, ...STATUS_LABELS].join(',');
    const selectors = POD_LABELS.map((label) => `{__name__=~"${names}",${label}=~"${podPattern(measured)}"}`);
    return `count by (${kept}) (${selectors.join(' or ')})`;
}
function inNamespace({ labels }, namespace) {
    const found = NAMESPACE_LABELS.flatMap((label) => labels[label] ?? []);
    return found.length === 0 || found.includes(namespace);
}
function findLatency(names) {
    const found = LATENCIES.find(({ base }) => names.has(`${base}_bucket`));
    if (found !== undefined)
        return { ...found, hasBuckets: true };
    const summed = LATENCIES.find(({ base }) => names.has(`${base}_sum`));
    return summed && { ...summed, hasBuckets: false };
}
const findNative = (names) => LATENCIES.find(({ base }) => names.has(base) && !names.has(`${base}_sum`));
function findRequests(series, native) {
    const found = [...REQUEST_COUNTERS, ...(native ? [native.base] : [])]
        .map((requests) => ({
        requests,
        of: series.filter(({ labels }) => labels.__name__ === requests)
    }))
        .filter(({ of }) => of.length > 0)
        .map(({ requests, of }) => ({ requests, status: statusLabelOf(of) }));
    const best = found.find(({ status }) => status !== undefined) ?? found[0];
    if (best === undefined)
        return undefined;
    return best.status === undefined ? { requests: best.requests } : { ...best, status: best.status };
}
function detect(answer, measured) {
    const matcher = podMatcher(measured);
    const belongs = (label) => (series) => matcher.test(series.labels[label] ?? '');
    const local = answer.filter((series) => inNamespace(series, measured.namespace));
    const known = local.filter(({ labels }) => labels.__name__ !== 'up');
    const scraped = local.length > known.length;
    const pod = POD_LABELS.find((label) => known.some(belongs(label)));
    const series = pod === undefined ? [] : known.filter(belongs(pod));
    const names = new Set(series.map(({ labels }) => labels.__name__ ?? ''));
    const native = findNative(names);
    const requests = findRequests(series, native);
    if (pod === undefined || requests === undefined)
        return { scraped };
    const namespace = NAMESPACE_LABELS.find((label) => series.every(({ labels }) => labels[label] === measured.namespace));
    const latency = findLatency(names);
    const durations = { ...(latency && { latency }), ...(native && !latency?.hasBuckets && { native }) };
    return { scraped, recipe: { pod, ...(namespace && { namespace }), ...requests, ...durations } };
}
const covers = ({ status, latency }, wanted) => (!wanted.status || status !== undefined) &&
    (!wanted.buckets || latency?.hasBuckets === true) &&
    (!wanted.mean || latency !== undefined);
function metricNames({ requests, latency }, wanted) {
    const buckets = wanted.buckets && latency?.hasBuckets ? [`${latency.base}_bucket`] : [];
    const mean = wanted.mean && latency ? [`${latency.base}_sum`, `${latency.base}_count`] : [];
    return [...new Set([requests, ...buckets, ...mean])];
}
function samplesQuery(recipe, wanted, measured, seconds) {
    return rangeQuery(recipe, ['up', ...metricNames(recipe, wanted)], [measured], seconds);
}
function rangeQuery(recipe, names, versions, seconds) {
    const named = `__name__=~"${names.join('|')}"`;
    const namespace = recipe.namespace === undefined ? '' : `,${recipe.namespace}="${versions[0]?.namespace}"`;
    return `{${named}${namespace},${recipe.pod}=~"${versions.map(podPattern).join('|')}"}[${seconds}s]`;
}

;// CONCATENATED MODULE: ./src/checks/prometheus/detector.ts

class Detector {
    #metrics;
    #clock;
    #source;
    #ahead = 0;
    constructor(metrics, clock, source) {
        this.#metrics = metrics;
        this.#clock = clock;
        this.#source = source;
    }
    get ahead() {
        return this.#ahead;
    }
    now() {
        return this.#clock.now() + this.#ahead;
    }
    secondsSince(from) {
        return Math.max(1, Math.ceil((this.now() - from) / 1000) + 1);
    }
    async detect(measured, signal) {
        const asked = this.#clock.now();
        const answer = await this.#metrics.query(this.#source.detectionQuery(measured), signal);
        const evaluated = samples_newestSample(answer);
        if (evaluated !== undefined)
            this.#ahead = evaluated - (asked + this.#clock.now()) / 2;
        return this.#source.detect(answer, measured);
    }
}

;// CONCATENATED MODULE: ./src/checks/prometheus/known.ts

const nothingKnown = { series: emptyHistory, created: new Map() };
function later(series, after) {
    const { labels, samples, histograms } = series;
    if ((samples[0]?.at ?? Infinity) > after)
        return series;
    const isLater = ({ at }) => at > after;
    return {
        labels,
        samples: samples.filter(isLater),
        ...(histograms && { histograms: histograms.filter(isLater) })
    };
}
function learn({ series, created }, { answer, pods, after }) {
    const kept = [...absorb(series, answer)]
        .map(([key, one]) => [key, later(one, after)])
        .filter(([, { samples }]) => samples.length > 0);
    return {
        series: new Map(kept),
        created: new Map([...created, ...pods.map(({ name, createdAt }) => [name, createdAt])])
    };
}
const MARGIN = 30_000;
const SILENCE = 300_000;
function unknownSince({ series }, unheard, earliest) {
    const all = [...series.values()];
    const newest = newestSample(all);
    if (newest === undefined)
        return earliest;
    const ends = all.flatMap(({ samples }) => samples.at(-1)?.at ?? []).filter((at) => at > newest - SILENCE);
    const slowest = ends.reduce((least, at) => Math.min(least, at), newest);
    const oldest = unheard.reduce((least, at) => Math.min(least, at), slowest);
    return Math.max(Math.max(oldest, newest - SILENCE) - MARGIN, earliest);
}

;// CONCATENATED MODULE: ./src/checks/prometheus/native-histogram.ts
const { abs, log2, round } = Math;
const TOLERANCE = 1e-9;
const LEAST = 1e-5;
const FINEST = 256;
const WANTED = 4;
const native_histogram_isWhole = (value) => abs(value - round(value)) < 1e-6;
const isWanted = (edge) => edge >= LEAST && edge < Infinity && (native_histogram_isWhole(log2(edge) * WANTED) || !native_histogram_isWhole(log2(edge) * FINEST));
const isInside = (edge, { lower, upper }) => lower < edge * (1 - TOLERANCE) && upper > edge * (1 + TOLERANCE);
function spansOf(samples) {
    const uppers = new Map();
    for (const { buckets } of samples)
        for (const { lower, upper } of buckets)
            uppers.set(lower, (uppers.get(lower) ?? new Set()).add(upper));
    return [...uppers].flatMap(([lower, found]) => [...found].map((upper) => ({ lower, upper })));
}
function commonBoundaries(samples) {
    const spans = spansOf(samples);
    const edges = new Set(spans.flatMap(({ lower, upper }) => [lower, upper]).filter(isWanted));
    return [...edges]
        .filter((edge) => !spans.some((span) => isInside(edge, span)))
        .sort((one, other) => one - other);
}
function cumulated({ buckets }, edges) {
    let [next, total] = [0, 0];
    return edges.map((edge) => {
        for (; (buckets[next]?.upper ?? Infinity) <= edge * (1 + TOLERANCE); next += 1)
            total += buckets[next]?.count ?? 0;
        return total;
    });
}

;// CONCATENATED MODULE: ./src/checks/judge/growth.ts
const MOST = Number.MAX_SAFE_INTEGER;
const isCount = ({ at, value }) => Number.isFinite(at) && value >= 0 && value <= MOST;
const isOrdered = (samples) => samples.every(({ at }, i) => i === 0 || at > (samples[i - 1]?.at ?? 0));
function growth_tidy(samples) {
    const counts = samples.every(isCount) ? samples : samples.filter(isCount);
    if (isOrdered(counts))
        return counts;
    const sorted = [...counts].sort((one, other) => one.at - other.at);
    return sorted.filter(({ at }, i) => at !== sorted[i - 1]?.at);
}
function eachGrowth(samples, bornAt, tell) {
    const ordered = growth_tidy(samples);
    let previous = bornAt(ordered[0]?.at ?? 0) ? 0 : undefined;
    for (const { at, value } of ordered) {
        if (previous !== undefined)
            tell(value >= previous ? value - previous : value, at);
        previous = value;
    }
}

;// CONCATENATED MODULE: ./src/checks/judge/pods.ts
const FIRST_SCRAPE = 300_000;
function knownPod(pod) {
    let [oldest, newest] = [Infinity, -Infinity];
    for (const { samples } of [...pod.requests, ...pod.buckets])
        for (const { at } of samples) {
            if (at < oldest && at > -Infinity)
                oldest = at;
            if (at > newest && at < Infinity)
                newest = at;
        }
    const isNew = pod.createdAt !== undefined && oldest - pod.createdAt <= FIRST_SCRAPE;
    return { ...pod, newest, bornAt: (firstSample) => isNew || firstSample > oldest };
}
function ownEdges({ buckets }) {
    const byEdge = Map.groupBy(buckets, ({ edge }) => edge);
    const histograms = byEdge.get(Infinity)?.length ?? 0;
    return [...byEdge].filter(([, series]) => series.length === histograms).map(([edge]) => edge);
}
function commonEdges(pods) {
    const [first = [], ...others] = pods.filter(({ buckets }) => buckets.length > 0).map(ownEdges);
    return first
        .filter((edge) => edge > 0 && edge < Infinity && others.every((edges) => edges.includes(edge)))
        .sort((one, other) => one - other);
}

;// CONCATENATED MODULE: ./src/kubernetes/probes.ts

const USUAL_PERIOD = 10;
const fieldsOf = (value) => typeof value === 'object' && value !== null ? value : {};
const plainPath = (text) => `/${text.replace(/[?#].*$/s, '').replace(/^\/+|\/+$/g, '')}`;
function probeIn(asked, every, container) {
    const { httpGet } = fieldsOf(asked);
    if (typeof httpGet !== 'object' || httpGet === null)
        return [];
    const { path, port } = fieldsOf(httpGet);
    const known = typeof port === 'string' || typeof port === 'number'
        ? resolvePort({ targetPort: port, port: 0 }, [container])
        : undefined;
    return [{ path: plainPath(typeof path === 'string' ? path : '/'), port: known, every }];
}
function probesOfContainer(container) {
    const { readinessProbe, livenessProbe, startupProbe, lifecycle } = container;
    const repeated = [readinessProbe, livenessProbe, startupProbe].flatMap((probe) => {
        const { periodSeconds } = fieldsOf(probe);
        const every = typeof periodSeconds === 'number' && periodSeconds > 0 ? periodSeconds : USUAL_PERIOD;
        return probeIn(probe, every, container);
    });
    const { postStart, preStop } = fieldsOf(lifecycle);
    return [...repeated, ...[postStart, preStop].flatMap((hook) => probeIn(hook, Infinity, container))];
}
const probesOf = (...deployments) => deployments.flatMap((deployment) => {
    const { containers = [], initContainers = [] } = deployment?.spec.template.spec ?? {};
    return [...containers, ...initContainers].flatMap(probesOfContainer);
});

;// CONCATENATED MODULE: ./src/checks/prometheus/probe-requests.ts

const PATH_LABELS = [
    'path',
    'route',
    'handler',
    'uri',
    'http_route',
    'endpoint',
    'exported_endpoint',
    'url',
    'url_path',
    'url_rule',
    'http_target',
    'http_path',
    'request_path'
];
const PORT_LABELS = ['server_port', 'net_host_port'];
const USUAL = /^\/(metrics|healthz?|livez?|readyz?|(health|healthz|livez|readyz)\/.*|actuator\/.*|q\/(health|metrics)(\/.*)?|-\/(healthy|ready))$/;
const ROOT = '/';
const pathsIn = (labels) => PATH_LABELS.flatMap((label) => {
    const value = (labels[label] ?? '').replace(/^https?:\/\/[^/]*/i, '');
    const isPath = label === 'endpoint' ? value.startsWith('/') : value !== '';
    return isPath ? [plainPath(value)] : [];
});
const probedPath = (labels, probes = []) => pathsIn(labels).find((path) => USUAL.test(path) || (path !== ROOT && probes.some((probe) => probe.path === path)));
const cameByProbedPort = (labels, probes = [], port) => port !== undefined &&
    probes.some((probe) => {
        const { port: asked } = probe;
        return (asked !== undefined && asked !== port && PORT_LABELS.some((label) => labels[label] === String(asked)));
    });
const isAtRoot = (labels) => pathsIn(labels).includes(ROOT);
const rootProbes = (probes = [], milliseconds) => probes
    .filter(({ path }) => path === ROOT)
    .reduce((sum, { every }) => sum + Math.ceil(Math.max(0, milliseconds) / 1000 / every) + 1, 0);

;// CONCATENATED MODULE: ./src/checks/prometheus/pod-samples.ts





const classicBuckets = (series, { base, unit }) => named(series, `${base}_bucket`).map((one) => ({ edge: edgeOf(one) * unit, samples: one.samples }));
function nativeBuckets(samples, edges, unit) {
    const counts = samples.map((sample) => [...cumulated(sample, edges), sample.count]);
    return [...edges, Infinity].map((edge, i) => ({
        edge: edge * unit,
        samples: samples.map(({ at }, of) => ({ at, value: counts[of]?.[i] ?? 0 }))
    }));
}
function bucketsOf(series, { latency, native }, edges) {
    if (latency?.hasBuckets)
        return classicBuckets(series, latency);
    if (native === undefined)
        return [];
    return named(series, native.base).flatMap(({ histograms = [] }) => nativeBuckets(histograms, edges, native.unit));
}
function grownTogether(counters, pod) {
    const { bornAt } = knownPod(pod);
    const grown = new Map();
    for (const { samples } of counters)
        eachGrowth(samples, bornAt, (by, at) => grown.set(at, (grown.get(at) ?? 0) + by));
    return [...grown].map(([at, value]) => ({ at, value })).sort((one, other) => one.at - other.at);
}
const firstOf = (lists) => lists.reduce((first, samples) => Math.min(first, samples[0]?.at ?? Infinity), Infinity);
function withoutProbes(atRoot, pod, probes) {
    const isNew = knownPod(pod).bornAt(-Infinity);
    const first = firstOf([...pod.requests, ...pod.buckets].map(({ samples }) => samples));
    const begun = isNew ? (pod.createdAt ?? first) : first;
    let [total, users] = [0, 0];
    const grown = grownTogether(atRoot, pod);
    const start = (grown[0]?.at ?? first) > first ? [{ at: first, value: 0 }] : [];
    const samples = [...start, ...grown].map(({ at, value }) => {
        total += value;
        users = Math.max(users, total - rootProbes(probes, at - begun));
        return { at, value: users };
    });
    return [{ failed: false, samples }];
}
const heartbeats = (scrapes) => scrapes
    .filter((times) => times.length > 0)
    .map((times) => ({ failed: false, samples: times.map((at) => ({ at, value: 0 })) }));
function podSamples({ series, scrapes, ...who }, reading) {
    const { names, hasFailed, probedPath, edges, probes } = reading;
    const users = series.filter(({ labels }) => probedPath(labels) === undefined);
    const all = named(users, names.requests).map((one) => ({ ...one, failed: hasFailed(one.labels) }));
    const counted = (some) => some.map(({ failed, samples }) => ({ failed, samples }));
    const alive = heartbeats(scrapes);
    const pod = {
        ...who,
        requests: [...counted(all), ...alive],
        buckets: bucketsOf(users, names, edges)
    };
    const atRoot = all.filter(({ labels, failed }) => isAtRoot(labels) && !failed);
    if (atRoot.length === 0 || rootProbes(probes, 0) === 0)
        return pod;
    const others = all.filter((one) => !atRoot.includes(one));
    return { ...pod, requests: [...counted(others), ...withoutProbes(atRoot, pod, probes), ...alive] };
}

;// CONCATENATED MODULE: ./src/checks/prometheus/scrapes.ts


const REPLICA_LABELS = [
    'prometheus_replica',
    'replica',
    '__replica__',
    'receive_replica',
    'thanos_replica',
    'prometheus'
];
const scrapeOf = (labels) => JSON.stringify([labels.instance, scraperOf(labels)]);
const scraperOf = (labels) => JSON.stringify(['job', ...REPLICA_LABELS].map((name) => labels[name] ?? ''));
const lengthOf = (series) => series.reduce((sum, { samples }) => sum + samples.length, 0);
function bestOf(scrapers) {
    const all = [...scrapers.values()].flat();
    const fresh = (samples_newestSample(all) ?? 0) - staleAfter(scrapeGap(all));
    const [best] = [...scrapers]
        .map(([name, series]) => ({ name, series, length: lengthOf(series) }))
        .filter(({ series }) => (samples_newestSample(series) ?? -Infinity) >= fresh)
        .sort((one, other) => other.length - one.length || (one.name < other.name ? -1 : 1));
    return best?.series ?? [];
}
function scrapedOnce(series) {
    const targets = Map.groupBy(series, ({ labels }) => JSON.stringify([labels.__name__, labels.instance]));
    return [...targets.values()].flatMap((found) => {
        const scrapers = Map.groupBy(found, ({ labels }) => scraperOf(labels));
        return scrapers.size === 1 ? found : bestOf(scrapers);
    });
}

;// CONCATENATED MODULE: ./src/checks/prometheus/pods-of.ts





const isUp = ({ labels }) => labels.__name__ === 'up';
const jobsOf = (series) => new Set(series.filter((one) => !isUp(one)).map(({ labels }) => labels.job ?? ''));
const targetsAmong = (series, jobs) => series.filter((one) => isUp(one) && (jobs.size === 0 || jobs.has(one.labels.job ?? '')));
function targetsOf(series, jobs) {
    const counting = new Set(series.filter((one) => !isUp(one)).map(({ labels }) => scrapeOf(labels)));
    const targets = targetsAmong(series, jobs);
    return counting.size === 0 ? targets : targets.filter(({ labels }) => counting.has(scrapeOf(labels)));
}
const successes = ({ samples }) => samples.flatMap(({ at, value }) => (value === 1 ? at : []));
function scrapesBeside(counters, target) {
    const times = successes(target);
    if (counters.length === 0)
        return times;
    const first = counters.reduce((least, { samples }) => Math.min(least, samples[0]?.at ?? least), Infinity);
    return times.includes(first) ? times : times.filter((at) => at >= first);
}
const bornBy = ({ side, releaseStartedAt }) => side === 'canary' ? releaseStartedAt : undefined;
function podsOf({ measured, recipe }, { series, created }, counting) {
    const all = [...series.values()].filter((one) => inNamespace(one, measured.namespace));
    const jobs = jobsOf(all);
    const hasTargets = targetsAmong(all, jobs).length > 0;
    const matcher = podMatcher(measured);
    const byPod = Map.groupBy(all, ({ labels }) => labels[recipe.pod] ?? '');
    const ready = new Set(measured.pods.map(({ name }) => name));
    const known = new Map([...created, ...measured.pods.map((pod) => [pod.name, pod.createdAt])]);
    const edges = commonBoundaries(all.flatMap(({ histograms = [] }) => histograms));
    const reading = { ...counting, names: recipe, edges, probes: measured.probes };
    const reporterOf = (name) => {
        const own = byPod.get(name) ?? [];
        const counters = scrapedOnce(own.filter((one) => !isUp(one)));
        const createdAt = known.get(name) ?? bornBy(measured);
        return {
            name,
            ...(createdAt !== undefined && { createdAt }),
            ready: ready.has(name) && (hasTargets || own.length > 0),
            series: counters,
            scrapes: scrapedOnce(targetsOf(own, jobs)).map((one) => scrapesBeside(counters, one))
        };
    };
    const names = new Set([...ready, ...[...byPod.keys()].filter((name) => matcher.test(name))]);
    return [...names].sort().map((name) => podSamples(reporterOf(name), reading));
}

;// CONCATENATED MODULE: ./src/checks/prometheus/source-queries.ts
const NO_EVIDENCE = { since: 0, history: [], targets: [] };

;// CONCATENATED MODULE: ./src/checks/prometheus/pod-source.ts






function beganAtZero(history, { pod }, measured, since) {
    const old = measured.pods.filter(({ createdAt }) => createdAt < measured.releaseStartedAt - lookBack(undefined));
    const scraped = history.filter(({ samples }) => (samples[0]?.at ?? Infinity) <= since);
    const known = new Set(scraped.map(({ labels }) => labels[pod]));
    return ({ labels }) => known.has(labels[pod]) || !old.some(({ name }) => name === labels[pod]);
}
function silentPods(history, { pod }, { pods }, fresh) {
    if (named(history, 'up').length === 0)
        return [];
    const telling = history.filter(({ labels, samples }) => samples.some(({ at, value }) => at >= fresh && (labels.__name__ !== 'up' || value === 1)));
    const heard = new Set(telling.map(({ labels }) => labels[pod]));
    const due = pods.filter(({ createdAt }) => createdAt < fresh);
    return due.filter(({ name }) => !heard.has(name)).map(({ name }) => name);
}
function probesAmong({ pod }, { probes, pods }, atRoot, { since, until }) {
    const byPod = Map.groupBy(atRoot, ({ labels }) => labels[pod] ?? '');
    return [...byPod].reduce((total, [name, requests]) => {
        const created = pods.find((one) => one.name === name)?.createdAt ?? since;
        const begun = since - created < lookBack(undefined) ? Math.min(since, created) : since;
        const found = requests.reduce((sum, { count }) => sum + count, 0);
        return total + Math.min(found, rootProbes(probes, until - begun));
    }, 0);
}
const lacksOf = {
    canary: {
        counter: (scraped, expected = `any of ${SEARCHED_COUNTERS}`) => scraped
            ? `no series: the new version's pods are scraped, but none reports ${expected} (has a request reached them?)`
            : `no series: no pod of the new version reports ${expected} (is it scraped?)`,
        status: (requests) => `${requests} has no label with the HTTP status (tried ${SEARCHED_STATUS_LABELS})`,
        buckets: `no histogram: the new version's pods report none of ${SEARCHED_BUCKETS}`,
        durations: "no durations: the new version's pods report no sum of them"
    },
    stable: {
        counter: (scraped) => scraped
            ? `the stable version's pods are scraped, but report none of ${SEARCHED_COUNTERS}`
            : `Prometheus has nothing from the stable version's pods (searched for ${SEARCHED_COUNTERS})`,
        status: (requests) => `${requests} has none of the labels ${SEARCHED_STATUS_LABELS} with an HTTP status`,
        buckets: `the stable version's pods report none of ${SEARCHED_BUCKETS}`,
        durations: "the stable version's pods report no durations of requests"
    }
};
const pathOfProbes = (labels, { probes, port }) => probedPath(labels, probes) ?? (cameByProbedPort(labels, probes, port) ? 'the port of a probe' : undefined);
const podSource = {
    scrapesPods: true,
    detectionQuery: detectionQuery,
    detect: detect,
    samplesQuery: samplesQuery,
    belongs: (series, { namespace }) => inNamespace(series, namespace),
    targetsQuery: () => undefined,
    counting: (recipe, measured, { history, since }) => {
        const hasFailed = (labels) => recipe.status !== undefined && isServerError(labels[recipe.status] ?? '');
        return {
            hasFailed,
            probedPath: (labels) => pathOfProbes(labels, measured),
            probesAmong(counted, moment) {
                const atRoot = counted.filter(({ labels }) => isAtRoot(labels) && !hasFailed(labels));
                return probesAmong(recipe, measured, atRoot, moment);
            },
            beganAtZero: beganAtZero(history, recipe, measured, since),
            silentPods: (fresh) => silentPods(history, recipe, measured, fresh)
        };
    },
    lacks: (version) => lacksOf[version],
    rangeQueries: (asked, names, seconds) => {
        const versions = asked.map(({ measured, queried = measured }) => queried);
        return asked.slice(0, 1).map(({ recipe }) => rangeQuery(recipe, names, versions, seconds));
    },
    samplesOf: (asked, known) => podsOf(asked, known, podSource.counting(asked.recipe, asked.measured, NO_EVIDENCE))
};

;// CONCATENATED MODULE: ./src/checks/prometheus/selector.ts
const is = (label, value) => ({ label, operator: '=', value });
const isNot = (label, value) => ({ label, operator: '!=', value });
const matches = (label, value) => ({ label, operator: '=~', value });
function selector_holds({ operator, value }, found) {
    switch (operator) {
        case '=':
            return found === value;
        case '!=':
            return found !== value;
        case '=~':
            return new RegExp(`^(?:${value})$`).test(found);
    }
}
const selects = (selector, { labels }) => selector.every((matcher) => selector_holds(matcher, labels[matcher.label] ?? ''));
const printSelector = (selector) => `{${selector.map(({ label, operator, value }) => `${label}${operator}"${value}"`).join(',')}}`;
const OF_TARGETS = ['namespace', 'service'];
const renamed = (matcher) => ({ ...matcher, label: `exported_${matcher.label}` });
const spellings = (selector) => selector.reduce((prefixes, matcher) => (OF_TARGETS.includes(matcher.label) ? [renamed(matcher), matcher] : [matcher]).flatMap((one) => prefixes.map((prefix) => [...prefix, one])), [[]]);

;// CONCATENATED MODULE: ./src/checks/prometheus/instances-of.ts





const instanceOf = ({ labels }) => labels.instance ?? labels.pod ?? '';
const timesOf = (series) => [...new Set(series.flatMap(({ samples }) => samples.map(({ at }) => at)))].sort((one, other) => one - other);
function createdWith(series, { pods }) {
    const pod = pods.find(({ name }) => series.some(({ labels }) => labels.pod === name));
    return pod === undefined ? {} : { createdAt: pod.createdAt };
}
function instancesOf({ recipe, measured }, { series }, hasFailed) {
    const all = scrapedOnce([...series.values()]);
    const fresh = (samples_newestSample(all) ?? 0) - staleAfter(scrapeGap(all));
    const isOwn = (one) => selects(recipe.selector, one);
    const reading = { names: recipe, hasFailed, probedPath: () => undefined, edges: [], probes: [] };
    const instances = [...Map.groupBy(all, instanceOf)].filter(([, found]) => found.some(isOwn));
    return instances
        .map(([name, found]) => ({
        name,
        ...createdWith(found, measured),
        ready: (samples_newestSample(found) ?? 0) >= fresh,
        series: found.filter(isOwn),
        scrapes: [timesOf(found)]
    }))
        .sort((one, other) => (one.name < other.name ? -1 : 1))
        .map((reporter) => podSamples(reporter, reading));
}

;// CONCATENATED MODULE: ./src/checks/prometheus/router-source.ts




const candidates = ({ version, reports }, measured) => (reports?.map((report) => [report]) ?? [[]]).flatMap((report) => spellings([...version(measured), ...report]));
const among = (names, selector) => printSelector([matches('__name__', names.join('|')), ...selector]);
function router_source_detectionQuery(router, measured) {
    const { requests, status, latency } = router;
    const selectors = candidates(router, measured);
    const kept = new Set(['__name__', 'job', 'le', status, ...selectors.flat().map(({ label }) => label)]);
    const names = [requests, `${latency.base}_bucket`, `${latency.base}_sum`];
    const found = selectors.map((selector) => among(names, selector)).join(' or ');
    return `count by (${[...kept].join(',')}) (${found})`;
}
function latencyAmong(series, { latency }) {
    const called = (name) => series.filter(({ labels }) => labels.__name__ === name);
    const edges = called(`${latency.base}_bucket`).map(edgeOf).filter(Number.isFinite);
    const ordered = [...new Set(edges)].sort((one, other) => one - other).map((edge) => edge * latency.unit);
    if (ordered.length > 0)
        return { ...latency, hasBuckets: true, edges: ordered };
    return called(`${latency.base}_sum`).length > 0 ? { ...latency, hasBuckets: false } : undefined;
}
function router_source_detect(router, answer, measured) {
    const { requests, status } = router;
    const counters = answer.filter(({ labels }) => labels.__name__ === requests);
    const selector = candidates(router, measured).find((one) => counters.some((series) => selects(one, series)));
    if (selector === undefined)
        return { scraped: false };
    const found = answer.filter((series) => selects(selector, series));
    const counted = found.filter(({ labels }) => labels.__name__ === requests);
    const latency = latencyAmong(found, router);
    const recipe = {
        requests,
        ...(counted.every(({ labels }) => labels[status]) && { status }),
        ...(latency && { latency }),
        selector,
        jobs: [...new Set(counted.flatMap(({ labels }) => labels.job ?? []))].sort()
    };
    return { scraped: true, recipe };
}
const router_source_rangeQuery = ({ selector }, names, seconds) => `${among(names, selector)}[${seconds}s]`;
const router_source_samplesQuery = (recipe, wanted, seconds) => router_source_rangeQuery(recipe, metricNames(recipe, wanted), seconds);
const jobSelector = (job) => `up{job=${JSON.stringify(job)}}`;
const targetsQuery = ({ jobs }, secondsAgo) => jobs.length === 0 ? undefined : jobs.map((job) => `${jobSelector(job)} offset ${secondsAgo}s`).join(' or ');
const targetOf = ({ labels }) => JSON.stringify([labels.job, labels.instance]);
function router_source_beganAtZero({ since, history, targets }) {
    const wasUp = new Map(targets.map((target) => [targetOf(target), target.samples.at(-1)?.value === 1]));
    const jobs = new Set(targets.filter((one) => wasUp.get(targetOf(one))).map(({ labels }) => labels.job));
    const scraped = history.filter(({ samples }) => (samples[0]?.at ?? Infinity) <= since);
    const known = new Set(scraped.map(targetOf));
    return (series) => known.has(targetOf(series)) || (wasUp.get(targetOf(series)) ?? jobs.has(series.labels.job));
}
function router_source_lacksOf(router, version, measured) {
    const { name, requests, status, latency } = router;
    const whose = printSelector(router.version(measured));
    const whom = version === 'canary' ? 'the new version' : 'the stable version';
    return {
        counter: () => `Prometheus has no ${requests}${whose} (is ${name} scraped, and has it sent a request to ${whom}?)`,
        status: () => `${requests}${whose} has no label ${status}`,
        buckets: `Prometheus has no ${latency.base}_bucket${whose}`,
        durations: `Prometheus has no ${latency.base}_sum${whose}`
    };
}
const routerSource = (router) => ({
    scrapesPods: false,
    detectionQuery: (measured) => router_source_detectionQuery(router, measured),
    detect: (answer, measured) => router_source_detect(router, answer, measured),
    samplesQuery: (recipe, wanted, _subject, seconds) => router_source_samplesQuery(recipe, wanted, seconds),
    belongs: () => true,
    targetsQuery,
    counting: (_recipe, _subject, evidence) => ({
        hasFailed: router.hasFailed,
        probedPath: () => undefined,
        probesAmong: () => 0,
        beganAtZero: router_source_beganAtZero(evidence),
        silentPods: () => []
    }),
    lacks: (version, measured) => router_source_lacksOf(router, version, measured),
    rangeQueries: (asked, names, seconds) => asked.map(({ recipe }) => router_source_rangeQuery(recipe, names, seconds)),
    samplesOf: (asked, known) => instancesOf(asked, known, router.hasFailed)
});

;// CONCATENATED MODULE: ./src/checks/prometheus/routers.ts


const isGrpcFailure = (status) => ['2', '4', '12', '13', '14', '15'].includes(status);
const istioFailed = ({ response_code = '', response_flags = '', grpc_response_status = '' }) => isServerError(response_code) ||
    isGrpcFailure(grpc_response_status) ||
    (response_code === '0' && !/\b(DC|DR)\b/.test(response_flags));
function needed(value, what) {
    if (value === undefined)
        throw new Error(`the metrics of a router are looked for without the ${what}`);
    return value;
}
const backendOf = ({ backend }) => needed(backend, "version's Service");
const hyphened = (...names) => names.join('-').replace(/[^a-z0-9]+/g, '-');
function traefikService(measured) {
    const { service, port = '[0-9]+', portName } = backendOf(measured);
    const written = portName === undefined ? String(port) : `(${port}|${hyphened(portName)})`;
    const gateway = `(-http-${port}|-${port}-grpc)@kubernetesgateway`;
    return `${hyphened(measured.namespace, service)}((-${written})?@kubernetes(crd)?|${gateway})`;
}
function nginxVersion(measured) {
    const { namespace, route, side } = measured;
    const { service, portName = '' } = backendOf(measured);
    const port = portName.includes('-') ? `([a-z0-9]+|${portName})` : '[a-z0-9]+';
    const common = [is('namespace', namespace), is('ingress', needed(route, 'Ingress').name)];
    return needed(side, 'side') === 'stable'
        ? [...common, is('service', service), is('canary', '')]
        : [...common, matches('canary', `${namespace}-${service}-${port}`)];
}
const routers = {
    istio: {
        name: 'Istio',
        requests: 'istio_requests_total',
        status: 'response_code',
        hasFailed: istioFailed,
        latency: { base: 'istio_request_duration_milliseconds', unit: 0.001 },
        version: ({ namespace, deployment }) => [
            is('destination_workload_namespace', namespace),
            is('destination_workload', needed(deployment, "version's Deployment"))
        ],
        reports: [matches('reporter', 'source|waypoint'), is('reporter', 'destination')]
    },
    nginx: {
        name: 'ingress-nginx',
        requests: 'nginx_ingress_controller_requests',
        status: 'status',
        hasFailed: ({ status = '' }) => isServerError(status),
        latency: { base: 'nginx_ingress_controller_request_duration_seconds', unit: 1 },
        version: nginxVersion
    },
    traefik: {
        name: 'Traefik',
        requests: 'traefik_service_requests_total',
        status: 'code',
        hasFailed: ({ code = '', protocol = '' }) => protocol.startsWith('grpc') ? isGrpcFailure(code) : isServerError(code),
        latency: { base: 'traefik_service_request_duration_seconds', unit: 1 },
        version: (measured) => [matches('service', traefikService(measured))]
    },
    envoy: {
        name: 'Envoy',
        requests: 'envoy_cluster_upstream_rq',
        status: 'envoy_response_code',
        hasFailed: ({ envoy_response_code = '' }) => isServerError(envoy_response_code),
        latency: { base: 'envoy_cluster_upstream_rq_time', unit: 0.001 },
        version: (measured) => {
            const { service, port = '[0-9]+' } = backendOf(measured);
            return [matches('envoy_cluster_name', `(.+/)?${measured.namespace}_${service}_${port}`)];
        }
    },
    linkerd: {
        name: 'Linkerd',
        requests: 'response_total',
        status: 'classification',
        hasFailed: ({ classification }) => classification === 'failure',
        latency: { base: 'response_latency_ms', unit: 0.001 },
        version: ({ namespace, deployment }) => [
            is('direction', 'inbound'),
            is('namespace', namespace),
            is('deployment', needed(deployment, "version's Deployment")),
            isNot('route_name', 'probe'),
            isNot('srv_port', '4191')
        ]
    }
};

;// CONCATENATED MODULE: ./src/checks/prometheus/request-metrics.ts









const SETTLED = 75_000;
const LOOK_AGAIN = 5_000;
const isNothing = ({ scraped, recipe }) => !scraped && recipe === undefined;
const openRequestMetrics = (metrics, clock, wanted, source) => source === 'http'
    ? new SampledRequests(metrics, clock, wanted, podSource)
    : new SampledRequests(metrics, clock, wanted, routerSource(routers[source]));
class SampledRequests {
    #metrics;
    #clock;
    #wanted;
    #source;
    #detector;
    #history = emptyHistory;
    #found = { scraped: false };
    #targets;
    #expected;
    #gap;
    constructor(metrics, clock, wanted, source) {
        this.#metrics = metrics;
        this.#clock = clock;
        this.#wanted = wanted;
        this.#source = source;
        this.#detector = new Detector(metrics, clock, source);
    }
    gap() {
        return this.#gap;
    }
    async look(measured, since, signal) {
        const known = this.#found.recipe;
        if (known === undefined || !covers(known, this.#wanted))
            this.#found = await this.#detector.detect(measured, signal);
        const { recipe, scraped } = this.#found;
        const { side = 'canary' } = measured;
        const lacks = this.#source.lacks(side, measured);
        if (recipe === undefined)
            return { why: lacks.counter(scraped, this.#expected), early: true };
        const traffic = await this.#follow(recipe, measured, since + this.#detector.ahead, signal);
        return { names: recipe, traffic, lacks, side };
    }
    async study(measured, signal, need) {
        const found = await this.#detectInTime(measured, signal, need);
        const lacks = this.#source.lacks('stable', measured);
        if (found.recipe === undefined) {
            const blind = need?.alike === true && isNothing(found) && (await this.#isBlind(measured, signal));
            return { found, lacks, blind };
        }
        const from = this.#detector.now() - lookBack(undefined);
        const samples = await this.#samples(found.recipe, measured, from, signal);
        this.#gap = scrapeGap(samples);
        this.#expected = found.recipe.requests;
        const requests = this.#requestsIn(samples, found.recipe, measured, from);
        return { found, lacks, blind: false, ...(requests !== undefined && { requests }) };
    }
    #requestsIn(samples, recipe, measured, since) {
        if (this.#gap === undefined)
            return undefined;
        const counting = this.#source.counting(recipe, measured, { since, history: samples, targets: [] });
        const history = samples_absorb(emptyHistory, samples);
        return trafficSince(history, recipe, counting, { since, now: this.#detector.now(), gap: this.#gap })
            .requests;
    }
    async #detectInTime(measured, signal, need) {
        const found = await this.#detector.detect(measured, signal);
        const left = SETTLED - this.#ageOf(measured);
        if (need?.alike !== true || !isNothing(found) || !(left > 0) || !this.#source.scrapesPods)
            return found;
        need.tell(`Prometheus has not scraped the old version's pods yet, which are new: waiting for that, ${(0,base_duration/* formatDuration */.a)(left)} at most`);
        return this.#detectWithin(this.#clock.now() + left, measured, signal);
    }
    async #detectWithin(end, measured, signal) {
        await this.#clock.sleep(Math.min(LOOK_AGAIN, end - this.#clock.now()), signal);
        const found = await this.#detector.detect(measured, signal);
        const isOver = this.#clock.now() >= end || !isNothing(found);
        return isOver ? found : this.#detectWithin(end, measured, signal);
    }
    #ageOf({ pods }) {
        return pods.length === 0 ? NaN : this.#clock.now() - Math.min(...pods.map(({ createdAt }) => createdAt));
    }
    async #isBlind(measured, signal) {
        if (!this.#source.scrapesPods || !(this.#ageOf(measured) >= SETTLED))
            return false;
        const others = await this.#metrics.query(`count(up offset ${SETTLED / 1000}s)`, signal);
        return others.some(({ samples }) => (samples.at(-1)?.value ?? 0) > 0);
    }
    async #samples(recipe, measured, from, signal) {
        const seconds = this.#detector.secondsSince(from);
        const query = this.#source.samplesQuery(recipe, this.#wanted, measured, seconds);
        const answer = await this.#metrics.query(query, signal);
        return answer.filter((series) => this.#source.belongs(series, measured));
    }
    async #targetsAt(since, recipe, signal) {
        if (this.#targets?.since === since)
            return this.#targets.series;
        const secondsAgo = Math.max(0, Math.ceil((this.#detector.now() - since) / 1000));
        const query = this.#source.targetsQuery(recipe, secondsAgo);
        const series = query === undefined ? [] : await this.#metrics.query(query, signal);
        this.#targets = { since, series };
        return series;
    }
    async #follow(recipe, measured, since, signal) {
        const targets = await this.#targetsAt(since, recipe, signal);
        const earliest = since - lookBack(this.#gap);
        const newest = samples_newestSample([...this.#history.values()]);
        const from = newest === undefined ? earliest : Math.max(newest - MARGIN, earliest);
        const added = await this.#samples(recipe, measured, from, signal);
        const heard = this.#detector.now() - lookBack(this.#gap);
        this.#history = forget(samples_absorb(this.#history, added), Math.min(since, heard));
        const history = [...this.#history.values()];
        this.#gap = scrapeGap(history) ?? this.#gap;
        const counting = this.#source.counting(recipe, measured, { since, history, targets });
        return trafficSince(this.#history, recipe, counting, { since, now: this.#detector.now(), gap: this.#gap });
    }
}

;// CONCATENATED MODULE: ./src/checks/prometheus/sampler.ts







function createSampler(metrics, clock, checks, source = 'http') {
    const requests = openRequestMetrics(metrics, clock, wantedBy(checks), source);
    return {
        preflight: (stable, signal, need) => preflight({ metrics, requests, checks, need }, stable, signal),
        async measure(step, measured, signal) {
            const at = clock.now();
            const age = at - step.startedAt;
            const traffic = checks.some(isBuiltIn)
                ? orMissing(requests.look(measured, step.startedAt, signal), signal)
                : Promise.resolve(notAsked);
            const find = (metric) => {
                if (metric.kind !== 'query')
                    return findIn(traffic, metric, measured);
                const filled = fillPlaceholders(metric.promql, measured, age / 1000);
                return orMissing(ask(metrics, metric.promql, filled, signal), signal);
            };
            const findings = await Promise.all(checks.map(async (check) => ({ check, finding: await find(check.metric) })));
            const youth = youthBy(requests);
            const circumstances = { at, step: step.name, young: age < youth, youth };
            return findings.map(({ check, finding }) => judge(check, finding, circumstances));
        }
    };
}
const notAsked = { why: 'no check needs it' };
const isBuiltIn = ({ metric }) => metric.kind !== 'query';
const ask = async (metrics, written, filled, signal) => findInAnswer(await metrics.query(filled, signal), written);
async function findIn(looking, metric, measured) {
    const seen = await looking;
    return 'why' in seen ? seen : findInTraffic(metric, seen, measured.pods.length);
}
async function orMissing(asking, signal) {
    try {
        return await asking;
    }
    catch (error) {
        signal?.throwIfAborted();
        if (error instanceof MetricsError)
            return { why: error.message, final: error.fault === 'query' };
        throw error;
    }
}
function youthBy(requests) {
    const gap = requests.gap();
    return gap === undefined ? 75_000 : 2 * gap + 5_000;
}

// EXTERNAL MODULE: external "node:stream"
var external_node_stream_ = __webpack_require__(7075);
// EXTERNAL MODULE: ./src/kubernetes/ref.ts
var ref = __webpack_require__(313);
// EXTERNAL MODULE: ./src/kubernetes/tree.ts
var kubernetes_tree = __webpack_require__(6898);
;// CONCATENATED MODULE: ./src/kubernetes/absent.ts


const MAPS_OF_TEXT = new Set([
    'labels',
    'annotations',
    'matchLabels',
    'nodeSelector',
    'parameters',
    'volumeAttributes'
]);
const AMOUNTS = new Set(['limits', 'requests']);
const CONTENT = new Set(['data', 'stringData', 'binaryData']);
function withoutNulls(object) {
    const { apiVersion, kind, metadata } = object;
    if (!absent_isBuiltIn(apiVersion))
        return (0,kubernetes_tree/* isTree */.x)(metadata) ? { ...object, metadata: absent_fieldsOf(metadata) } : object;
    const isConfig = apiVersion === 'v1' && (kind === 'ConfigMap' || kind === 'Secret');
    const isService = apiVersion === 'v1' && kind === 'Service';
    return Object.fromEntries(Object.entries(absent_fieldsOf(object)).map(([key, value]) => {
        if (isConfig && CONTENT.has(key))
            return [key, filled(object[key], '')];
        if (isService && key === 'spec')
            return [key, withSelector(value, object[key])];
        return [key, value];
    }));
}
const GROUPS = new Set([
    'admissionregistration',
    'apiextensions',
    'apiregistration',
    'authentication',
    'authorization',
    'certificates',
    'coordination',
    'discovery',
    'events',
    'flowcontrol.apiserver',
    'networking',
    'node',
    'rbac.authorization',
    'resource',
    'scheduling',
    'storage'
].map((name) => `${name}.k8s.io`));
function absent_isBuiltIn(apiVersion) {
    if (typeof apiVersion !== 'string')
        return false;
    const group = (0,ref/* groupOf */.F8)(apiVersion);
    return !group.includes('.') || GROUPS.has(group);
}
function withoutNullsIn(value) {
    if (Array.isArray(value))
        return value.map(withoutNullsIn);
    return (0,kubernetes_tree/* isTree */.x)(value) ? absent_fieldsOf(value) : value;
}
const absent_fieldsOf = (tree) => Object.fromEntries(Object.entries(tree).flatMap(([key, value]) => {
    if (value === null)
        return [];
    if (MAPS_OF_TEXT.has(key))
        return [[key, filled(value, '')]];
    return [[key, AMOUNTS.has(key) ? filled(value, '0') : withoutNullsIn(value)]];
}));
const filled = (value, empty) => (0,kubernetes_tree/* isTree */.x)(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, one ?? empty]))
    : withoutNullsIn(value);
const withSelector = (spec, written) => (0,kubernetes_tree/* isTree */.x)(spec) && (0,kubernetes_tree/* isTree */.x)(written) && (0,kubernetes_tree/* isTree */.x)(written.selector)
    ? { ...spec, selector: filled(written.selector, '') }
    : spec;

;// CONCATENATED MODULE: ./src/kubernetes/shapes.ts

const shapes_is = (what, holds) => (value, path) => {
    if (holds(value))
        return undefined;
    return value === undefined ? `${path} is missing` : `${path} is not ${what}`;
};
const shapes_text = shapes_is('a text', (value) => typeof value === 'string');
const number = shapes_is('a number', (value) => typeof value === 'number');
const shapes_boolean = shapes_is('true or false', (value) => typeof value === 'boolean');
const amount = shapes_is('a text or a number', (value) => typeof value === 'string' || typeof value === 'number');
const map = shapes_is('a map', kubernetes_tree/* isTree */.x);
const array = shapes_is('a list', Array.isArray);
function first(complaints) {
    for (const complaint of complaints)
        if (complaint !== undefined)
            return complaint;
    return undefined;
}
const listOf = (item) => (value, path) => array(value, path) ?? first(value.map((one, at) => item(one, `${path}[${at}]`)));
const mapOf = (entry) => (value, path) => map(value, path) ??
    first(Object.entries(value).map(([key, one]) => entry(one, `${path}[${JSON.stringify(key)}]`)));
const fields = (required, optional = {}) => (value, path) => {
    const wrong = map(value, path);
    if (wrong !== undefined)
        return wrong;
    const at = (key) => (path === '' ? key : `${path}.${key}`);
    const tree = value;
    return (first(Object.entries(required).map(([key, shape]) => shape(tree[key], at(key)))) ??
        first(Object.entries(optional).map(([key, shape]) => tree[key] === undefined ? undefined : shape(tree[key], at(key)))));
};

;// CONCATENATED MODULE: ./src/kubernetes/shape.ts

const labels = mapOf(shapes_text);
const amounts = mapOf(amount);
const resources = fields({}, { requests: amounts, limits: amounts });
const condition = fields({ type: shapes_text, status: shapes_text }, { reason: shapes_text, message: shapes_text });
const metadata = fields({ name: shapes_text }, {
    namespace: shapes_text,
    uid: shapes_text,
    resourceVersion: shapes_text,
    generation: number,
    creationTimestamp: shapes_text,
    deletionTimestamp: shapes_text,
    labels,
    annotations: labels,
    ownerReferences: listOf(fields({ kind: shapes_text, name: shapes_text, uid: shapes_text })),
    finalizers: listOf(shapes_text),
    managedFields: listOf(map)
});
const container = fields({ name: shapes_text }, {
    image: shapes_text,
    ports: listOf(fields({ containerPort: number }, { name: shapes_text, protocol: shapes_text })),
    resources,
    command: listOf(shapes_text),
    args: listOf(shapes_text),
    env: listOf(fields({ name: shapes_text })),
    envFrom: listOf(map),
    volumeMounts: listOf(map),
    readinessProbe: map,
    livenessProbe: map,
    startupProbe: map,
    lifecycle: fields({}, {
        preStop: fields({}, { sleep: fields({ seconds: number }), exec: fields({}, { command: listOf(shapes_text) }) })
    }),
    restartPolicy: shapes_text
});
const podSpec = fields({ containers: listOf(container) }, {
    initContainers: listOf(container),
    volumes: listOf(fields({ name: shapes_text })),
    resources,
    overhead: amounts,
    terminationGracePeriodSeconds: number,
    readinessGates: listOf(fields({ conditionType: shapes_text })),
    imagePullSecrets: listOf(map)
});
const template = fields({ spec: podSpec }, { metadata: fields({}, { labels, annotations: labels }) });
const containerState = fields({}, { running: map, waiting: map, terminated: map });
const containerStatus = fields({ name: shapes_text, ready: shapes_boolean, restartCount: number }, { state: containerState, lastState: containerState });
const deployment = fields({ selector: fields({}, { matchLabels: labels, matchExpressions: listOf(map) }), template }, {
    replicas: number,
    minReadySeconds: number,
    progressDeadlineSeconds: number,
    paused: shapes_boolean,
    strategy: fields({}, { type: shapes_text, rollingUpdate: fields({}, { maxSurge: amount, maxUnavailable: amount }) })
});
const service = fields({}, {
    selector: labels,
    ports: listOf(fields({ port: number }, { name: shapes_text, protocol: shapes_text, targetPort: amount })),
    type: shapes_text
});
const autoscaler = fields({ scaleTargetRef: fields({ kind: shapes_text, name: shapes_text }), maxReplicas: number }, { minReplicas: number });
const lease = fields({}, { holderIdentity: shapes_text, leaseDurationSeconds: number, renewTime: shapes_text, acquireTime: shapes_text });
const endpoint = fields({}, { conditions: fields({}, { ready: shapes_boolean }), targetRef: fields({}, { uid: shapes_text }) });
const backend = fields({ name: shapes_text }, { group: shapes_text, kind: shapes_text, namespace: shapes_text, port: number, weight: number, filters: listOf(map) });
const gatewayRoute = fields({}, {
    parentRefs: listOf(fields({ name: shapes_text }, { group: shapes_text, kind: shapes_text, namespace: shapes_text, sectionName: shapes_text })),
    rules: listOf(fields({}, {
        backendRefs: listOf(backend),
        matches: listOf(fields({}, { headers: listOf(map) })),
        filters: listOf(map)
    }))
});
const gatewayStatus = fields({}, {
    parents: listOf(fields({ parentRef: fields({ name: shapes_text }), controllerName: shapes_text }, { conditions: listOf(condition) }))
});
const KINDS = {
    'gateway.networking.k8s.io/v1 HTTPRoute': { spec: gatewayRoute },
    'gateway.networking.k8s.io/v1 GRPCRoute': { spec: gatewayRoute },
    'apps/v1 Deployment': { spec: deployment },
    'apps/v1 ReplicaSet': { spec: fields({ template }, { replicas: number }) },
    'autoscaling/v1 HorizontalPodAutoscaler': { spec: autoscaler },
    'autoscaling/v2 HorizontalPodAutoscaler': { spec: autoscaler },
    'v1 Service': { spec: service },
    'v1 Pod': { spec: podSpec }
};
const OTHERS = {
    'apps/v1 Deployment': {
        status: fields({}, {
            conditions: listOf(condition),
            observedGeneration: number,
            replicas: number,
            updatedReplicas: number,
            availableReplicas: number
        })
    },
    'coordination.k8s.io/v1 Lease': { spec: lease },
    'discovery.k8s.io/v1 EndpointSlice': { endpoints: listOf(endpoint), ports: listOf(map) },
    'gateway.networking.k8s.io/v1 HTTPRoute': { status: gatewayStatus },
    'gateway.networking.k8s.io/v1 GRPCRoute': { status: gatewayStatus },
    'v1 Pod': {
        status: fields({}, {
            phase: shapes_text,
            reason: shapes_text,
            message: shapes_text,
            conditions: listOf(condition),
            containerStatuses: listOf(containerStatus),
            initContainerStatuses: listOf(containerStatus)
        })
    }
};
function misshapen(object, metadataOnly = false) {
    const kind = metadataOnly ? '' : `${String(object.apiVersion)} ${String(object.kind)}`;
    return fields({ metadata, ...KINDS[kind] }, OTHERS[kind])(object, '');
}

;// CONCATENATED MODULE: ./src/kubernetes/api/answers.ts




function objectIn(answer, kind) {
    if (!(0,kubernetes_tree/* isTree */.x)(answer))
        throw strange(kind, 'it is not an object');
    const metadataOnly = kind.metadataOnly === true;
    const object = withoutNulls({ apiVersion: kind.apiVersion, kind: kind.kind, metadata: {}, ...answer });
    const wrong = isQuestion(kind) ? undefined : misshapen(object, metadataOnly);
    if (wrong !== undefined)
        throw strange(kind, wrong);
    return object;
}
const isQuestion = ({ kind }) => kind.endsWith('Review');
function pageIn(answer, kind) {
    if (!(0,kubernetes_tree/* isTree */.x)(answer))
        throw strange(kind, 'it is not a list of objects');
    const { metadata } = answer;
    const items = answer.items ?? [];
    if (!Array.isArray(items))
        throw strange(kind, 'it is not a list of objects');
    const { resourceVersion, continue: next } = (0,kubernetes_tree/* isTree */.x)(metadata) ? metadata : {};
    return {
        items: items.map((item) => objectIn(answers_named(item, kind), kind)),
        version: typeof resourceVersion === 'string' ? resourceVersion : '',
        next: typeof next === 'string' && next !== '' ? next : undefined
    };
}
const answers_named = (item, { apiVersion, kind }) => (0,kubernetes_tree/* isTree */.x)(item) ? { ...item, apiVersion, kind } : item;
const strange = ({ kind }, what) => new errors/* ClusterError */.b$(`an answer is no ${kind} as an API server sends it: ${what}`, 200);

;// CONCATENATED MODULE: ./src/kubernetes/role-files.ts
const FOLDER = 'examples/kubernetes';
const GRANTS = {
    'role.yaml': {
        services: 'get list watch patch',
        'discovery.k8s.io/endpointslices': 'list watch',
        'apps/deployments': 'get list watch create update patch',
        'apps/replicasets': 'get list',
        'autoscaling/horizontalpodautoscalers': 'list patch',
        pods: 'list watch',
        'pods/log': 'get',
        events: 'list',
        'coordination.k8s.io/leases': 'get create update',
        'pods/proxy': 'get create',
        'pods/portforward': 'get create'
    },
    'role-config.yaml': { configmaps: 'create patch list delete', secrets: 'create patch list delete' },
    'role-watchdog.yaml': { 'batch/jobs': 'list create delete' },
    'role-httproute.yaml': { 'gateway.networking.k8s.io/httproutes': 'get list watch patch' },
    'role-grpcroute.yaml': { 'gateway.networking.k8s.io/grpcroutes': 'get list watch patch' },
    'role-virtualservice.yaml': {
        'networking.istio.io/virtualservices': 'get list watch patch',
        'networking.istio.io/destinationrules': 'get list watch create patch delete'
    },
    'role-ingress.yaml': { 'networking.k8s.io/ingresses': 'get list watch create patch delete' },
    'role-traefikservice.yaml': { 'traefik.io/traefikservices': 'get list watch patch' },
    'role-httpproxy.yaml': { 'projectcontour.io/httpproxies': 'get list watch patch' },
    'prometheus-role.yaml': { 'services/proxy': 'get' },
    'role-<kind of the route>.yaml': { services: 'create' }
};
function roleFileFor({ group, resource, subresource, verb }) {
    const name = [group, resource, subresource].filter((part) => part !== undefined && part !== '').join('/');
    const found = Object.entries(GRANTS).find(([, grants]) => grants[name]?.split(' ').includes(verb));
    return found && `${FOLDER}/${found[0]}`;
}

;// CONCATENATED MODULE: ./src/kubernetes/rights.ts

const AUTHORIZATION = 'authorization.k8s.io/v1';
const resourceOf = ({ resource, subresource }) => subresource === undefined ? resource : `${resource}/${subresource}`;
const rights_covers = (rules, right) => rules.some(({ verbs, apiGroups = [], resources = [], resourceNames = [] }) => rights_holds(verbs, right.verb) &&
    rights_holds(apiGroups, right.group) &&
    (rights_holds(resources, resourceOf(right)) || holdsSubresource(resources, right)) &&
    (resourceNames.length === 0 || (right.name !== undefined && resourceNames.includes(right.name))));
const rights_holds = (list, wanted) => list.includes('*') || list.includes(wanted);
const holdsSubresource = (resources, { subresource }) => subresource !== undefined && resources.includes(`*/${subresource}`);
async function missingRights(cluster, namespace, needs, known) {
    const rules = known ?? (await readRules(cluster, namespace));
    const doubtful = needs.filter((right) => !rights_covers(rules, right));
    const answers = await Promise.all(doubtful.map((right) => isAllowed(cluster, namespace, right)));
    return doubtful.filter((_, at) => answers[at] === false);
}
async function readRules(cluster, namespace) {
    const review = await cluster.create({
        apiVersion: AUTHORIZATION,
        kind: 'SelfSubjectRulesReview',
        metadata: { name: '' },
        spec: { namespace }
    });
    return review.status?.resourceRules ?? [];
}
async function isAllowed(cluster, namespace, right) {
    const review = await cluster.create({
        apiVersion: AUTHORIZATION,
        kind: 'SelfSubjectAccessReview',
        metadata: { name: '' },
        spec: { resourceAttributes: { ...right, namespace } }
    });
    return review.status?.allowed === true;
}
function describeMissing(right, namespace, verbs = [right.verb], { verb: one } = right) {
    const { verb, group, name } = right;
    const file = roleFileFor({ ...right, verb: one });
    const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
    const resources = JSON.stringify([resourceOf(right)]);
    const names = name === undefined ? '' : `, resourceNames: ${JSON.stringify([name])}`;
    const rule = `{apiGroups: ${JSON.stringify([group])}, resources: ${resources}${names}, verbs: ${JSON.stringify(verbs)}}`;
    const from = file === undefined ? '' : `, or apply ${file} there`;
    return `cannot ${verb} ${resourceOf(right)}${where}: give the ServiceAccount this rule: ${rule}${from}`;
}
function describeAllMissing(rights, namespace) {
    const byResource = new Map();
    for (const right of rights) {
        const key = JSON.stringify([right.group, resourceOf(right), right.name, roleFileFor(right)]);
        byResource.set(key, [...(byResource.get(key) ?? []), right]);
    }
    return [...byResource.values()].flatMap((alike) => {
        const [first] = alike;
        const verbs = alike.map(({ verb }) => verb);
        return first === undefined
            ? []
            : [describeMissing({ ...first, verb: verbs.join(', ') }, namespace, verbs, first)];
    });
}
const rightsFaults = (missing, namespace) => describeAllMissing(missing, namespace).map((problem) => ({ input: 'kubeconfig', problem }));
function rightIn(message) {
    const told = /cannot (\S+) resource "([^"/]+)(?:\/([^"]+))?" in API group "([^"]*)"/.exec(message);
    if (told === null)
        return undefined;
    const [, verb = '', resource = '', subresource, group = ''] = told;
    return { verb, group, resource, subresource };
}

;// CONCATENATED MODULE: ./src/kubernetes/api/refusal.ts



function describeCall({ verb, kind, resource, name = '', subresource, namespace }) {
    const object = name === '' ? resource : `${kind.toLowerCase()}/${name}`;
    const part = subresource === undefined ? '' : `${subresource} of `;
    return `${verb} ${part}${object}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}
function refusal(call, { status, body }) {
    const said = statusIn(body)?.message ?? body.trim().slice(0, 300);
    const message = said === '' ? `status ${status} without a word` : said;
    return new errors/* ClusterError */.b$(`cannot ${describeCall(call)}: ${message}${remedy(call, status, message)}`, status);
}
function readJson(call, answer) {
    if (answer.status < 200 || answer.status > 299)
        throw refusal(call, answer);
    try {
        return JSON.parse(answer.body);
    }
    catch (cause) {
        const start = JSON.stringify(answer.body.slice(0, 100));
        const why = `the answer is no JSON but ${start}; is this the address of an API server?`;
        throw new errors/* ClusterError */.b$(`cannot ${describeCall(call)}: ${why}`, answer.status, { cause });
    }
}
function remedy(call, status, message) {
    if (status === 401)
        return `. The credentials are not valid (any more). A ServiceAccount's token ends at its time: make the next one, kubectl create token <name> --namespace <its namespace> --duration 2160h, and put it into the kubeconfig`;
    const missing = status === 403 ? rightIn(message) : undefined;
    if (missing !== undefined)
        return `. It ${describeMissing(missing, call.namespace)}`;
    if (status === 422 && call.verb === 'patch' && message.includes('rejected our request')) {
        return '. The object is no longer as the patch expects it';
    }
    return '';
}
const isMissing = ({ status, body }, name) => status === 404 && statusIn(body)?.details?.name === name;

;// CONCATENATED MODULE: ./src/kubernetes/api/discovery.ts



const builtIn = (apiVersion, namespaced, plurals) => Object.entries(plurals).map(([kind, plural]) => ({ apiVersion, kind, plural, namespaced }));
const KNOWN = [
    ...builtIn('v1', true, {
        ConfigMap: 'configmaps',
        Event: 'events',
        LimitRange: 'limitranges',
        Pod: 'pods',
        ResourceQuota: 'resourcequotas',
        Secret: 'secrets',
        Service: 'services',
        ServiceAccount: 'serviceaccounts'
    }),
    ...builtIn('v1', false, { Namespace: 'namespaces' }),
    ...builtIn('apps/v1', true, {
        DaemonSet: 'daemonsets',
        Deployment: 'deployments',
        ReplicaSet: 'replicasets',
        StatefulSet: 'statefulsets'
    }),
    ...builtIn('autoscaling/v2', true, { HorizontalPodAutoscaler: 'horizontalpodautoscalers' }),
    ...builtIn('coordination.k8s.io/v1', true, { Lease: 'leases' }),
    ...builtIn('discovery.k8s.io/v1', true, { EndpointSlice: 'endpointslices' }),
    ...builtIn('networking.k8s.io/v1', true, { Ingress: 'ingresses', NetworkPolicy: 'networkpolicies' }),
    ...builtIn('policy/v1', true, { PodDisruptionBudget: 'poddisruptionbudgets' }),
    ...builtIn('rbac.authorization.k8s.io/v1', true, { Role: 'roles', RoleBinding: 'rolebindings' }),
    ...builtIn('authorization.k8s.io/v1', false, {
        SelfSubjectAccessReview: 'selfsubjectaccessreviews',
        SelfSubjectRulesReview: 'selfsubjectrulesreviews'
    })
];
const rootOf = (apiVersion) => apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
function pathOf({ apiVersion, plural, namespaced }, namespace, name) {
    const folder = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
    const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
    return `${rootOf(apiVersion)}${folder}/${plural}${object}`;
}
function createDiscovery(read) {
    const found = new Map(KNOWN.map((resource) => [discovery_keyOf(resource), resource]));
    const asked = new Map();
    return async (apiVersion, kind) => {
        const key = discovery_keyOf({ apiVersion, kind });
        if (!found.has(key)) {
            const answer = asked.get(apiVersion) ?? ask(apiVersion);
            asked.set(apiVersion, answer);
            await answer
                .finally(() => asked.delete(apiVersion))
                .then((all) => {
                all.forEach((one) => found.set(discovery_keyOf(one), one));
            });
        }
        const resource = found.get(key);
        if (resource === undefined)
            throw new errors/* ClusterError */.b$(`the cluster has no kind ${kind} in ${apiVersion}; is its CRD installed?`, 404);
        return resource;
    };
    async function ask(apiVersion) {
        const path = rootOf(apiVersion);
        const answer = await read(path);
        if (answer.status === 404)
            return [];
        const call = { verb: 'get', group: (0,ref/* groupOf */.F8)(apiVersion), resource: path, kind: path, namespace: undefined };
        const { resources } = readJson(call, answer);
        return (resources ?? [])
            .filter(({ name }) => !name.includes('/'))
            .map(({ name, kind, namespaced }) => ({ apiVersion, kind, plural: name, namespaced }));
    }
}
const discovery_keyOf = ({ apiVersion, kind }) => `${apiVersion} ${kind}`;

;// CONCATENATED MODULE: ./src/kubernetes/api/calls.ts




const explain = (what) => (error) => {
    if (!(error instanceof errors/* ClusterError */.b$))
        throw error;
    throw new errors/* ClusterError */.b$(`${what}: ${error.message}`, error.status, { cause: error });
};
function createCalls(send) {
    const discover = createDiscovery((path) => send({ method: 'GET', path }));
    const ask = (call, request) => send(request).catch(explain(`cannot ${describeCall(call)}`));
    return {
        ask,
        async locate(verb, { apiVersion, kind, namespace, name }) {
            const resource = await discover(apiVersion, kind);
            const scope = resource.namespaced ? namespace : undefined;
            const call = {
                verb,
                group: (0,ref/* groupOf */.F8)(apiVersion),
                resource: resource.plural,
                kind,
                name,
                namespace: scope
            };
            if (resource.namespaced && name !== undefined && scope === undefined) {
                throw new errors/* ClusterError */.b$(`cannot ${describeCall(call)}: no namespace is given`, 400);
            }
            return { call, path: pathOf(resource, scope, verb === 'create' ? undefined : name) };
        },
        submit: async (call, request) => readJson(call, await ask(call, request))
    };
}

// EXTERNAL MODULE: external "node:child_process"
var external_node_child_process_ = __webpack_require__(1421);
// EXTERNAL MODULE: external "node:events"
var external_node_events_ = __webpack_require__(8474);
// EXTERNAL MODULE: external "node:process"
var external_node_process_ = __webpack_require__(1708);
;// CONCATENATED MODULE: ./src/kubernetes/api/exec-plugin.ts





class NoCredentials extends Error {
    name = 'NoCredentials';
}
const LONGEST_OUTPUT = 1024 * 1024;
const LONGEST_WORDS = 400;
const GRACE = 1000;
async function runPlugin(exec, limit) {
    const child = start(exec);
    const end = () => {
        endGroup(child);
    };
    process.once('exit', end);
    const [output, words] = [collect(child.stdout), collect(child.stderr)];
    const failed = (why) => new NoCredentials(`the credential plugin ${exec.command ?? ''} ${why}${lastWords(words())}`);
    const late = () => failed(`has not answered within ${(0,base_duration/* formatDuration */.a)(limit)} and was ended: nobody is here whom it could ask`);
    try {
        const closed = (0,external_node_events_.once)(child, 'close');
        closed.catch(() => undefined);
        const exit = await (0,within/* within */.u)({ milliseconds: limit, late }, () => exitOf(child));
        await (0,within/* within */.u)({ milliseconds: GRACE }, () => closed).catch(() => undefined);
        if (exit === 0)
            return credentialIn(output());
        throw failed(`has failed (exit ${exit})`);
    }
    finally {
        process.off('exit', end);
        end();
        for (const stream of [child.stdout, child.stderr])
            stream.destroy();
    }
}
function start({ command, args, env }) {
    if (!command)
        throw new NoCredentials('the kubeconfig names no command of its credential plugin');
    const own = (env ?? []).map(({ name, value }) => [name, value]);
    return launch(command, args ?? [], { ...process.env, ...Object.fromEntries(own) });
}
const launch = (command, args, env) => (0,external_node_child_process_.spawn)(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
async function exitOf(child) {
    const [code, killer] = (await (0,external_node_events_.once)(child, 'exit'));
    return code ?? killer ?? 'unknown';
}
function collect(stream) {
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk) => {
        text = (text + chunk).slice(-LONGEST_OUTPUT);
    });
    return () => text;
}
function credentialIn(output) {
    const { status } = parse(output);
    if (typeof status !== 'object' || status === null)
        throw new NoCredentials('the credential plugin has answered without a status');
    const credential = status;
    if (!credential.token && !(credential.clientCertificateData && credential.clientKeyData))
        throw new NoCredentials('the credential plugin has handed out neither a token nor a certificate with its key');
    return credential;
}
function parse(output) {
    try {
        return (JSON.parse(output) ?? {});
    }
    catch {
        throw new NoCredentials('the credential plugin has not answered in JSON');
    }
}
function lastWords(text) {
    const said = text
        .trim()
        .replace(/[\w+/=-]{24,}/g, '***')
        .slice(-LONGEST_WORDS);
    return said === '' ? '' : `: ${said}`;
}
function endGroup({ pid }) {
    if (pid === undefined)
        return;
    try {
        (0,external_node_process_.kill)(-pid, 'SIGKILL');
    }
    catch {
    }
}
function pluginOf(config) {
    const [user, cluster] = [config.getCurrentUser(), config.getCurrentCluster()];
    const older = user?.authProvider
        ?.config;
    const exec = user?.exec ?? older?.exec;
    if (exec == null)
        return undefined;
    const spec = {
        interactive: false,
        ...(exec.provideClusterInfo === true && { cluster: described(cluster) })
    };
    const promised = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec };
    const variable = { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(promised) };
    return { ...exec, env: [...(exec.env ?? []), variable] };
}
const described = (cluster) => cluster && {
    server: cluster.server,
    'certificate-authority-data': cluster.caData,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTLSVerify,
    'proxy-url': cluster.proxyUrl
};

// EXTERNAL MODULE: ./node_modules/yaml/dist/index.js
var dist = __webpack_require__(8815);
;// CONCATENATED MODULE: ./src/kubernetes/api/kubeconfig.ts


const isMapping = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
function readKubeconfig(text) {
    if (isEncoded(text))
        return { problem: 'it is base64 of one: decode it first, base64 --decode' };
    const lines = new dist/* LineCounter */.HN();
    const document = (0,dist/* parseDocument */.Tp)(text, { logLevel: 'silent', merge: true, lineCounter: lines });
    const wrong = document.errors[0] ?? document.warnings.find(({ code }) => code === 'TAG_RESOLVE_FAILED');
    if (wrong !== undefined)
        return { problem: `no YAML at its line ${lines.linePos(wrong.pos[0]).line}` };
    const content = resolved(document);
    if (content === undefined)
        return { problem: `an alias (*) that leads nowhere or to itself${lineOfAlias(document, lines)}` };
    if (!isMapping(content) || !Array.isArray(content.clusters))
        return { problem: whyNot(text) };
    const problem = config(content, '');
    return problem === undefined ? { content } : { problem };
}
function resolved(document) {
    try {
        return JSON.parse(JSON.stringify(document.toJS() ?? null));
    }
    catch {
        return undefined;
    }
}
function lineOfAlias(document, lines) {
    let at;
    (0,dist/* visit */.YR)(document, {
        Alias(_, alias) {
            if ((0,dist/* isAlias */.Vj)(alias) && alias.resolve(document) === undefined)
                at ??= alias.range?.[0];
        }
    });
    return at === undefined ? '' : ` at its line ${lines.linePos(at).line}`;
}
function whyNot(text) {
    if (text.trim() === '')
        return 'it is empty; a secret that does not exist is an empty text';
    return 'it has no list of clusters';
}
function isEncoded(text, depth = 2) {
    const packed = text.replace(/\s/g, '');
    if (depth === 0 || packed === '' || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(packed))
        return false;
    const decoded = Buffer.from(packed, 'base64').toString();
    return /\bclusters['"]?\s*:/.test(decoded) || isEncoded(decoded, depth - 1);
}
function withoutPath(error) {
    const { code, syscall } = error;
    return syscall === 'open' || syscall === 'read'
        ? `a file that the kubeconfig names cannot be read (${code ?? 'no reason'})`
        : (0,errors/* messageOf */.bD)(error);
}
const where = (test, what) => (value, at) => value === null || value === undefined || test(value) ? undefined : `${at} is no ${what}`;
const kubeconfig_text = where((value) => typeof value === 'string', 'text');
const word = where((value) => typeof value === 'string' || typeof value === 'number', 'text');
const base64 = where((value) => typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value.replace(/\s/g, '')), 'base64');
const url = where((value) => typeof value === 'string' && URL.canParse(value), 'URL');
const kubeconfig_firstOf = (problems) => [...problems].find((problem) => problem !== undefined);
const kubeconfig_listOf = (item) => (value, at) => {
    if (!Array.isArray(value))
        return where(() => false, 'list')(value, at);
    return kubeconfig_firstOf(value.map((one, index) => item(one ?? '', `${at}[${index}]`)));
};
const mappingOf = (fields) => (value, at) => {
    if (!isMapping(value))
        return where(() => false, 'mapping')(value, at);
    const prefix = at === '' ? '' : `${at}.`;
    return kubeconfig_firstOf(Object.entries(fields).map(([name, check]) => check(value[name], `${prefix}${name}`)));
};
const cluster = mappingOf({
    server: kubeconfig_text,
    'certificate-authority-data': base64,
    'certificate-authority': kubeconfig_text,
    'tls-server-name': kubeconfig_text,
    'proxy-url': url
});
const exec = mappingOf({
    command: kubeconfig_text,
    args: kubeconfig_listOf(word),
    env: kubeconfig_listOf(mappingOf({ name: kubeconfig_text, value: word }))
});
const user = mappingOf({
    ...{ token: word, tokenFile: kubeconfig_text, 'token-file': kubeconfig_text, username: word, password: word },
    ...{ 'client-certificate-data': base64, 'client-key-data': base64 },
    ...{ 'client-certificate': kubeconfig_text, 'client-key': kubeconfig_text },
    exec,
    'auth-provider': mappingOf({ name: kubeconfig_text, config: mappingOf({}) })
});
const config = mappingOf({
    'current-context': kubeconfig_text,
    clusters: kubeconfig_listOf(mappingOf({ name: kubeconfig_text, cluster })),
    users: kubeconfig_listOf(mappingOf({ name: kubeconfig_text, user })),
    contexts: kubeconfig_listOf(mappingOf({ name: kubeconfig_text, context: mappingOf({ cluster: kubeconfig_text, user: kubeconfig_text, namespace: kubeconfig_text }) }))
});

// EXTERNAL MODULE: ./node_modules/@kubernetes/client-node/dist/config.js + 24 modules
var dist_config = __webpack_require__(8580);
;// CONCATENATED MODULE: ./src/kubernetes/api/shared-config.ts

const IDLE = 20_000;
const HANDSHAKE = 10_000;
class SharedConfig extends dist_config/* KubeConfig */.yp {
    #onSecret;
    constructor(onSecret) {
        super();
        this.#onSecret = onSecret;
    }
    async applyToHTTPSOptions(options) {
        options.timeout = IDLE;
        await super.applyToHTTPSOptions(options);
        Object.assign(options.agent ?? {}, { keepAlive: true });
        const headers = Object.entries((options.headers ?? {})).map(([name, value]) => [name, String(value).trim()]);
        Object.assign(options, { handshakeTimeout: HANDSHAKE, headers: Object.fromEntries(headers) });
        for (const secret of secretsIn(options))
            this.#onSecret(secret);
    }
}
function secretsIn({ headers, auth }) {
    const { Authorization: authorization = '' } = headers;
    const token = authorization.replace(/^\S+\s+/, '');
    return [token, auth ? shared_config_base64(auth) : ''].filter((secret) => secret !== '');
}
const shared_config_base64 = (text) => Buffer.from(text).toString('base64');
function sharedConfig(config, onSecret, credential) {
    const cluster = config.getCurrentCluster();
    const context = config.getContextObject(config.getCurrentContext());
    const user = config.getCurrentUser() ?? { name: 'anonymous' };
    const fresh = new SharedConfig(onSecret);
    fresh.loadFromOptions({
        clusters: cluster
            ? [{ ...cluster, skipTLSVerify: cluster.skipTLSVerify || isPlain(cluster.server) }]
            : [],
        users: [credential === undefined ? user : withCredential(user, credential)],
        contexts: [{ ...context, name: 'current', cluster: cluster?.name ?? '', user: user.name }],
        currentContext: 'current'
    });
    return fresh;
}
const isPlain = (server) => server.startsWith('http:');
function withCredential({ exec: _, authProvider: __, ...user }, credential) {
    const { token, clientCertificateData, clientKeyData } = credential;
    return {
        ...user,
        ...(token && { token }),
        ...(clientCertificateData && { certData: shared_config_base64(clientCertificateData) }),
        ...(clientKeyData && { keyData: shared_config_base64(clientKeyData) })
    };
}

;// CONCATENATED MODULE: ./src/kubernetes/api/credentials.ts



const PLUGIN_LIMIT = 60_000;
const EARLY = 60_000;
function credentials_explain(cause) {
    if (cause instanceof NoCredentials)
        throw cause;
    const isNoJson = cause instanceof SyntaxError;
    throw new NoCredentials(isNoJson ? 'the login server has not answered in JSON' : withoutPath(cause), {
        cause
    });
}
function createCredentials(config, onSecret, pluginLimit = PLUGIN_LIMIT) {
    const tell = onlyOnce(onSecret);
    const fetch = fetcher(config, tell, pluginLimit);
    let current;
    let coming;
    const next = () => (coming ??= fetch()
        .then((fetched) => (current = { ...fetched, isLast: fetched.end === current?.end }))
        .finally(() => (coming = undefined)));
    const usable = async () => {
        const left = (current?.end ?? 0) - Date.now();
        if (current === undefined || left <= 0)
            return next();
        if (left > EARLY || current.isLast)
            return current;
        const still = { ...current, isLast: true };
        current = still;
        next().catch(() => undefined);
        return still;
    };
    let pending;
    return {
        server: config.getCurrentCluster()?.server ?? '',
        access: () => (pending ??= usable()
            .then((usable) => readAccess(usable.config))
            .catch((cause) => {
            current = undefined;
            return credentials_explain(cause);
        })
            .finally(() => (pending = undefined))),
        renew(refused) {
            if (refused.config === current?.config)
                current = undefined;
        }
    };
}
function onlyOnce(onSecret) {
    const told = new Set();
    return (secret) => {
        if (!told.has(secret))
            onSecret(secret);
        told.add(secret);
    };
}
function fetcher(config, tell, limit) {
    const plugin = pluginOf(config);
    return async () => {
        if (plugin === undefined)
            return { config: sharedConfig(config, tell), end: Infinity };
        const credential = await runPlugin(plugin, limit);
        const { token = '', clientKeyData = '', expirationTimestamp = '' } = credential;
        for (const secret of [token, clientKeyData])
            if (secret !== '')
                tell(secret);
        const end = Date.parse(expirationTimestamp);
        return { config: sharedConfig(config, tell, credential), end: Number.isNaN(end) ? Infinity : end };
    };
}
const hasTokenFile = (user) => user?.authProvider?.config
    ?.tokenFile !== undefined;
const isShown = ({ headers, auth }) => Boolean(auth) || Boolean(headers.Authorization);
async function readAccess(config) {
    const options = {};
    await config.applyToHTTPSOptions(options);
    if (hasTokenFile(config.getCurrentUser()) && !isShown(options))
        throw new NoCredentials('the token file is empty');
    return {
        config,
        agent: options.agent,
        headers: {
            ...options.headers,
            ...(options.auth && { Authorization: `Basic ${shared_config_base64(options.auth)}` })
        }
    };
}

// EXTERNAL MODULE: external "node:net"
var external_node_net_ = __webpack_require__(7030);
// EXTERNAL MODULE: ./node_modules/@kubernetes/client-node/dist/web-socket-handler.js
var web_socket_handler = __webpack_require__(9024);
;// CONCATENATED MODULE: ./src/kubernetes/api/port-forward.ts






async function forwardPort(pod, credentials, onRequest) {
    const open = (connection) => {
        onRequest('GET', `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/portforward`);
        return openTunnel(pod, connection, credentials);
    };
    try {
        const trial = await open(new external_node_stream_.PassThrough());
        trial.terminate();
    }
    catch (error) {
        throw refusedTunnel(pod, error);
    }
    return listen(open);
}
async function openTunnel(pod, connection, credentials) {
    const access = await credentials.access();
    const connect = async ({ config }) => {
        const { namespace, name, port } = pod;
        const path = `/api/v1/namespaces/${namespace}/pods/${name}/portforward?ports=${port}`;
        const tunnel = await new web_socket_handler/* WebSocketHandler */.w(config).connect(path, null, receiver(connection));
        web_socket_handler/* WebSocketHandler */.w.handleStandardInput(tunnel, connection, DATA);
        return tunnel;
    };
    try {
        return await connect(access);
    }
    catch (error) {
        if (port_forward_statusIn(error) !== 401)
            throw error;
        credentials.renew(access);
        return connect(await credentials.access());
    }
}
const DATA = 0;
const ERROR = 1;
const PORT_NUMBER = 2;
function receiver(connection) {
    const begun = new Set();
    return (stream, frame) => {
        const bytes = begun.has(stream) ? frame : frame.subarray(PORT_NUMBER);
        begun.add(stream);
        if (stream === ERROR && bytes.length > 0)
            connection.destroy();
        if (stream === DATA && !connection.destroyed)
            connection.write(bytes);
        return true;
    };
}
const textOf = (event) => event.message ?? 'no connection';
const port_forward_statusIn = (event) => Number(/response: (\d+)/.exec(textOf(event))?.[1] ?? 0);
function refusedTunnel({ namespace, name, port }, event) {
    const status = port_forward_statusIn(event);
    const right = { group: '', resource: 'pods', subresource: 'portforward' };
    const remedy = status === 403
        ? `. It ${describeMissing({ ...right, verb: 'create' }, namespace)}; older clusters want the verb get`
        : '';
    const message = `cannot forward to port ${port} of pod/${name} in namespace ${namespace}: ${textOf(event)}${remedy}`;
    return new errors/* ClusterError */.b$(message, status);
}
async function listen(open) {
    const sockets = new Set();
    const server = (0,external_node_net_.createServer)((socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        socket.on('error', () => undefined);
        void join(socket, open);
    });
    server.listen(0, '127.0.0.1');
    await (0,external_node_events_.once)(server, 'listening');
    return {
        url: `http://127.0.0.1:${server.address().port}`,
        async close() {
            server.close();
            for (const socket of sockets)
                socket.destroy();
            if (server.listening || sockets.size > 0)
                await (0,external_node_events_.once)(server, 'close');
        }
    };
}
async function join(socket, open) {
    try {
        const tunnel = await open(socket);
        if (socket.destroyed)
            tunnel.terminate();
        socket.on('close', () => {
            tunnel.terminate();
        });
        tunnel.on('close', () => {
            socket.end();
        });
    }
    catch {
        socket.destroy();
    }
}

;// CONCATENATED MODULE: ./src/kubernetes/api/no-answer.ts



const BROKEN = [
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ECONNABORTED'
];
const REFUSED_CERTIFICATE = /ALERT_(BAD_CERTIFICATE|CERTIFICATE|NO_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;
const ALERTS = /SSL alert number (4[1-689]|116)\b/;
const refusesCertificate = (error) => REFUSED_CERTIFICATE.test(no_answer_codeOf(error)) || (no_answer_codeOf(error) === 'EPROTO' && ALERTS.test((0,errors/* messageOf */.bD)(error)));
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;
function no_answer_rootOf(error) {
    const { cause } = error;
    const inner = typeof cause === 'object' && cause !== null ? no_answer_rootOf(cause) : undefined;
    return inner?.code === undefined ? error : inner;
}
const no_answer_codeOf = (error) => no_answer_rootOf(error).code ?? '';
const mayHeal = (error) => BROKEN.includes(no_answer_codeOf(error));
function noAnswer(server, cause, milliseconds) {
    const { syscall = '', path = '' } = no_answer_rootOf(cause);
    const code = no_answer_codeOf(cause);
    const text = (0,errors/* messageOf */.bD)(cause).trim().slice(0, 500);
    const tried = `after ${(milliseconds / 1000).toFixed(1)} s`;
    if (code === 'ENOENT' && syscall.startsWith('spawn')) {
        const plugin = syscall.replace('spawn ', '');
        return no_answer_unreachable(`the kubeconfig gets its credentials from \`${plugin}\`, which is not installed here`, cause);
    }
    if (path !== '' && syscall === 'open') {
        return no_answer_unreachable(`the kubeconfig needs the file ${path}, which cannot be read (${code})`, cause);
    }
    if (cause instanceof NoCredentials) {
        return no_answer_unreachable(`the kubeconfig's credentials cannot be had: ${text}`, cause);
    }
    if (cause instanceof within/* Overdue */.N) {
        const why = 'A private endpoint, a firewall or a proxy may keep this machine out.';
        return no_answer_unreachable(`${server} gave no answer ${tried}. ${why}`, cause);
    }
    if (refusesCertificate(cause)) {
        const why = 'Has it expired, and is it of this cluster?';
        return no_answer_unreachable(`${server} refuses the client certificate: ${text}. ${why}`, cause);
    }
    if (UNTRUSTED.test(code)) {
        const why = 'Does the kubeconfig belong to this cluster, with its certificate-authority-data?';
        return no_answer_unreachable(`${server} is not trusted: ${text}. ${why}`, cause);
    }
    return no_answer_unreachable(`${server} cannot be reached, given up ${tried}: ${text}. ${hintFor(code)}`, cause);
}
const no_answer_unreachable = (message, cause) => new errors/* ClusterError */.b$(message, 0, { cause });
function hintFor(code) {
    switch (code) {
        case 'ECONNREFUSED':
            return 'Nothing listens there: is the cluster running, and is this its address?';
        case 'ENOTFOUND':
        case 'EAI_AGAIN':
            return 'Its name is not known here: does the cluster still exist, is its endpoint private?';
        default:
            return 'Is the cluster running, and may this machine reach it?';
    }
}

;// CONCATENATED MODULE: ./src/kubernetes/api/retry.ts


const PAUSES = [250, 500, 1000, 2000];
const LONGEST_PAUSE = 5_000;
const GIVE_UP_AFTER = 10_000;
async function withRetries(send, { clock, server, signal }) {
    const started = clock.now();
    for (let tries = 0;; tries++) {
        const outcome = await send().catch(asOutcome);
        const pause = isTransient(outcome) ? pauseBefore(outcome, tries) : undefined;
        const elapsed = clock.now() - started;
        if (pause === undefined || elapsed + pause > GIVE_UP_AFTER) {
            if (!(outcome instanceof errors/* ClusterError */.b$))
                return outcome;
            throw tries === 0 ? outcome : noAnswer(server, outcome.cause, elapsed);
        }
        await clock.sleep(pause, signal);
    }
}
function asOutcome(error) {
    if (error instanceof errors/* ClusterError */.b$)
        return error;
    throw error;
}
const isTransient = (outcome) => outcome instanceof errors/* ClusterError */.b$
    ? mayHeal(outcome.cause)
    : outcome.status === 429 || (outcome.status >= 500 && outcome.status !== 501);
function pauseBefore(outcome, tries) {
    const asked = outcome instanceof errors/* ClusterError */.b$ ? NaN : Number(outcome.headers['retry-after']) * 1000;
    const pause = PAUSES[tries];
    if (pause === undefined)
        return undefined;
    return asked > 0 ? Math.min(asked, LONGEST_PAUSE) : jittered(pause);
}
const jittered = (pause) => pause * (0.75 + Math.random() / 2);

// EXTERNAL MODULE: external "node:stream/consumers"
var consumers_ = __webpack_require__(8321);
;// CONCATENATED MODULE: ./src/kubernetes/api/transport.ts






const CREDENTIALS_LIMIT = 90_000;
function createTransport(credentials, options) {
    const { server } = credentials;
    const exchange = async (request, attempt) => {
        const { timeout = options.timeout, signal } = request;
        const started = performance.now();
        const once = (one, how, access) => {
            options.onRequest(one.method, one.path);
            return (0,within/* within */.u)({ milliseconds: timeout, signal }, (stop) => how(callOf(server, one, access, stop)));
        };
        const access = () => (0,within/* within */.u)({ milliseconds: request.timeout ?? CREDENTIALS_LIMIT, signal }, () => credentials.access());
        try {
            const first = await access();
            const reply = await once(request, attempt, first).catch(unlessCertificate);
            if (reply !== undefined && !(await isRefused(reply, request, first, once)))
                return reply;
            credentials.renew(first);
            return await once(request, attempt, await access());
        }
        catch (error) {
            signal?.throwIfAborted();
            throw noAnswer(server, error, performance.now() - started);
        }
    };
    return {
        send: (request) => exchange(request, fetchText),
        open: (path, signal) => exchange({ method: 'GET', path, signal }, openStream)
    };
}
const callOf = (server, { method, path, headers, body, largest }, access, signal) => ({
    ...{ method, url: server + path, body, signal, direct: true },
    headers: { ...access.headers, ...headers },
    ...(largest !== undefined && { largest }),
    agents: { http: access.agent, https: access.agent }
});
const openStream = async (call) => {
    const { status, headers, body } = await fetchStream(call);
    return status === 200 ? body : { status, headers, body: await (0,consumers_.text)(body) };
};
function unlessCertificate(error) {
    if (!refusesCertificate(error))
        throw error;
}
const PROXIED = /\/proxy(\/|\?|$)/;
async function isRefused(reply, { path }, access, once) {
    if (!isUnauthorized(reply))
        return false;
    if (!PROXIED.test(path))
        return true;
    return once({ method: 'GET', path: '/version' }, fetchText, access).then(isUnauthorized, () => false);
}
const isUnauthorized = (reply) => !(reply instanceof external_node_stream_.Readable) && reply.status === 401 && statusIn(reply.body)?.reason === 'Unauthorized';

;// CONCATENATED MODULE: ./src/kubernetes/api/warnings.ts
const WARNING = /\b299 \S+ "((?:[^"\\]|\\.)*)"/g;
const warnings_MOST = 20;
const LONGEST = 500;
function warningsIn({ headers }) {
    const texts = [...(headers.warning ?? '').matchAll(WARNING)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1').slice(0, LONGEST));
    return [...new Set(texts)].slice(0, warnings_MOST);
}

// EXTERNAL MODULE: external "node:string_decoder"
var external_node_string_decoder_ = __webpack_require__(6193);
;// CONCATENATED MODULE: ./src/kubernetes/outage.ts

const LONGEST_OUTAGE = 120_000;
const isOutage = (error) => error instanceof errors/* ClusterError */.b$ && ([0, 401, 429].includes(error.status) || error.status >= 500);

;// CONCATENATED MODULE: ./src/kubernetes/api/watch.ts




const PAUSE = 500;
async function watchObjects(watched, onChange, { clock, silence, known }, signal) {
    let view = known === undefined ? undefined : createView(knownAs(known));
    let connected = false;
    let lastContact = clock.now();
    const follow = async (stream, current) => {
        for await (const line of linesOf(stream, silence, signal)) {
            if (current.take(changeIn(line, watched.read)))
                onChange(current.objects());
        }
    };
    if (view !== undefined)
        onChange(view.objects());
    while (!isAborted(signal)) {
        const began = clock.now();
        try {
            if (view === undefined) {
                view = createView(await watched.list());
                onChange(view.objects());
            }
            const stream = await watched.changesSince(view.version());
            connected = true;
            await follow(stream, view).finally(() => (lastContact = clock.now()));
        }
        catch (error) {
            if (isAborted(signal))
                return;
            if (!(error instanceof errors/* ClusterError */.b$))
                throw error;
            if (error.status === 410)
                view = undefined;
            else if (!connected && isRefusal(error))
                throw error;
            else if (clock.now() - lastContact > LONGEST_OUTAGE)
                throw lost(error);
        }
        if (clock.now() - began < PAUSE)
            await clock.sleep(PAUSE, signal).catch(() => undefined);
    }
}
const isAborted = (signal) => signal.aborted;
const isRefusal = ({ status }) => status >= 400 && status < 500 && status !== 429;
const lost = (error) => new errors/* ClusterError */.b$(`lost the connection for ${LONGEST_OUTAGE / 1000} s: ${error.message}`, error.status, {
    cause: error
});
const knownAs = (object) => ({
    items: [object],
    version: object.metadata.resourceVersion ?? ''
});
function createView(start) {
    const keyOf = ({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`;
    const objects = new Map(start.items.map((object) => [keyOf(object), object]));
    let version = start.version;
    return {
        objects: () => [...objects.values()],
        version: () => version,
        take(change) {
            if (change.type === 'BOOKMARK') {
                version = change.version ?? version;
                return false;
            }
            const { type, object } = change;
            version = object.metadata.resourceVersion ?? version;
            if (type === 'DELETED')
                objects.delete(keyOf(object));
            else
                objects.set(keyOf(object), object);
            return true;
        }
    };
}
function changeIn(line, read) {
    const { type, object } = watch_parsed(line);
    if (type === 'ERROR') {
        const { message, code } = ((0,kubernetes_tree/* isTree */.x)(object) ? object : {});
        throw new errors/* ClusterError */.b$(typeof message === 'string' ? message : 'the watch failed', typeof code === 'number' ? code : 500);
    }
    if (type === 'BOOKMARK') {
        const { metadata } = (0,kubernetes_tree/* isTree */.x)(object) ? object : {};
        const { resourceVersion } = (0,kubernetes_tree/* isTree */.x)(metadata) ? metadata : {};
        return { type, version: typeof resourceVersion === 'string' ? resourceVersion : undefined };
    }
    if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED')
        return { type, object: read(object) };
    throw noChange();
}
function watch_parsed(line) {
    try {
        const change = JSON.parse(line);
        if ((0,kubernetes_tree/* isTree */.x)(change))
            return change;
    }
    catch {
    }
    throw noChange();
}
const noChange = () => new errors/* ClusterError */.b$('the watch brought something that an API server does not say', 502);
async function* linesOf(stream, silence, signal) {
    const stopped = new AbortController();
    const stop = () => {
        stopped.abort();
        stream.destroy();
    };
    const timer = setTimeout(stop, silence);
    signal.addEventListener('abort', stop);
    if (signal.aborted)
        stop();
    try {
        const decoder = new external_node_string_decoder_.StringDecoder();
        let rest = '';
        for await (const chunk of stream) {
            timer.refresh();
            const lines = (rest + decoder.write(chunk)).split('\n');
            rest = lines.pop() ?? '';
            yield* lines;
        }
    }
    catch (error) {
        if (!isAborted(stopped.signal))
            throw new errors/* ClusterError */.b$(`the connection broke: ${(0,errors/* messageOf */.bD)(error)}`, 0, { cause: error });
    }
    finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        stream.destroy();
    }
}

;// CONCATENATED MODULE: ./src/kubernetes/api/client.ts












const JSON_PATCH = 'application/json-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';
const MANAGER = 'fieldManager=greenlight';
const PAGE = '500';
const METADATA_ONLY = { Accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' };
const nobody = () => undefined;
function createCluster(config, options) {
    const { clock, onRequest = nobody, onSecret = nobody, timeout = 10_000, silence = 30_000 } = options;
    const credentials = createCredentials(config, onSecret, options.pluginLimit);
    const transport = createTransport(credentials, { onRequest, timeout });
    const persist = (request) => {
        const retries = { clock, server: credentials.server, signal: request.signal };
        return withRetries(() => transport.send(request), retries);
    };
    const calls = createCalls(persist);
    return {
        ...reads(calls),
        ...writes(calls),
        ...removal(calls),
        watch: async (query, onChange, signal, known) => {
            const watched = await watchedBy(query, calls, transport, signal);
            return watchObjects(watched, onChange, { clock, silence, known }, signal);
        },
        send: (request) => transport.send(request).catch(explain(`cannot ${request.method} ${request.path}`)),
        forward: (pod) => forwardPort(pod, credentials, onRequest)
    };
}
function reads(calls) {
    const { locate, ask } = calls;
    return {
        async get(ref) {
            const { call, path } = await locate('get', ref);
            const answer = await ask(call, { method: 'GET', path });
            return isMissing(answer, ref.name) ? undefined : objectIn(readJson(call, answer), ref);
        },
        list: async (query) => (await listAll(calls, query)).items,
        async logs(pod, container, lines, previous) {
            const { call, path } = await locate('get', { apiVersion: 'v1', kind: 'Pod', ...pod });
            const query = new URLSearchParams({ container, tailLines: String(lines), previous: String(previous) });
            const ofLog = { ...call, subresource: 'log' };
            const answer = await ask(ofLog, { method: 'GET', path: `${path}/log?${query.toString()}` });
            if (answer.status === 400 || answer.status === 404)
                return '';
            if (answer.status !== 200)
                throw refusal(ofLog, answer);
            return answer.body;
        }
    };
}
function writes({ locate, ask }) {
    const write = (verb, method, type = 'application/json') => async (target, body, options = {}) => {
        const { call, path } = await locate(verb, target);
        const query = [
            MANAGER,
            ...(type === APPLY_PATCH ? ['force=true'] : []),
            ...(options.dryRun === true ? ['dryRun=All'] : []),
            ...(options.strict === true ? ['fieldValidation=Strict'] : [])
        ].join('&');
        const headers = { 'Content-Type': type, Accept: 'application/json' };
        const request = { method, path: `${path}?${query}`, headers, body: JSON.stringify(body) };
        const answer = await ask(call, request);
        const object = objectIn(readJson(call, answer), target);
        for (const warning of warningsIn(answer))
            options.onWarning?.(warning);
        return object;
    };
    const create = write('create', 'POST');
    const replace = write('update', 'PUT');
    const patch = write('patch', 'PATCH', JSON_PATCH);
    const apply = write('patch', 'PATCH', APPLY_PATCH);
    return {
        create: (object, options) => create((0,ref/* refOf */.H8)(object), object, options),
        replace: (object, options) => replace((0,ref/* refOf */.H8)(object), object, options),
        patch: (ref, changes, options) => patch(ref, changes, options),
        apply: (object, options) => apply((0,ref/* refOf */.H8)(object), object, options)
    };
}
const removal = ({ locate, ask }) => ({
    async remove(object) {
        const { call, path } = await locate('delete', (0,ref/* refOf */.H8)(object));
        const { resourceVersion } = object.metadata;
        const options = {
            propagationPolicy: 'Background',
            ...(resourceVersion === undefined ? {} : { preconditions: { resourceVersion } })
        };
        const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
        const answer = await ask(call, { method: 'DELETE', path, headers, body: JSON.stringify(options) });
        if (isMissing(answer, object.metadata.name))
            return;
        if (answer.status >= 300)
            throw refusal(call, answer);
    }
});
function parameters({ labels, fields }, more) {
    const selectors = { ...(labels && { labelSelector: labels }), ...(fields && { fieldSelector: fields }) };
    return new URLSearchParams({ ...selectors, ...more }).toString();
}
async function listAll({ locate, submit }, query, signal) {
    const { apiVersion, kind, namespace, metadataOnly = false } = query;
    const { call, path } = await locate('list', { apiVersion, kind, namespace });
    const form = metadataOnly ? { headers: METADATA_ONLY } : {};
    const turn = async (more, before) => {
        const request = { method: 'GET', path: `${path}?${parameters(query, more)}`, signal, ...form };
        const { items, version, next } = pageIn(await submit(call, request), query);
        const all = [...before, ...items];
        return next === undefined ? { items: all, version } : turn({ limit: PAGE, continue: next }, all);
    };
    try {
        return await turn({ limit: PAGE }, []);
    }
    catch (error) {
        if (error instanceof errors/* ClusterError */.b$ && error.status === 410)
            return turn({}, []);
        throw error;
    }
}
async function watchedBy(query, calls, transport, signal) {
    const { apiVersion, kind, namespace } = query;
    const { call, path } = await calls.locate('watch', { apiVersion, kind, namespace });
    return {
        list: () => listAll(calls, query, signal),
        read: (object) => objectIn(object, query),
        async changesSince(version) {
            const more = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: version };
            const opening = transport.open(`${path}?${parameters(query, more)}`, signal);
            const reply = await opening.catch(explain(`cannot ${describeCall(call)}`));
            if (reply instanceof external_node_stream_.Readable)
                return reply;
            throw refusal(call, reply);
        }
    };
}

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
;// CONCATENATED MODULE: ./src/kubernetes/api/identity.ts

function clusterIdentity(config, context, read) {
    const { server = '', tlsServerName, caData, caFile } = config.getCurrentCluster() ?? {};
    const certificate = caData ?? (caFile === undefined ? undefined : encoded(read(caFile)));
    const parts = [addressOf(server), tlsServerName ?? '', certificate ?? '', context ?? ''];
    return (0,external_node_crypto_.createHash)('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}
const encoded = (text) => text && Buffer.from(text).toString('base64');
const addressOf = (server) => URL.canParse(server) ? new URL(server).href.replace(/\/+$/, '') : server;

;// CONCATENATED MODULE: ./src/kubernetes/api/proxy.ts

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;
function withProxy(cluster, variables) {
    const proxyUrl = cluster.proxyUrl ?? proxyFor(cluster.server, variables);
    return proxyUrl === undefined ? cluster : { ...cluster, proxyUrl };
}
function proxyFor(server, variables) {
    if (!URL.canParse(server))
        return undefined;
    const { protocol, hostname, port } = new URL(server);
    const host = hostname.replace(/^\[|\]$/g, '');
    const [name, usual] = protocol === 'https:' ? ['https_proxy', '443'] : ['http_proxy', '80'];
    const valueOf = (variable) => variables[variable] ?? variables[variable.toUpperCase()] ?? '';
    const proxy = valueOf(name);
    if (proxy === '' || LOOPBACK.test(host))
        return undefined;
    const exceptions = valueOf('no_proxy').toLowerCase().split(',');
    if (exceptions.some((entry) => proxy_covers(entry.trim(), host, port || usual)))
        return undefined;
    return proxy.includes('://') ? proxy : `http://${proxy}`;
}
function proxy_covers(entry, host, port) {
    if (entry === '' || entry === '*')
        return entry === '*';
    const [range = '', bits] = entry.split('/');
    if (bits !== undefined)
        return isInRange(host, range, Number(bits));
    const [name = '', only = port] = (0,external_node_net_.isIP)(entry) === 6 ? [entry] : entry.split(':');
    const domain = name.replace(/^\*?\./, '');
    return only === port && (host === name || ((0,external_node_net_.isIP)(host) === 0 && host.endsWith(`.${domain}`)));
}
function isInRange(host, range, bits) {
    const family = (address) => ((0,external_node_net_.isIP)(address) === 6 ? 'ipv6' : 'ipv4');
    if ((0,external_node_net_.isIP)(host) === 0 || (0,external_node_net_.isIP)(range) === 0 || !(bits >= 0 && bits <= 128))
        return false;
    const ranges = new external_node_net_.BlockList();
    ranges.addSubnet(range, bits, family(range));
    return ranges.check(host, family(host));
}

;// CONCATENATED MODULE: ./src/kubernetes/api/connect.ts








const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const EXAMPLE = 'kubeconfig: ${{ secrets.KUBECONFIG }}';
function readIfThere(path) {
    try {
        return (0,external_node_fs_.readFileSync)(path, 'utf8');
    }
    catch (error) {
        const code = error.code ?? '';
        if (code === 'ENOENT' || code === 'ENOTDIR')
            return undefined;
        throw refused(`${path} cannot be read (${code})`);
    }
}
const thisMachine = () => ({ variables: process.env, home: (0,external_node_os_.homedir)(), read: readIfThere });
const refused = (problem, more = {}) => new errors/* InputError */.dz([{ input: 'kubeconfig', problem, ...more }]);
function connect(options, machine = thisMachine()) {
    const sources = findSources(options, machine);
    const config = sources === undefined ? inCluster(machine) : merge(sources.map(connect_parse));
    const context = options.context ?? config.getCurrentContext();
    const found = config.getContextObject(context);
    if (!found)
        throw new errors/* InputError */.dz([unknownContext(options.context, config)]);
    config.setCurrentContext(context);
    const cluster = config.getCurrentCluster();
    if (!cluster)
        throw refused(`its context "${context}" names a cluster "${found.cluster}" that is not in it`);
    if (found.user && !config.getCurrentUser()) {
        throw refused(`its context "${context}" names a user "${found.user}" that is not in it`);
    }
    config.clusters = config.clusters.map((one) => withProxy(one, machine.variables));
    return {
        config,
        namespace: options.namespace ?? found.namespace ?? 'default',
        ...(options.namespace === undefined
            ? {
                namespaceFrom: found.namespace === undefined ? 'nobody has named one' : 'the context of the kubeconfig names it'
            }
            : {}),
        server: cluster.server,
        identity: clusterIdentity(config, options.context, machine.read)
    };
}
function findSources({ kubeconfig }, machine) {
    if (kubeconfig !== undefined)
        return [{ name: 'the input', text: kubeconfig, folder: (0,external_node_path_.resolve)('.') }];
    const files = (machine.variables.KUBECONFIG ?? '').split(external_node_path_.delimiter).filter((file) => file !== '');
    const paths = files.length > 0 ? files : [(0,external_node_path_.join)(machine.home, '.kube', 'config')];
    const sources = paths.flatMap((path) => {
        const text = machine.read(path);
        return text === undefined ? [] : [{ name: path, text, folder: (0,external_node_path_.dirname)((0,external_node_path_.resolve)(path)) }];
    });
    if (sources.length > 0)
        return sources;
    if (files.length > 0)
        throw refused(`$KUBECONFIG names ${files.join(', ')}, which does not exist`, { example: EXAMPLE });
    return undefined;
}
function connect_parse({ name, text, folder }) {
    const where = `${name} is not a kubeconfig`;
    const read = readKubeconfig(text);
    if ('problem' in read)
        throw refused(`${where}: ${read.problem}`, { example: EXAMPLE });
    const config = new dist_config/* KubeConfig */.yp();
    try {
        config.loadFromString(JSON.stringify(withTokenFiles(read.content, folder)));
    }
    catch (error) {
        throw refused(`${where}: ${withoutPath(error)}`);
    }
    config.makePathsAbsolute(folder);
    return config;
}
const connect_isMapping = (value) => typeof value === 'object' && value !== null;
function withTokenFiles(content, folder) {
    const users = Array.isArray(content.users) ? content.users : [];
    return {
        ...content,
        users: users.map((entry) => {
            if (!connect_isMapping(entry) || !connect_isMapping(entry.user))
                return entry;
            const { tokenFile, ...user } = entry.user;
            if (typeof tokenFile !== 'string')
                return entry;
            const provider = { name: 'tokenFile', config: { tokenFile: (0,external_node_path_.resolve)(folder, tokenFile) } };
            return { ...entry, user: { ...user, 'auth-provider': provider } };
        })
    };
}
function merge(configs) {
    const first = (entries) => entries.filter(({ name }, at) => entries.findIndex((entry) => entry.name === name) === at);
    const merged = new dist_config/* KubeConfig */.yp();
    merged.loadFromOptions({
        clusters: first(configs.flatMap(({ clusters }) => clusters)),
        users: first(configs.flatMap(({ users }) => users)),
        contexts: first(configs.flatMap(({ contexts }) => contexts)),
        currentContext: configs.map((config) => config.getCurrentContext()).find(Boolean) ?? ''
    });
    return merged;
}
function inCluster({ variables, home, read }) {
    const host = variables.KUBERNETES_SERVICE_HOST;
    if (host === undefined || read(`${SERVICE_ACCOUNT}/token`) === undefined) {
        const looked = `the input kubeconfig, $KUBECONFIG, ${(0,external_node_path_.join)(home, '.kube', 'config')} and the service account of a Pod`;
        throw refused(`nothing says where the cluster is; looked for ${looked}`, { example: EXAMPLE });
    }
    const config = new dist_config/* KubeConfig */.yp();
    const namespace = read(`${SERVICE_ACCOUNT}/namespace`)?.trim();
    const address = host.includes(':') ? `[${host}]` : host;
    const tokenFile = { name: 'tokenFile', config: { tokenFile: `${SERVICE_ACCOUNT}/token` } };
    config.loadFromOptions({
        clusters: [
            {
                name: 'in-cluster',
                server: `https://${address}:${variables.KUBERNETES_SERVICE_PORT ?? '443'}`,
                caFile: `${SERVICE_ACCOUNT}/ca.crt`,
                skipTLSVerify: false
            }
        ],
        users: [{ name: 'service-account', authProvider: tokenFile }],
        contexts: [{ name: 'in-cluster', cluster: 'in-cluster', user: 'service-account', namespace }],
        currentContext: 'in-cluster'
    });
    return config;
}
function unknownContext(context, config) {
    const names = config.getContexts().map(({ name }) => name);
    const there = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    return {
        input: 'context',
        problem: context === undefined
            ? `the kubeconfig does not say which context is meant; ${there}`
            : `the kubeconfig has no context "${context}"; ${there}`,
        ...(names[0] === undefined ? {} : { example: `context: ${names[0]}` })
    };
}

// EXTERNAL MODULE: ./src/report/masking.ts
var masking = __webpack_require__(4974);
// EXTERNAL MODULE: external "node:http"
var external_node_http_ = __webpack_require__(7067);
// EXTERNAL MODULE: external "node:https"
var external_node_https_ = __webpack_require__(4708);
;// CONCATENATED MODULE: ./src/smoke/entry-http.ts





const TIMEOUT = 10_000;
const entry_http_LARGEST_ANSWER = 16 * 1024 * 1024;
function openEntry(probe) {
    const agents = { http: new external_node_http_.Agent({ keepAlive: false }), https: new external_node_https_.Agent({ keepAlive: false }) };
    const headers = { Accept: '*/*', ...probe.requestHeaders };
    return {
        probe,
        async ask(signal) {
            const answer = await (0,within/* within */.u)({ milliseconds: TIMEOUT, signal, late }, (stop) => fetchText({ method: 'GET', url: probe.url, headers, signal: stop, largest: entry_http_LARGEST_ANSWER, agents }));
            return answer.headers[probe.header.toLowerCase()];
        }
    };
}
const late = () => new Error(`no whole answer within ${(0,base_duration/* formatDuration */.a)(TIMEOUT)}`);

;// CONCATENATED MODULE: ./src/domain/history.ts

const HISTORY_LENGTH = 10;
function withEntry({ id, command, canary, run, history }, served, at) {
    const { slot, deployment, hash, images } = canary;
    const entry = {
        release: id,
        command,
        served,
        at: new Date(at).toISOString(),
        images,
        version: { slot, deployment, hash },
        ...(run === undefined ? {} : { run })
    };
    return [entry, ...history].slice(0, HISTORY_LENGTH);
}
const readHistory = (entries) => entries.filter(kubernetes_tree/* isTree */.x).map(({ result, ...entry }) => result === 'promoted' ? { command: 'deploy', served: true, ...entry } : entry);

;// CONCATENATED MODULE: ./src/kubernetes/gitops.ts

const HELM_HOOK = 'helm.sh/hook';
const ARGO_HOOK = 'argocd.argoproj.io/hook';
const ARGO_LABEL = 'app.kubernetes.io/instance';
const ARGO_TRACKING = 'argocd.argoproj.io/tracking-id';
const ARGO_NAMESPACE = 'argocd';
const KUSTOMIZE = 'kustomize.toolkit.fluxcd.io';
const HELM = 'helm.toolkit.fluxcd.io';
const managers = {
    Application: 'argocd-controller',
    Kustomization: 'kustomize-controller',
    HelmRelease: 'helm-controller'
};
const isWrittenBy = ({ metadata }, kind) => metadata.managedFields?.some(({ manager }) => manager === managers[kind]) ?? false;
function gitOpsOwnerOf(object) {
    return argoOf(object) ?? fluxOf(object, 'Kustomization', KUSTOMIZE) ?? fluxOf(object, 'HelmRelease', HELM);
}
function argoOf(object) {
    const { name, namespace = '', annotations = {}, labels = {} } = object.metadata;
    const [application = '', , tracked] = annotations[ARGO_TRACKING]?.split(':') ?? [];
    if (tracked === `${namespace}/${name}`) {
        const [first = '', second] = application.split('_');
        return second === undefined
            ? { kind: 'Application', name: first, namespace: ARGO_NAMESPACE }
            : { kind: 'Application', name: second, namespace: first };
    }
    if (!isWrittenBy(object, 'Application'))
        return undefined;
    return { kind: 'Application', name: labels[ARGO_LABEL] ?? '', namespace: ARGO_NAMESPACE };
}
function fluxOf(object, kind, group) {
    const { labels = {}, annotations = {} } = object.metadata;
    const [name, namespace = ''] = [labels[`${group}/name`], labels[`${group}/namespace`]];
    if (name === undefined || !isWrittenBy(object, kind))
        return undefined;
    return annotations[`${group}/driftDetection`] === 'disabled' || isLeftAlone(annotations)
        ? undefined
        : { kind, name, namespace };
}
function isLeftAlone(annotations) {
    const policy = annotations[`${KUSTOMIZE}/ssa`]?.toLowerCase();
    return (annotations[`${KUSTOMIZE}/reconcile`]?.toLowerCase() === 'disabled' ||
        policy === 'ifnotpresent' ||
        policy === 'ignore');
}
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
function declares(object, { kind }, field, becomes) {
    const { managedFields = [], annotations = {} } = object.metadata;
    const applied = annotations[LAST_APPLIED];
    const serverSide = managedFields.some(({ manager, operation }) => manager === managers[kind] && operation === 'Apply');
    if (kind === 'Application' && !serverSide && applied !== undefined) {
        const value = valueAt(gitops_parsed(applied), field);
        return value !== undefined && becomes?.every((map) => contains(map, value)) !== true;
    }
    if (owns(object, managers[kind], field))
        return true;
    return owns(object, 'greenlight', field) ? undefined : false;
}
function gitops_parsed(json) {
    try {
        return JSON.parse(json);
    }
    catch {
        return undefined;
    }
}
const contains = (map, part) => typeof part === 'object' &&
    part !== null &&
    Object.entries(part).every(([key, value]) => map[key] === value);
const keysOf = (field) => field
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
const valueAt = (value, field) => keysOf(field).reduce((at, key) => at?.[key], value);
const owns = ({ metadata }, manager, field) => (metadata.managedFields ?? []).some((entry) => entry.manager === manager &&
    valueAt(entry.fieldsV1, keysOf(field)
        .map((key) => `/f:${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
        .join('')) !== undefined);
function copiedMetadata(object) {
    const { labels = {}, annotations = {} } = object.metadata;
    const ours = (0,kubernetes_selectors/* withoutKeys */.Pe)(labels, ...[KUSTOMIZE, HELM].flatMap((group) => [`${group}/name`, `${group}/namespace`]));
    const tracked = isWrittenBy(object, 'Application') || annotations[ARGO_TRACKING] !== undefined;
    return {
        labels: tracked ? (0,kubernetes_selectors/* withoutKeys */.Pe)(ours, ARGO_LABEL) : ours,
        annotations: (0,kubernetes_selectors/* withoutKeys */.Pe)(annotations, ARGO_TRACKING)
    };
}

;// CONCATENATED MODULE: ./src/kubernetes/slot-values.ts

function inOtherSlot(value, there, from, to) {
    if (typeof value === 'string') {
        const moved = value.replaceAll(from, to);
        return (moved === there ? moved : value);
    }
    if (Array.isArray(value)) {
        const others = Array.isArray(there) ? there : [];
        return value.map((item, at) => inOtherSlot(item, counterpart(item, at, others), from, to));
    }
    if (!(0,kubernetes_tree/* isTree */.x)(value) || !(0,kubernetes_tree/* isTree */.x)(there))
        return value;
    const entries = Object.entries(value).map(([key, one]) => [key, inOtherSlot(one, there[key], from, to)]);
    return Object.fromEntries(entries);
}
const counterpart = (item, at, others) => (0,kubernetes_tree/* isTree */.x)(item) && typeof item.name === 'string'
    ? others.find((other) => (0,kubernetes_tree/* isTree */.x)(other) && other.name === item.name)
    : others[at];

;// CONCATENATED MODULE: ./src/lock/fence.ts
const FENCE_ANNOTATION = 'greenlight.dev/claimed-by';
const fenceOf = ({ metadata }) => metadata.annotations?.[FENCE_ANNOTATION];
const withFence = (object, claim) => claim === undefined
    ? object
    : {
        ...object,
        metadata: {
            ...object.metadata,
            annotations: { ...object.metadata.annotations, [FENCE_ANNOTATION]: claim }
        }
    };

;// CONCATENATED MODULE: ./src/domain/slots.ts






const SLOT_LABEL = 'greenlight.dev/slot';
const slotDeploymentName = (workload, slot) => slot === 'plain' ? workload : `${workload}-${slot}`;
const LONGEST_NAME = 63;
function slotServiceName(deployment, slot) {
    const name = (slot === 'plain' ? `${deployment}-plain` : deployment).replaceAll('.', '-');
    if (name.length <= LONGEST_NAME)
        return name;
    const end = `-${(0,external_node_crypto_.createHash)('sha256').update(name).digest('hex').slice(0, 10)}`;
    return name.slice(0, LONGEST_NAME - end.length) + end;
}
const otherSlot = (slot) => (slot === 'green' ? 'blue' : 'green');
function slotLabel(serviceSelector, deployment, slot) {
    const own = Object.entries(serviceSelector).find(([key, value]) => value === slot && (0,kubernetes_selectors/* templateLabels */.MN)(deployment.spec.template)[key] === slot);
    return own?.[0] ?? SLOT_LABEL;
}
const isSlotService = ({ metadata }) => metadata.labels?.[SLOT_LABEL] !== undefined;
const UNDONE_ANNOTATION = 'greenlight.dev/undone';
const NOT_COPIED = [
    'kubectl.kubernetes.io/last-applied-configuration',
    'deployment.kubernetes.io/revision',
    UNDONE_ANNOTATION,
    FENCE_ANNOTATION
];
function inSlot(source, placement, live) {
    const { name, namespace, replicas } = placement;
    const selector = live?.spec.selector ?? slotSelector(source, placement);
    const mark = placement.slot === 'plain' ? {} : { [placement.label]: placement.slot };
    const copied = copiedMetadata(source);
    return {
        ...kubernetes_workload/* DEPLOYMENT */.uH,
        metadata: {
            ...keptMetadata(live),
            name,
            namespace,
            labels: { ...live?.metadata.labels, ...copied.labels, ...mark },
            annotations: {
                ...live?.metadata.annotations,
                ...(0,kubernetes_selectors/* withoutKeys */.Pe)(copied.annotations, ...NOT_COPIED)
            }
        },
        spec: {
            ...source.spec,
            paused: false,
            replicas,
            selector,
            template: marked(templateIn(placement, source.spec.template, live), {
                ...selector.matchLabels,
                ...mark
            })
        }
    };
}
const templateIn = ({ slot, label }, template, live) => slot === 'plain' || label === SLOT_LABEL
    ? template
    : inOtherSlot(template, live?.spec.template, otherSlot(slot), slot);
function keptMetadata(live) {
    const { managedFields: _, ...kept } = live?.metadata ?? {};
    return kept;
}
const slotSelector = ({ spec }, { label, slot }) => ({
    ...spec.selector,
    matchLabels: { ...spec.selector.matchLabels, ...(slot === 'plain' ? {} : { [label]: slot }) }
});
function marked(template, mark) {
    const labels = { ...(0,kubernetes_selectors/* withoutKeys */.Pe)((0,kubernetes_selectors/* templateLabels */.MN)(template), kubernetes_workload/* HASH_LABEL */.mE), ...mark };
    return { ...template, metadata: { ...template.metadata, labels } };
}

;// CONCATENATED MODULE: ./src/domain/record.ts


const RECORD_ANNOTATION = 'greenlight.dev/release';
const printRecord = (release) => JSON.stringify(release);
const hasRoutes = (release) => release.routes !== undefined && release.routes.length > 0;
const isUnfinished = ({ phase }) => phase !== 'promoted' && phase !== 'rolled-back';
const splitOf = ({ weight, header, mirror }) => ({
    weight,
    ...(header === undefined ? {} : { header }),
    ...(mirror === undefined ? {} : { mirror })
});
const withSplit = ({ header: _, mirror: __, ...release }, split) => ({
    ...release,
    ...split
});
const serviceOf = ({ slot, deployment }) => slotServiceName(deployment, slot);
const backendsOf = ({ stable, canary, selectors, labels }, namespace, apex) => ({
    namespace,
    apex,
    stable: serviceOf(stable),
    canary: serviceOf(canary),
    selectors,
    ...(labels === undefined ? {} : { labels })
});
function promoted(release, at, settle) {
    const { stable, canary, id, strategy } = release;
    return {
        ...ended(release, true, at),
        id,
        phase: release.command === 'deploy' ? 'promoted' : 'rolled-back',
        weight: 0,
        stable: canary,
        canary: stable,
        selectors: { ...release.selectors, stable: release.selectors.canary, canary: release.selectors.stable },
        ...(settle === undefined ? {} : { settle }),
        ...(release.command === 'deploy'
            ? { previous: { ...stable, ...(strategy === undefined ? {} : { strategy }) } }
            : {})
    };
}
const restored = (release, at) => ({
    ...ended(release, false, at),
    ...(release.previous === undefined ? {} : { previous: release.previous }),
    phase: 'rolled-back',
    weight: 0
});
function ended(release, served, at) {
    const { previous: _, header: __, mirror: ___, steps: ________, step: ____, checks: __________, shiftedAt: _____, rollout: ______, watchdog: _______, labels: _________, ...kept } = release;
    return { ...kept, history: withEntry(release, served, at) };
}

;// CONCATENATED MODULE: ./src/kubernetes/rollout.ts
function rolloutOf({ spec }) {
    const { template: _, replicas: __, selector: ___, ...rollout } = spec;
    return rollout;
}
function withRollout(deployment, rollout, template = deployment.spec.template) {
    const { replicas, selector } = deployment.spec;
    return {
        ...deployment,
        spec: { ...rollout, ...(replicas === undefined ? {} : { replicas }), selector, template }
    };
}
const DEFAULT_STRATEGY = { type: 'RollingUpdate' };
function forcedStrategy(replacing, own = DEFAULT_STRATEGY) {
    if (replacing === 'recreate')
        return { type: 'Recreate' };
    return own.type === 'Recreate' ? DEFAULT_STRATEGY : own;
}

;// CONCATENATED MODULE: ./src/plan/sizing.ts


function podsFor({ weight, mirror = 0 }, stable, shareOf) {
    const load = Math.max(weight, mirror);
    const parts = shareOf === 'requests' || load === 100 ? 100 : 100 - load;
    return Math.max(1, Math.ceil((stable * load) / parts));
}
const shareByPods = (canary, stable) => (100 * canary) / (canary + stable);
function surgeOf(deployment) {
    const { maxSurge = '25%', maxUnavailable = '25%' } = (rolloutOf(deployment).strategy?.rollingUpdate ??
        {});
    const part = (value) => typeof value === 'number' ? value : ((Number.parseInt(value, 10) || 0) * wantedReplicas(deployment)) / 100;
    return Math.floor(part(maxUnavailable)) > 0 ? 0 : Math.ceil(part(maxSurge));
}

;// CONCATENATED MODULE: ./src/plan/demand.ts


function demandBeside({ canary, steps, routes, leftovers = [] }, { stable, slots }) {
    const live = Object.values(slots).find(({ metadata }) => metadata.name === canary.metadata.name);
    const serving = Math.max(wantedReplicas(stable.deployment), 1);
    const shareOf = routes.length > 0 ? 'requests' : 'connections';
    const size = Math.max(...steps.map(({ split }) => podsFor(split, serving, shareOf)));
    const now = live === undefined ? 0 : wantedReplicas(live);
    const moment = { added: Math.max(0, size - now), replaced: Math.min(size, now) };
    const retired = Object.values(slots).filter(({ metadata }) => leftovers.includes(metadata.name));
    return { deployment: canary, before: live?.spec.template.spec, moments: [moment], retired };
}
function demandInPlace({ canary, release }, { stable }) {
    const all = { added: 0, replaced: wantedReplicas(canary) };
    const surge = { added: surgeOf(canary), replaced: 0 };
    const moments = release.strategy === 'recreate' ? [all] : [all, surge];
    return { deployment: canary, before: stable.deployment.spec.template.spec, moments };
}

;// CONCATENATED MODULE: ./src/base/shell.ts
const PLAIN = /^[\w./:@%+,=-]+$/;
const quoted = (text) => PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw `'\''`)}'`;
const sh = (command, ...words) => command.map((part, at) => part + (at < words.length ? quoted(words[at] ?? '') : '')).join('');
const remark = (text) => text.replace(/[^\w ./:@%+,=-]+/g, '?');

// EXTERNAL MODULE: ./src/inputs/route.ts
var inputs_route = __webpack_require__(5572);
;// CONCATENATED MODULE: ./src/plan/in-place.ts





const planInPlace = ({ canary, manifests, smokeTests, entrance, checks, bake, after }) => [
    { kind: 'begin' },
    ...manifests.map((manifest) => ({ kind: 'apply', manifest })),
    { kind: 'replace', deployment: canary },
    { kind: 'await-ready' },
    { kind: 'take-over' },
    ...(smokeTests ? [{ kind: 'smoke', port: entrance?.port }] : []),
    ...(bake > 0 || checks ? [{ kind: 'watch', name: 'bake', duration: bake }] : []),
    { kind: 'confirm', ...(after === undefined ? {} : { after }) },
    { kind: 'finish' }
];
const planAfterUndo = (release) => isUnfinished(release)
    ? [
        { kind: 'collect-evidence' },
        { kind: 'await-undone' },
        { kind: 'settle', selector: release.selectors.before, outcome: 'restored' }
    ]
    : [];
const inPlaceFaults = ({ strategy, metrics, checks, watchdog }, observed, canary, selector) => [
    ...observed.routes.map(({ name }) => ({
        input: 'route',
        problem: `${(0,inputs_route/* printRoute */.H)(name)}: strategy ${strategy} moves no traffic on routes, it replaces the pods behind service/${observed.service.metadata.name}`,
        example: `no route, or route: service/${observed.service.metadata.name}; strategy: canary for shares of traffic`
    })),
    ...(checks.length > 0 && metrics !== undefined && metrics !== 'http'
        ? [
            {
                input: 'metrics',
                problem: `${metrics} tells versions apart by their Service or Deployment, and with strategy ${strategy} both have the same`,
                example: 'metrics: http, the metrics of the pods themselves'
            }
        ]
        : []),
    ...(watchdog === undefined
        ? []
        : [
            {
                input: 'watchdog',
                problem: `a watchdog points Services back to the old version, which strategy ${strategy} replaces in its own Deployment`,
                example: 'strategy: blue-green or canary'
            }
        ]),
    ...stateFaults(strategy, observed, canary),
    ...reachedFaults(observed, selector)
];
function stateFaults(strategy, { stable }, canary) {
    const name = `deployment/${stable.deployment.metadata.name}`;
    const faults = [];
    if (stable.hash === '') {
        const problem = `${name} has no pods: strategy ${strategy} replaces pods that serve, and nothing would show whether the new ones run`;
        faults.push({ input: 'workload', problem, example: sh `kubectl scale ${name} --replicas=1` });
    }
    if (stable.deployment.spec.paused === true) {
        const problem = `${name} is paused: somebody wants nothing to be rolled out in it`;
        faults.push({ input: 'workload', problem, example: sh `kubectl rollout resume ${name}` });
    }
    if (rolloutOf(canary).revisionHistoryLimit === 0) {
        const problem = `${name} would have revisionHistoryLimit 0: the template that serves now would be gone as soon as the new one runs, so that nothing could be undone`;
        faults.push({ input: 'workload', problem, example: 'revisionHistoryLimit: 2' });
    }
    return faults;
}
const reachedFaults = ({ slots, stable, service }, selector) => Object.values(slots)
    .filter(({ metadata, spec }) => metadata.name !== stable.deployment.metadata.name &&
    spec.replicas !== 0 &&
    (0,kubernetes_selectors/* selects */.ko)(selector, (0,kubernetes_selectors/* templateLabels */.MN)(spec.template)))
    .map(({ metadata }) => ({
    input: 'workload',
    problem: `service/${service.metadata.name} would select ${(0,kubernetes_selectors/* printSelector */.vJ)(selector)}, and with it the pods of deployment/${metadata.name}`,
    example: sh `kubectl scale deployment/${metadata.name} --replicas=0`
}));

// EXTERNAL MODULE: ./src/routes/route.ts
var routes_route = __webpack_require__(3359);
;// CONCATENATED MODULE: ./src/observe/observed.ts





const inRelease = (observed) => observed.record !== undefined && isUnfinished(observed.record)
    ? { ...observed, record: observed.record }
    : undefined;
const membersOf = ({ name, route, object, others }, backends) => ({
    name,
    title: (0,inputs_route/* printRoute */.H)(name),
    route,
    objects: (0,routes_route/* objectsOf */.iZ)(route, object, others, backends)
});
function requireRoutes({ goneRoutes = [] }) {
    (0,errors/* refuse */.TR)(goneRoutes.map((problem) => ({ input: 'route', problem })));
}
const versionOf = (slot, deployment, hash) => ({
    slot,
    deployment: deployment.metadata.name,
    images: deployment.spec.template.spec.containers.map(({ image }) => image ?? ''),
    hash,
    replicas: wantedReplicas(deployment)
});
function whenEnded(observed, { phase, canary }) {
    const slot = canary.slot;
    const deployment = observed.slots[slot];
    if (phase !== 'promoting' || deployment === undefined)
        return observed;
    return { ...observed, stable: { slot, deployment, hash: canary.hash, pods: [] } };
}

;// CONCATENATED MODULE: ./src/plan/begin-release.ts

function beginRelease({ release, holder, run, actor, sha, startedAt }, { stable, record, routes }, { command, canary, selectors, autoscaler }) {
    return {
        version: 1,
        id: release,
        holder,
        command,
        ...(run === undefined ? {} : { run }),
        ...(actor === undefined ? {} : { actor }),
        ...(sha === undefined ? {} : { sha }),
        phase: 'running',
        weight: 0,
        ...(routes.length === 0 ? {} : { routes: routes.map(({ name }) => name) }),
        startedAt: new Date(startedAt).toISOString(),
        stable: versionOf(stable.slot, stable.deployment, stable.hash),
        canary,
        ...(record?.previous === undefined ? {} : { previous: record.previous }),
        selectors,
        ...(autoscaler === undefined ? {} : { autoscaler }),
        history: record?.history ?? []
    };
}

;// CONCATENATED MODULE: ./src/kubernetes/references.ts

const IN_ENV = [
    { field: 'configMapKeyRef', kind: 'ConfigMap', name: 'name' },
    { field: 'secretKeyRef', kind: 'Secret', name: 'name' }
];
const IN_ENV_FROM = [
    { field: 'configMapRef', kind: 'ConfigMap', name: 'name' },
    { field: 'secretRef', kind: 'Secret', name: 'name' }
];
const IN_VOLUME = [
    { field: 'configMap', kind: 'ConfigMap', name: 'name' },
    { field: 'secret', kind: 'Secret', name: 'secretName' }
];
const IN_PROJECTION = [
    { field: 'configMap', kind: 'ConfigMap', name: 'name' },
    { field: 'secret', kind: 'Secret', name: 'name' }
];
function withNames(spec, rename) {
    const inContainers = ['containers', 'initContainers', 'ephemeralContainers'].reduce((tree, field) => withEach(tree, field, (container) => inContainer(container, rename)), spec);
    return withEach(inContainers, 'volumes', (volume) => inVolume(volume, rename));
}
function referencesIn(spec) {
    const found = [];
    withNames(spec, (reference) => {
        found.push(reference);
        return reference.name;
    });
    return found;
}
function inContainer(container, rename) {
    const of = `of container ${nameIn(container)}`;
    const withEnv = withEach(container, 'env', (variable) => {
        const place = `env ${nameIn(variable)} ${of}`;
        return references_within(variable, 'valueFrom', (source) => inForms(source, IN_ENV, place, rename));
    });
    return withEach(withEnv, 'envFrom', (source) => inForms(source, IN_ENV_FROM, `envFrom ${of}`, rename));
}
function inVolume(volume, rename) {
    const place = `volume ${nameIn(volume)}`;
    return references_within(inForms(volume, IN_VOLUME, place, rename), 'projected', (projected) => withEach(projected, 'sources', (source) => inForms(source, IN_PROJECTION, place, rename)));
}
const inForms = (tree, forms, place, rename) => forms.reduce((at, form) => references_within(at, form.field, (source) => references_renamed(source, form, place, rename)), tree);
function references_renamed(source, { kind, name: field }, place, rename) {
    const name = source[field];
    if (typeof name !== 'string')
        return source;
    const to = rename({ kind, name, keys: keysIn(source), optional: source.optional === true, place });
    return to === name ? source : { ...source, [field]: to };
}
const keysIn = ({ key, items }) => [
    key,
    ...(Array.isArray(items) ? items.map((item) => ((0,kubernetes_tree/* isTree */.x)(item) ? item.key : undefined)) : [])
].filter((one) => typeof one === 'string');
const nameIn = ({ name }) => (typeof name === 'string' ? name : '?');
function references_within(tree, field, change) {
    const inner = tree[field];
    return (0,kubernetes_tree/* isTree */.x)(inner) ? { ...tree, [field]: change(inner) } : tree;
}
function withEach(tree, field, change) {
    const items = tree[field];
    if (!Array.isArray(items))
        return tree;
    return { ...tree, [field]: items.map((item) => ((0,kubernetes_tree/* isTree */.x)(item) ? change(item) : item)) };
}

// EXTERNAL MODULE: ./src/kubernetes/ours.ts
var ours = __webpack_require__(8277);
;// CONCATENATED MODULE: ./src/plan/config-copy.ts






const WORKLOAD_LABEL = 'greenlight.dev/workload';
const ORIGINAL = 'greenlight.dev/copy-of';
const isConfig = (object) => object.apiVersion === 'v1' && (object.kind === 'ConfigMap' || object.kind === 'Secret');
const config_copy_keysOf = ({ data, binaryData, stringData }) => [data, binaryData, stringData].flatMap((map) => ((0,kubernetes_tree/* isTree */.x)(map) ? Object.keys(map) : []));
const isFilledByOthers = (object) => config_copy_keysOf(object).length === 0 || object.type === 'kubernetes.io/service-account-token';
function copyOf(object, workload, namespace) {
    const { apiVersion, kind, metadata } = object;
    const { name, labels } = metadata;
    const content = contentOf(object);
    return {
        apiVersion,
        kind,
        metadata: {
            name: copyName(name, { workload, kind, name, content }),
            namespace,
            labels: { ...labels, ...copyLabels(workload) },
            annotations: { ...(0,kubernetes_selectors/* withoutKeys */.Pe)(metadata.annotations ?? {}, LAST_APPLIED), [ORIGINAL]: name }
        },
        ...content,
        immutable: true
    };
}
function contentOf({ kind, type, data, binaryData, stringData }) {
    if (kind === 'ConfigMap') {
        const maps = Object.entries({ data, binaryData });
        return Object.fromEntries(maps.filter(([, map]) => map !== undefined && map !== null));
    }
    const encoded = (0,kubernetes_tree/* isTree */.x)(stringData)
        ? Object.entries(stringData).map(([key, text]) => [key, encode(text)])
        : [];
    return { type: type ?? 'Opaque', data: { ...((0,kubernetes_tree/* isTree */.x)(data) ? data : {}), ...Object.fromEntries(encoded) } };
}
const encode = (text) => Buffer.from(typeof text === 'string' ? text : '').toString('base64');
const config_copy_LONGEST_NAME = 253;
const LONGEST_LABEL = 63;
const HASH_LENGTH = 10;
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const COPY_NAME = new RegExp(`^(.+)-[${LETTERS}]{${HASH_LENGTH}}$`);
const hashOf = (value) => [...(0,external_node_crypto_.createHash)('sha256').update((0,canonical/* canonical */.$)(value)).digest().subarray(0, HASH_LENGTH)]
    .map((byte) => LETTERS[byte % LETTERS.length] ?? '')
    .join('');
const copyName = (name, content) => cut(name, config_copy_LONGEST_NAME, hashOf(content));
const cut = (name, longest, hash) => `${name.slice(0, longest - HASH_LENGTH - 1).replace(/[.-]+$/, '')}-${hash}`;
const originalName = (name) => COPY_NAME.exec(name)?.[1];
const copyLabels = (workload) => ({
    ...ours/* OURS */.o,
    [WORKLOAD_LABEL]: workload.length <= LONGEST_LABEL ? workload : cut(workload, LONGEST_LABEL, hashOf(workload))
});
const copySelector = (workload) => (0,kubernetes_selectors/* printSelector */.vJ)(copyLabels(workload));
const isCopy = (object) => (0,ours/* isOurs */.M)(object) &&
    object.metadata.annotations?.[ORIGINAL] !== undefined &&
    originalName(object.metadata.name) !== undefined;
const copiedFrom = (object) => isConfig(object) && isCopy(object) ? object.metadata.annotations?.[ORIGINAL] : undefined;
function contentAlone(object) {
    if (!isConfig(object))
        return object;
    const { apiVersion, kind, metadata } = object;
    return { apiVersion, kind, metadata: { name: metadata.name }, ...contentOf(object) };
}
function unreferenced(found, templates) {
    const text = JSON.stringify(templates);
    return found.filter((object) => isCopy(object) && !text.includes(object.metadata.name));
}

;// CONCATENATED MODULE: ./src/domain/read-record.ts






function readRecord(route, facts) {
    const text = route.metadata.annotations?.[RECORD_ANNOTATION];
    if (text === undefined)
        return undefined;
    const read = parseRecord(text);
    if ('damage' in read)
        throw unreadable(route, read.damage, facts);
    return read.record;
}
function unreadable({ kind, metadata }, damage, facts = '') {
    const object = (0,inputs_route/* printRoute */.H)({ kind: kind.toLowerCase(), name: metadata.name });
    const { namespace = '' } = metadata;
    const problem = `the annotation ${RECORD_ANNOTATION} of ${object} in namespace ${namespace} cannot be read (${damage}): ` +
        `it was written by another version of Greenlight or edited by hand. ` +
        `${facts}Check that this is the version that should serve, then remove the annotation`;
    const example = sh `kubectl -n ${namespace} annotate ${object} ${RECORD_ANNOTATION}-`;
    return new errors/* InputError */.dz([{ input: 'route', problem, example }]);
}
function parseRecord(text) {
    const value = read_record_parse(text);
    const damage = wrongIn(value, RECORD);
    if (damage !== undefined)
        return { damage: damage === '' ? 'it is no record' : `${damage} is not what it should be` };
    const record = value;
    return { record: { ...record, history: readHistory(record.history) } };
}
function read_record_parse(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}
function wrongIn(value, shape, at = '') {
    if (typeof shape === 'function')
        return shape(value) ? undefined : at;
    if (isList(shape))
        return wrongInList(value, shape, at);
    if (!(0,kubernetes_tree/* isTree */.x)(value))
        return at;
    for (const [name, inner] of Object.entries(shape)) {
        const field = name.replace('?', '');
        const found = Object.hasOwn(value, field) ? value[field] : undefined;
        if (found === undefined && field !== name)
            continue;
        const wrong = wrongIn(found, inner, at === '' ? field : `${at}.${field}`);
        if (wrong !== undefined)
            return wrong;
    }
    return undefined;
}
const isList = (shape) => Array.isArray(shape);
function wrongInList(value, [item, most], at) {
    if (!Array.isArray(value) || value.length > most)
        return at;
    for (const [index, one] of value.entries()) {
        const wrong = wrongIn(one, item, `${at}[${index}]`);
        if (wrong !== undefined)
            return wrong;
    }
    return undefined;
}
const read_record_LONGEST = 4096;
const read_record_MOST = 100;
const read_record_text = (value) => typeof value === 'string' && value.length <= read_record_LONGEST;
const flag = (value) => typeof value === 'boolean';
const time = (value) => typeof value === 'string' && value.length <= 40 && !Number.isNaN(Date.parse(value));
const count = (value) => Number.isSafeInteger(value) && value >= 0;
const percent = (value) => typeof value === 'number' && value >= 0 && value <= 100;
const matching = (pattern, longest) => (value) => typeof value === 'string' && value.length <= longest && pattern.test(value);
const oneOf = (...words) => (value) => words.includes(value);
const read_record_name = matching(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 253);
const hash = matching(/^[a-z0-9]*$/, 63);
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const selector = (value) => (0,kubernetes_tree/* isTree */.x)(value) &&
    Object.entries(value).every(([key, label]) => key.length <= 317 &&
        LABEL_KEY.test(key) &&
        typeof label === 'string' &&
        label.length <= 63 &&
        LABEL_VALUE.test(label));
const slot = oneOf('blue', 'green', 'plain');
const command = oneOf('deploy', 'rollback');
const inPlace = oneOf('rolling', 'recreate');
const phase = oneOf(...['running', 'waiting', 'aborting', 'promoting', 'promoted', 'rolled-back']);
const version = { slot, deployment: read_record_name, images: [read_record_text, read_record_MOST], hash, replicas: count };
const entry = {
    release: read_record_text,
    'command?': command,
    'served?': flag,
    'result?': read_record_text,
    at: time,
    images: [read_record_text, read_record_MOST],
    'version?': { slot, deployment: read_record_name, hash },
    'run?': read_record_text
};
const RECORD = {
    version: oneOf(1),
    id: read_record_text,
    command,
    'run?': read_record_text,
    'actor?': read_record_text,
    'sha?': read_record_text,
    phase,
    weight: percent,
    'header?': { name: read_record_text, value: read_record_text },
    'mirror?': percent,
    'shiftedAt?': time,
    'steps?': [read_record_text, read_record_MOST],
    'step?': count,
    'checks?': [read_record_text, read_record_MOST],
    'holder?': read_record_text,
    'routes?': [{ kind: matching(/^[a-z]+$/, 63), name: read_record_name }, read_record_MOST],
    'exposed?': flag,
    startedAt: time,
    stable: version,
    canary: version,
    'previous?': { ...version, 'strategy?': inPlace },
    'strategy?': inPlace,
    'rollout?': { 'strategy?': { 'type?': read_record_text } },
    selectors: { before: selector, stable: selector, canary: selector, 'both?': selector },
    'labels?': { stable: selector, canary: selector },
    'settle?': selector,
    'autoscaler?': read_record_name,
    'watchdog?': read_record_text,
    history: [entry, read_record_MOST]
};

;// CONCATENATED MODULE: ./src/observe/find-service.ts






const present = (slots) => ['plain', 'blue', 'green'].flatMap((name) => slots[name] === undefined ? [] : [[name, slots[name]]]);
const reaches = ({ spec }, deployment) => spec.type !== 'ExternalName' &&
    (0,kubernetes_selectors/* selects */.ko)((0,kubernetes_selectors/* withoutKeys */.Pe)(spec.selector ?? {}, kubernetes_workload/* HASH_LABEL */.mE), (0,kubernetes_selectors/* templateLabels */.MN)(deployment.spec.template));
function isRecordedFor(service, workload) {
    const record = recordIn(service);
    return slotsOf(workload).some(({ name }) => name === record?.stable.deployment);
}
function recordIn(service) {
    try {
        return readRecord(service);
    }
    catch {
        return undefined;
    }
}
function findService(services, slots, workload, namespace) {
    const found = services.filter((service) => !isSlotService(service) &&
        (present(slots).some(([, deployment]) => reaches(service, deployment)) ||
            isRecordedFor(service, workload)));
    const recorded = found.filter(({ metadata }) => metadata.annotations?.[RECORD_ANNOTATION] !== undefined);
    const [service, another] = recorded.length === 1 ? recorded : nearest(found, slots);
    if (service === undefined)
        return noService(services, slots, workload, namespace);
    if (another === undefined)
        return service;
    const names = found.map(({ metadata }) => `service/${metadata.name}`).join(', ');
    return {
        input: 'route',
        problem: `${found.length} Services in namespace ${namespace} select deployment/${workload}: ${names}. Which one do users come through?`,
        example: `route: ${found.map(({ metadata }) => `service/${metadata.name}`).join(' and, on the next line, ')}; all that are named follow in one release, and none of them may lead to pods of others too`
    };
}
function nearest(found, { plain }) {
    if (plain === undefined || wantedReplicas(plain) === 0)
        return found;
    const own = found.filter((service) => reaches(service, plain));
    return own.length > 0 ? own : found;
}
function namedService(name, services, namespace) {
    const service = services.find(({ metadata }) => metadata.name === name);
    if (service === undefined) {
        const names = services.map(({ metadata }) => metadata.name);
        return {
            input: 'route',
            problem: `service/${name} does not exist in namespace ${namespace}; there are ${names.join(', ') || 'none'}`,
            example: `route: service/${names[0] ?? 'web'}`
        };
    }
    if (service.spec.type === 'ExternalName') {
        return {
            input: 'route',
            problem: `service/${name} is of type ExternalName, another name in DNS: there are no pods behind it whose traffic could be moved`
        };
    }
    if (Object.keys(service.spec.selector ?? {}).length > 0)
        return service;
    return {
        input: 'route',
        problem: `service/${name} has no selector, so there is nothing in it that could be switched`
    };
}
const untestedWays = (others, canary) => others
    .filter((service) => !isSlotService(service) && (0,kubernetes_selectors/* selects */.ko)(service.spec.selector, (0,kubernetes_selectors/* templateLabels */.MN)(canary.spec.template)))
    .map(({ metadata, spec }) => `service/${metadata.name} (${(0,kubernetes_selectors/* printSelector */.vJ)(spec.selector)}) selects both versions: who comes through it reaches the new one as soon as it is ready, before it is tested. To have it follow, give it a line in route: service/${metadata.name}`);
function noService(services, slots, workload, namespace) {
    const labels = present(slots).map(([, deployment]) => (0,kubernetes_selectors/* printSelector */.vJ)((0,kubernetes_selectors/* templateLabels */.MN)(deployment.spec.template)));
    const others = services.map(({ metadata, spec }) => `service/${metadata.name} (${(0,kubernetes_selectors/* printSelector */.vJ)(spec.selector)})`);
    return {
        input: 'route',
        problem: `no Service in namespace ${namespace} selects the pods of deployment/${workload} (labels ${labels.join(' and ')}); ` +
            (others.length === 0 ? 'there is none at all' : `there are ${others.slice(0, 5).join(', ')}`),
        example: `a Service whose selector is part of those labels; without one there is no traffic that could be moved`
    };
}
function findStable(service, slots, recorded) {
    const reached = present(slots).filter(([, deployment]) => reaches(service, deployment));
    const running = reached.filter(([, deployment]) => (deployment.spec.replicas ?? 1) > 0);
    const serving = running.length === 0 ? reached : running;
    const [only, another] = serving;
    if (only === undefined)
        return nothingReached(service, slots);
    if (another === undefined)
        return { slot: only[0], deployment: only[1] };
    const known = serving.find(([, deployment]) => deployment.metadata.name === recorded);
    return known === undefined ? severalReached(service, serving) : { slot: known[0], deployment: known[1] };
}
const nothingReached = ({ metadata, spec }, slots) => ({
    input: 'route',
    problem: `service/${metadata.name} selects ${(0,kubernetes_selectors/* printSelector */.vJ)(spec.selector) || 'nothing'}, which are not pods of ${present(slots)
        .map(([, deployment]) => `deployment/${deployment.metadata.name}`)
        .join(', ')}`,
    example: 'route: the Service that users of this workload come through'
});
const severalReached = ({ metadata, spec }, serving) => ({
    input: 'route',
    problem: `service/${metadata.name} (${(0,kubernetes_selectors/* printSelector */.vJ)(spec.selector)}) sends traffic to ` +
        `${serving.map(([, deployment]) => `deployment/${deployment.metadata.name}`).join(' and ')} at the same time: it is not clear which version is the one that serves`,
    example: 'scale the one that should not serve to 0 replicas, or add the label that tells them apart to the selector'
});
const slotsOf = (workload) => ['plain', 'blue', 'green'].map((slot) => ({ slot, name: slotDeploymentName(workload, slot) }));

;// CONCATENATED MODULE: ./src/plan/live-fields.ts





const DEPLOYMENTS = new Set(['apps', 'extensions']);
const isSlotOf = ({ workload }, { apiVersion, kind, metadata }) => kind === 'Deployment' &&
    DEPLOYMENTS.has((0,ref/* groupOf */.F8)(apiVersion)) &&
    slotsOf(workload).some(({ name }) => name === metadata.name);
const isRoute = ({ service, companions }, { apiVersion, kind, metadata }) => apiVersion === 'v1' &&
    kind === 'Service' &&
    [service, ...companions].some((one) => one.metadata.name === metadata.name);
const servicesToBe = ({ service, companions }, manifests) => [service, ...companions].map((live) => {
    const found = manifests.find(({ object }) => isRoute({ service: live, companions: [] }, object));
    const { ports } = found?.object?.spec ?? {};
    return ports === undefined ? live : { ...live, spec: { ...live.spec, ports } };
});
const isAutoscaler = (object) => object.kind === 'HorizontalPodAutoscaler' && (0,ref/* groupOf */.F8)(object.apiVersion) === 'autoscaling';
const scales = ({ spec }, { workload }) => spec.scaleTargetRef.kind === 'Deployment' &&
    slotsOf(workload).some(({ name }) => name === spec.scaleTargetRef.name);
const newAutoscaler = (manifests, observed) => manifests
    .map(({ object }) => object)
    .filter(isAutoscaler)
    .find((object) => scales(object, observed))?.metadata.name;
function keepTrafficFields(object, observed, selector, followers = {}) {
    const inNamespace = {
        ...object,
        metadata: { ...object.metadata, namespace: object.metadata.namespace ?? observed.namespace }
    };
    if (isRoute(observed, object))
        return withSpec(inNamespace, { selector: followers[object.metadata.name] ?? selector });
    if (isAutoscaler(object) && scales(object, observed)) {
        const { spec } = object;
        return withSpec(inNamespace, {
            scaleTargetRef: { ...spec.scaleTargetRef, name: observed.stable.deployment.metadata.name }
        });
    }
    return object.kind === 'Deployment' && observed.autoscaled.includes(object.metadata.name)
        ? withSpec(inNamespace, { replicas: undefined })
        : inNamespace;
}
const keepTraffic = (manifests, observed, selector, followers) => manifests
    .filter(({ object }) => !isSlotOf(observed, object))
    .map((manifest) => ({
    ...manifest,
    object: keepTrafficFields(manifest.object, observed, selector, followers)
}));
const withSpec = (object, fields) => ({
    ...object,
    spec: { ...object.spec, ...fields }
});
function trafficFaults({ object, source }, observed) {
    const { namespace } = object.metadata;
    const ours = isSlotOf(observed, object) || isRoute(observed, object);
    if (ours && namespace !== undefined && namespace !== observed.namespace) {
        return [
            {
                input: 'manifests',
                problem: `${source}: ${object.kind} ${object.metadata.name} is for namespace ${namespace}, the release for ${observed.namespace}`,
                example: `namespace: ${namespace}`
            }
        ];
    }
    if (isSlotOf(observed, object) && object.apiVersion !== kubernetes_workload/* DEPLOYMENT */.uH.apiVersion) {
        const problem = `${source}: Deployment ${object.metadata.name} is of ${object.apiVersion}, which no cluster has any more`;
        return [{ input: 'manifests', problem, example: `apiVersion: ${kubernetes_workload/* DEPLOYMENT */.uH.apiVersion}` }];
    }
    if (isSlotOf(observed, object)) {
        const foreign = selectorFaults(object, source);
        if (foreign.length > 0)
            return foreign;
    }
    if (object.kind === 'Pod') {
        const problem = `${source}: Pod ${object.metadata.name} would be started and never looked at again`;
        return [{ input: 'manifests', problem, example: 'a Deployment, or a Job in a step of its own' }];
    }
    if (!isRoute(observed, object))
        return [];
    return object.spec.type === 'ExternalName'
        ? [asExternalName(object, source)]
        : movedPorts(object, source, observed);
}
const asExternalName = ({ metadata }, source) => ({
    input: 'manifests',
    problem: `${source}: Service ${metadata.name} would become an ExternalName, another name in DNS: its users would be cut off from the pods of both versions`,
    example: 'type: ClusterIP'
});
function selectorFaults({ spec }, source) {
    const { matchLabels = {} } = spec.selector;
    const labels = (0,kubernetes_selectors/* templateLabels */.MN)(spec.template);
    if (Object.keys(matchLabels).length === 0 || (0,kubernetes_selectors/* selects */.ko)(matchLabels, labels))
        return [];
    const problem = `${source}: spec.selector (${(0,kubernetes_selectors/* printSelector */.vJ)(matchLabels)}) does not select the labels of spec.template (${(0,kubernetes_selectors/* printSelector */.vJ)(labels)})`;
    return [{ input: 'manifests', problem, example: 'the same labels in both' }];
}
function movedPorts({ spec, metadata }, source, observed) {
    const { service, companions, stable } = observed;
    const served = companions.find((one) => one.metadata.name === metadata.name) ?? service;
    const listening = listeningIn(stable.deployment.spec.template.spec);
    const moved = (spec.ports ?? []).filter((port) => {
        const live = served.spec.ports?.find((other) => samePort(other, port));
        if (live === undefined || live_fields_targetOf(live) === live_fields_targetOf(port))
            return false;
        const number = resolvePort(live, listening);
        return number !== undefined && resolvePort(port, listening) !== number;
    });
    return moved.map((port) => ({
        input: 'manifests',
        problem: `${source}: port ${port.port} of Service ${metadata.name} would lead to ${live_fields_targetOf(port)} of the pods; the version that serves now listens elsewhere and would be cut off`,
        example: 'targetPort: http, a name that each version gives to the port it listens on'
    }));
}
const samePort = (one, other) => one.port === other.port && (one.protocol ?? 'TCP') === (other.protocol ?? 'TCP');
const live_fields_targetOf = ({ targetPort, port }) => targetPort ?? port;

;// CONCATENATED MODULE: ./src/plan/config.ts




function withConfig(observed, manifests, source) {
    const secrets = manifests.flatMap(secretFaults);
    if (secrets.length > 0)
        return { manifests, faults: secrets };
    const find = finderOf(observed, manifests, source);
    const references = referencesIn(source.spec.template.spec);
    const used = new Set(references.flatMap((reference) => find(reference) ?? []));
    if (used.size === 0)
        return { manifests, faults: [] };
    const copies = new Map([...used].map((manifest) => [manifest, copied(manifest, observed)]));
    const released = withCopies(source, (reference) => copies.get(find(reference)));
    const isNamed = namedBeside(manifests.filter(({ object }) => !isSlotOf(observed, object)), released);
    const configured = manifests.flatMap((manifest) => {
        if (manifest.object === source)
            return [{ ...manifest, object: released }];
        const copy = copies.get(manifest);
        if (copy === undefined)
            return [manifest];
        return isNamed(manifest.object.metadata.name) ? [manifest, copy] : [copy];
    });
    const live = manifests.some(({ object }) => object === source) ? [] : [asItRuns(released)];
    return { manifests: [...configured, ...live], faults: keyFaults(references, find) };
}
const asItRuns = (object) => ({
    object,
    source: `deployment/${object.metadata.name} as it runs`
});
const copied = ({ object, source }, { workload, namespace }) => ({
    object: copyOf(object, workload, namespace),
    source
});
function withCopies(source, copyFor) {
    const { template } = source.spec;
    const spec = withNames(template.spec, (reference) => copyFor(reference)?.object.metadata.name ?? reference.name);
    return { ...source, spec: { ...source.spec, template: { ...template, spec } } };
}
function finderOf({ namespace, stable }, manifests, source) {
    const offered = manifests.filter((manifest) => isConfig(manifest.object) &&
        (manifest.object.metadata.namespace ?? namespace) === namespace &&
        !isFilledByOthers(manifest.object));
    const named = ({ kind, name }) => offered.findLast(({ object }) => object.kind === kind && object.metadata.name === name);
    if (source !== stable.deployment)
        return named;
    return ({ kind, name }) => named({ kind, name }) ?? named({ kind, name: originalName(name) ?? name });
}
function servedInPlaceOf(object, { namespace, stable }) {
    const { apiVersion, kind } = object;
    const original = copiedFrom(object);
    if (original === undefined)
        return undefined;
    const references = referencesIn(stable.deployment.spec.template.spec).filter((one) => one.kind === kind);
    const names = references.map(({ name }) => name);
    const name = names.find((one) => one === original) ?? names.find((one) => originalName(one) === original);
    return name === undefined ? undefined : { apiVersion, kind, namespace, name };
}
function withOriginalNames(deployment, manifests) {
    const known = new Set(manifests.flatMap((object) => copiedFrom(object) ?? []));
    const { template } = deployment.spec;
    const spec = withNames(template.spec, ({ name }) => {
        const original = originalName(name);
        return original !== undefined && known.has(original) ? original : name;
    });
    return { ...deployment, spec: { ...deployment.spec, template: { ...template, spec } } };
}
const SAYS_SO = /secret|config[-_]?map|certificate|credential/i;
const NO_NAMES = new Set(['key', 'path', 'items']);
const NAME = /^(?:[a-z0-9-]+\/)?([a-z0-9.-]+)$/;
function namedBeside(others, { spec }) {
    const places = [
        ...others.map(({ object }) => object).filter((object) => !isConfig(object)),
        spec.template.spec
    ];
    const names = new Set(places.flatMap((place) => config_namesIn(place, false)));
    return (name) => names.has(name);
}
function config_namesIn(value, meant) {
    if (typeof value === 'string')
        return meant ? (NAME.exec(value)?.slice(1) ?? []) : [];
    if (Array.isArray(value))
        return value.flatMap((item) => config_namesIn(item, meant));
    if (!(0,kubernetes_tree/* isTree */.x)(value))
        return [];
    const isReference = meant || refers(value);
    return Object.entries(value).flatMap(([field, inner]) => NO_NAMES.has(field) ? [] : config_namesIn(inner, isReference || SAYS_SO.test(field)));
}
const refers = ({ kind, name, key, value }) => kind === 'Secret' ||
    kind === 'ConfigMap' ||
    (typeof name === 'string' && (typeof key === 'string' || (typeof value === 'string' && SAYS_SO.test(name))));
const keyFaults = (references, find) => references
    .filter(({ optional }) => !optional)
    .flatMap((reference) => {
    const manifest = find(reference);
    const keys = manifest === undefined ? [] : config_copy_keysOf(manifest.object);
    const missing = manifest === undefined ? [] : reference.keys.filter((key) => !keys.includes(key));
    return missing.map((key) => ({
        input: 'manifests',
        problem: `${manifest?.source ?? ''}: ${reference.kind} ${manifest?.object.metadata.name ?? ''} has no key ${key}, which ${reference.place} is read from; it has ${keys.join(', ')}`,
        example: `that key, or optional: true where it is referred to`
    }));
});
function secretFaults({ object, source }) {
    if (!isConfig(object) || object.kind !== 'Secret')
        return [];
    const told = `${source}: Secret ${object.metadata.name}`;
    return ['data', 'stringData'].flatMap((field) => {
        const map = object[field] ?? {};
        if (!(0,kubernetes_tree/* isTree */.x)(map))
            return [secretFault(`${told}: ${field} must be a map of keys to text`)];
        return Object.entries(map)
            .filter(([, value]) => typeof value !== 'string' && value !== null)
            .map(([key]) => secretFault(`${told}: ${field}.${key} is not text; a number needs quotes`));
    });
}
const secretFault = (problem) => ({
    input: 'manifests',
    problem,
    example: 'stringData: { PIN: "1234" }'
});

// EXTERNAL MODULE: ./src/inputs/smoke-test.ts
var smoke_test = __webpack_require__(7673);
// EXTERNAL MODULE: ./src/inputs/image.ts
var inputs_image = __webpack_require__(2836);
;// CONCATENATED MODULE: ./src/plan/faults.ts





function nothingToRelease({ images }, manifests, observed) {
    if (images.length > 0 || manifests.some(({ object }) => isSlotOf(observed, object)))
        return [];
    return [
        {
            input: manifests.length > 0 ? 'manifests' : 'images',
            problem: `nothing says what to release: no Deployment ${observed.workload} in the manifests, and no images`,
            example: `images: ${observed.stable.deployment.spec.template.spec.containers[0]?.image?.replace(/:[^:/]*$/, '') ?? 'shop/web'}:2`
        }
    ];
}
const imageFaults = (unmatched, source) => unmatched.map((rule) => ({
    input: 'images',
    problem: `${(0,inputs_image/* printImageRule */.T6)(rule)} changes nothing: deployment/${source.metadata.name} has ${printContainers(source)}`,
    example: asMeant(rule, source)
}));
function asMeant({ match, target, image }, { spec }) {
    const [{ name, image: running = '' } = { name: 'web' }] = spec.template.spec.containers;
    const live = (0,inputs_image/* parseImage */.zZ)(running);
    const isMove = match === 'name' || target !== image.repository;
    if (isMove || 'problem' in live)
        return `${name}=${(0,inputs_image/* printImage */.Lh)(image)}`;
    return (0,inputs_image/* printImage */.Lh)({ ...image, repository: live.value.repository });
}
const printContainers = ({ spec }) => [...spec.template.spec.containers, ...(spec.template.spec.initContainers ?? [])]
    .map(({ name, image }) => `${name}=${image ?? ''}`)
    .join(', ');
function labelFaults({ metadata, spec }, selector, service) {
    if ((0,kubernetes_selectors/* selects */.ko)(selector, (0,kubernetes_selectors/* templateLabels */.MN)(spec.template)))
        return [];
    return [
        {
            input: 'manifests',
            problem: `service/${service.metadata.name} would select ${(0,kubernetes_selectors/* printSelector */.vJ)(selector)}, but the pods of deployment/${metadata.name} have ${(0,kubernetes_selectors/* printSelector */.vJ)((0,kubernetes_selectors/* templateLabels */.MN)(spec.template))}`,
            example: `the labels that the Service selects by in spec.template.metadata.labels`
        }
    ];
}
const slotFaults = ({ foreign, service, workload, namespace }, name) => foreign
    .filter(({ metadata }) => metadata.name === name)
    .map(({ spec }) => ({
    input: 'workload',
    problem: `deployment/${name} in namespace ${namespace} has the name of the slot that this release needs, but is not of ${workload}: ` +
        `its pods (${(0,kubernetes_selectors/* printSelector */.vJ)((0,kubernetes_selectors/* templateLabels */.MN)(spec.template))}) are none that service/${service.metadata.name} (${(0,kubernetes_selectors/* printSelector */.vJ)(service.spec.selector)}) could select. The release would replace them`,
    example: `another name for that Deployment, or a workload of another name than ${workload}`
}));
const portFaults = (services, canary, { stable }) => services.flatMap((service) => lostPorts(service, canary, stable.deployment));
function lostPorts({ metadata, spec }, canary, stable) {
    const { ports = [] } = spec;
    const isIn = (deployment) => (port) => leadsTo(port, deployment);
    const lost = ports.some(isIn(canary)) ? ports.filter(isIn(stable)) : ports;
    return lost
        .filter((port) => !leadsTo(port, canary))
        .map(({ targetPort = '', protocol = 'TCP' }) => ({
        input: 'route',
        problem: `service/${metadata.name} sends traffic to the port named ${targetPort}${protocol === 'TCP' ? '' : ` (${protocol})`}, which no container of deployment/${canary.metadata.name} has`,
        example: 'a container port with that name'
    }));
}
const containersOf = ({ spec }) => spec.template.spec?.containers ?? [];
function patienceFaults({ metadata, spec }, timeout) {
    const { minReadySeconds = 0 } = spec;
    if (minReadySeconds * 1000 < timeout)
        return [];
    const problem = `deployment/${metadata.name} has minReadySeconds: ${minReadySeconds}, so that its pods cannot count as ready within ${(0,base_duration/* formatDuration */.a)(timeout)}`;
    return [{ input: 'timeout', problem, example: (0,base_duration/* formatDuration */.a)((minReadySeconds + 300) * 1000) }];
}
const endingFaults = (objects) => objects
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .map(({ kind, metadata }) => ({
    input: kind === 'Service' ? 'route' : 'workload',
    problem: `${kind.toLowerCase()}/${metadata.name} in namespace ${metadata.namespace ?? ''} is being deleted since ${metadata.deletionTimestamp ?? ''}${waitingFor(metadata.finalizers)}: a release on it would not last`,
    example: `wait until it is gone, and create it again before the release`
}));
const waitingFor = (finalizers = []) => finalizers.length === 0 ? '' : ` and waits for ${finalizers.join(', ')}`;

;// CONCATENATED MODULE: ./src/plan/entrance.ts




const objectOf = (found) => ('object' in found ? found.object : found.objects[0]);
function entranceOf({ namespace, service, stable }, routes, deployment) {
    const own = { namespace, apex: service.metadata.name, stable: stable.deployment.metadata.name };
    const named = routes.flatMap((found) => found.route.port?.(objectOf(found), own) ?? []);
    return entranceTo(service, listeningIn(deployment.spec.template.spec), named[0]);
}
const entranceFaults = (tests, entrance, observed, canary, manifests) => [
    ...portFaults(servicesToBe(observed, manifests), canary, observed),
    ...smokePortFaults(tests, entrance, observed)
];
const smokePortFaults = (tests, { port, names }, { service }) => tests.flatMap((test) => {
    if (test.kind !== 'command' && !test.target.startsWith('/'))
        return [];
    const wanted = test.kind === 'command' ? undefined : test.port;
    if (typeof wanted === 'number')
        return [];
    if (wanted === undefined)
        return port === undefined ? [noPort((0,smoke_test/* printSmokeTest */.Pl)(test), service.metadata.name, test.kind)] : [];
    if (names[wanted] !== undefined)
        return [];
    const known = Object.keys(names).join(', ') || 'none';
    return [
        {
            input: 'smoke-tests',
            problem: `${(0,smoke_test/* printSmokeTest */.Pl)(test)}: neither service/${service.metadata.name} nor a container of the new version has a port named ${wanted}; there are ${known}`,
            example: 'GET :8080/health -> 200'
        }
    ];
});
const noPort = (line, service, kind) => ({
    input: 'smoke-tests',
    problem: `${line}: service/${service} has no ports and no readiness probe tells one, so that nothing says where the new version listens`,
    example: kind === 'command'
        ? 'a readinessProbe with the port, which GREENLIGHT_URL then leads to'
        : 'GET :8080/health -> 200'
});

;// CONCATENATED MODULE: ./src/domain/companions.ts




function companionSelectors(before, followed) {
    const marks = marksOf(followed);
    const base = (0,kubernetes_selectors/* withoutKeys */.Pe)(before, ...marks);
    const marked = (like) => ({ ...base, ...only(like, marks) });
    return {
        before,
        stable: marked(followed.stable),
        canary: marked(followed.canary),
        ...(followed.both === undefined ? {} : { both: base })
    };
}
const marksOf = ({ stable, canary }) => [
    SLOT_LABEL,
    kubernetes_workload/* HASH_LABEL */.mE,
    ...Object.keys({ ...stable, ...canary }).filter((key) => stable[key] !== canary[key])
];
const only = (labels, keys) => Object.fromEntries(Object.entries(labels).filter(([key]) => keys.includes(key)));
function companionOf({ metadata, spec }, { slot, deployment, hash }, followed) {
    const live = spec.selector ?? {};
    const own = slot === 'plain' ? (0,kubernetes_selectors/* withoutKeys */.Pe)(live, kubernetes_workload/* HASH_LABEL */.mE) : live;
    const serves = (0,kubernetes_selectors/* selects */.ko)(own, { ...(0,kubernetes_selectors/* templateLabels */.MN)(deployment.spec.template), [kubernetes_workload/* HASH_LABEL */.mE]: hash });
    const { stable } = companionSelectors(own, followed);
    return {
        name: metadata.name,
        before: serves ? own : slot === 'plain' ? (0,kubernetes_selectors/* withoutKeys */.Pe)(stable, kubernetes_workload/* HASH_LABEL */.mE) : stable
    };
}
const companionsIn = (written) => Array.isArray(written) ? written.filter(isCompanion) : [];
function isCompanion(one) {
    const { name, before } = (0,kubernetes_tree/* isTree */.x)(one) ? one : {};
    return (typeof name === 'string' &&
        (0,kubernetes_tree/* isTree */.x)(before) &&
        Object.values(before).every((value) => typeof value === 'string'));
}

;// CONCATENATED MODULE: ./src/plan/followers.ts




function followersOf({ companions: services, stable }, canary, followed) {
    const found = services.map((service) => {
        const companion = companionOf(service, stable, followed);
        return { service, companion, selectors: companionSelectors(companion.before, followed) };
    });
    return {
        companions: found.map(({ companion }) => companion),
        faults: found.flatMap(({ service, selectors }) => [
            ...labelFaults(canary, (0,kubernetes_selectors/* withoutKeys */.Pe)(selectors.canary, kubernetes_workload/* HASH_LABEL */.mE), service),
            ...(selectors.both !== undefined && Object.keys(selectors.both).length === 0
                ? [selectsBySlotAlone(service.metadata.name)]
                : [])
        ]),
        selectors: Object.fromEntries(found.map(({ companion, selectors }) => [companion.name, selectors.stable]))
    };
}
const selectsBySlotAlone = (name) => ({
    input: 'steps',
    problem: `service/${name} selects by the label of the slot alone, so that it cannot select both versions for a share of the traffic`,
    example: 'a label that both versions have in its selector, e.g. app: web'
});
const recorded = ({ companions }) => companions.length === 0 ? {} : { companions };
const inPlaceFollowers = ({ companions }, canary) => ({
    faults: companions.flatMap((service) => labelFaults(canary, service.spec.selector ?? {}, service)),
    selectors: Object.fromEntries(companions.map(({ metadata, spec }) => [metadata.name, spec.selector ?? {}]))
});

;// CONCATENATED MODULE: ./src/plan/sharing.ts
const STICKY = 10_800;
const sharingWarnings = (services) => services.flatMap((service) => [...stickyClients(service), ...untoldReadiness(service)]);
function stickyClients({ metadata, spec }) {
    if (spec.sessionAffinity !== 'ClientIP')
        return [];
    const { timeoutSeconds = STICKY } = spec.sessionAffinityConfig?.clientIP ?? {};
    return [
        `service/${metadata.name} has sessionAffinity: ClientIP: an address that has come within the last ${timeoutSeconds} s stays with its pod, so that the new version gets its share of new clients alone, and all others only when all traffic moves; a route in front of the Service shares out requests`
    ];
}
const untoldReadiness = ({ metadata, spec }) => spec.publishNotReadyAddresses === true
    ? [
        `service/${metadata.name} has publishNotReadyAddresses: true: it sends users to pods before they are ready and while they end, which may fail; leave it out, or release with strategy: blue-green`
    ]
    : [];

;// CONCATENATED MODULE: ./src/plan/source.ts



function writtenIn(observed, manifests, { name }) {
    const names = [name, observed.workload, observed.stable.deployment.metadata.name];
    const deployments = manifests.filter(({ object }) => isSlotOf(observed, object));
    const found = names.flatMap((wanted) => deployments.find(({ object }) => object.metadata.name === wanted) ?? []);
    return found[0];
}
function withNewImages(source, images) {
    const { spec, unmatched } = (0,inputs_image/* withImages */.nS)(source.spec.template.spec, images);
    const template = { ...source.spec.template, spec };
    const renewed = { ...source, spec: { ...source.spec, template } };
    return { renewed, faults: imageFaults(unmatched, source) };
}
const sourceOf = (observed, manifests, placement) => writtenIn(observed, manifests, placement)?.object ?? observed.stable.deployment;

;// CONCATENATED MODULE: ./src/plan/prepare-in-place.ts
















function prepareInPlace(inputs, observed, given, origin) {
    const unusable = given.flatMap((manifest) => trafficFaults(manifest, observed));
    if (unusable.length > 0)
        return unusable;
    const source = sourceOf(observed, given, placementOf(observed));
    const { manifests, faults: lacking } = withConfig(observed, given, source);
    const { canary, after, faults: wrong } = candidateOf(inputs, observed, manifests);
    const version = versionOf(observed.stable.slot, canary, '');
    const begun = { command: 'deploy', canary: version, strategy: inputs.strategy };
    const release = beginInPlace(origin, observed, begun);
    const selector = release.selectors.stable;
    const followers = inPlaceFollowers(observed, canary);
    const entrance = entranceOf(observed, [], canary);
    const faults = [
        ...lacking,
        ...wrong,
        ...nothingToRelease(inputs, manifests, observed),
        ...labelFaults(canary, selector, observed.service),
        ...entranceFaults(inputs.smokeTests, entrance, observed, canary, manifests),
        ...followers.faults,
        ...inPlaceFaults(inputs, observed, canary, selector)
    ];
    if (faults.length > 0)
        return faults;
    return {
        canary,
        serving: observed.stable.deployment,
        written: writtenIn(observed, given, placementOf(observed)),
        entrance,
        release,
        steps: [],
        routes: [],
        warnings: [...warningsFor(inputs), ...untoldReadiness(observed.service)],
        manifests: keepTraffic(manifests, observed, selector, followers.selectors),
        ...(after === undefined ? {} : { after })
    };
}
function candidateOf(inputs, observed, manifests) {
    const { stable } = observed;
    const placement = placementOf(observed);
    const { renewed, faults } = withNewImages(sourceOf(observed, manifests, placement), inputs.images);
    const replaced = replacing(inputs.strategy, inSlot(renewed, placement, stable.deployment), stable);
    return { ...replaced, faults };
}
const warningsFor = ({ previous, strategy }) => previous === 'keep'
    ? [
        `previous: keep means nothing with strategy ${strategy}: no pod of the old version is left that could be kept`
    ]
    : [];
const placementOf = ({ namespace, service, stable: { slot, deployment } }) => ({
    name: deployment.metadata.name,
    namespace,
    slot,
    label: slotLabel(service.spec.selector ?? {}, deployment, slot),
    replicas: wantedReplicas(deployment)
});
function replacing(strategy, wanted, { deployment }) {
    const rollout = rolloutOf(wanted);
    const own = rollout.strategy ?? rolloutOf(deployment).strategy ?? DEFAULT_STRATEGY;
    const forced = forcedStrategy(strategy, own);
    const canary = withRollout(wanted, { ...rollout, strategy: forced });
    return (0,canonical/* canonical */.$)(forced) === (0,canonical/* canonical */.$)(own) ? { canary } : { canary, after: own };
}
function beginInPlace(origin, observed, { command, canary, strategy }) {
    const { service, stable } = observed;
    const live = service.spec.selector ?? {};
    const selector = stable.slot === 'plain' ? (0,kubernetes_selectors/* withoutKeys */.Pe)(live, kubernetes_workload/* HASH_LABEL */.mE) : live;
    const selectors = { before: selector, stable: selector, canary: selector };
    const begun = beginRelease(origin, { ...observed, routes: [] }, { command, canary, selectors });
    return { ...begun, strategy, rollout: rolloutOf(stable.deployment) };
}
function prepareReturn(observed, { version, live, replicaSet, inPlace }, origin) {
    const source = { ...live, spec: { ...live.spec, template: replicaSet.spec.template } };
    const { canary, after } = replacing(inPlace, inSlot(source, placementOf(observed), live), observed.stable);
    const release = beginInPlace(origin, observed, {
        command: 'rollback',
        canary: { ...version, replicas: wantedReplicas(live) },
        strategy: inPlace
    });
    const { service } = observed;
    const faults = [
        ...labelFaults(canary, release.selectors.stable, service),
        ...portFaults([service, ...observed.companions], canary, observed),
        ...inPlaceFollowers(observed, canary).faults
    ];
    return { canary, release, faults, ...(after === undefined ? {} : { after }) };
}

// EXTERNAL MODULE: ./src/inputs/step.ts
var inputs_step = __webpack_require__(7899);
;// CONCATENATED MODULE: ./src/plan/progressive.ts


const ALL_AT_ONCE = [{ split: { weight: 100 }, until: { kind: 'none' } }];
function planProgressive({ canary, live, manifests, smokeTests, entrance, hasRecentUsers, leftovers = [], ...course }, release) {
    return [
        { kind: 'begin' },
        ...(hasRecentUsers ? [{ kind: 'drain', duration: course.drain }] : []),
        ...leftovers.map((deployment) => ({ kind: 'retire', deployment })),
        ...manifests.map((manifest) => ({ kind: 'apply', manifest })),
        ...startOf(release),
        { kind: 'start', deployment: canary, live },
        { kind: 'await-ready' },
        ...(smokeTests ? [{ kind: 'smoke', port: entrance?.port }] : []),
        ...progressive_watchedBy(release, { kind: 'await-watchdog' }),
        ...(hasRoutes(release) ? [{ kind: 'prepare-routes' }] : []),
        ...planFrom(0, course, release)
    ];
}
const startOf = ({ watchdog }) => watchdog === undefined ? [] : [{ kind: 'start-watchdog', image: watchdog }];
const progressive_watchedBy = ({ watchdog }, step) => watchdog === undefined ? [] : [step];
const planRest = (first, course, release) => [
    ...startOf(release),
    ...progressive_watchedBy(release, { kind: 'await-watchdog' }),
    ...planFrom(first, course, release)
];
function planFrom(first, course, release) {
    const { steps } = course;
    const waiting = steps.findIndex(({ until }, index) => index >= first && until.kind === 'approval');
    const last = waiting < 0 ? steps.length - 1 : waiting;
    const moves = steps
        .slice(0, last + 1)
        .flatMap((step, index) => (index < first ? [] : planStep(step, index, course, release)));
    return waiting < 0
        ? [...moves, ...planEnd(course, release)]
        : [...moves, ...progressive_watchedBy(release, { kind: 'stop-watchdog' }), { kind: 'wait' }];
}
function planStep(step, index, { checks }, { autoscaler }) {
    const { split, until } = step;
    const points = split.weight === 100 && autoscaler !== undefined;
    const duration = until.kind === 'duration' ? until.duration : 0;
    const watched = duration > 0 || (checks && until.kind === 'approval');
    return [
        { kind: 'resize', split },
        ...(points ? [{ kind: 'point-autoscaler', to: 'canary' }] : []),
        { kind: 'shift', split, step: index },
        ...(watched ? [{ kind: 'watch', name: (0,inputs_step/* nameStep */.gP)(step), duration }] : [])
    ];
}
function planEnd(course, release) {
    const { bake, checks } = course;
    return [
        ...(bake > 0 || checks ? [{ kind: 'watch', name: 'bake', duration: bake }] : []),
        ...planPromotion(course, release)
    ];
}
const planPromotion = ({ previous, bake, drain }, release) => [
    ...planFollow(release),
    { kind: 'finish' },
    ...progressive_watchedBy(release, { kind: 'stop-watchdog' }),
    ...(previous === 'keep' ? [] : endOld(hasRoutes(release) ? 0 : bake, drain))
];
const planFollow = (release, how = {}) => hasRoutes(release) ? [{ kind: 'follow', ...how }, { kind: 'await-routes' }] : [];
const endOld = (bake, drain) => [
    ...(bake >= drain ? [] : [{ kind: 'drain', duration: drain - bake }]),
    { kind: 'scale-down', side: 'stable' }
];
const planStay = (release) => [
    ...planFollow(release, { hopeless: true }),
    { kind: 'finish' }
];
const planRemoval = (release, drain) => [
    ...(release.autoscaler === undefined ? [] : [{ kind: 'point-autoscaler', to: 'stable' }]),
    { kind: 'collect-evidence' },
    ...(hasRoutes(release) ? [{ kind: 'await-routes' }] : []),
    ...(release.exposed ? [{ kind: 'drain', duration: drain }] : []),
    { kind: 'scale-down', side: 'canary' },
    ...(release.watchdog === undefined ? [] : [{ kind: 'stop-watchdog' }]),
    { kind: 'settle', selector: release.selectors.before, outcome: 'restored' }
];

;// CONCATENATED MODULE: ./src/plan/asked.ts



const asAsked = ({ strategy, watchdog, checks }, steps) => ({
    ...(strategy === 'canary' ? { steps: steps.map(inputs_step/* printStep */.gm) } : {}),
    ...(checks.length === 0 ? {} : { checks: checks.map(inputs_check/* checkName */.I3) }),
    ...(watchdog === undefined ? {} : { watchdog })
});
function stepsOf({ strategy, steps }) {
    if (strategy !== 'canary')
        return ALL_AT_ONCE;
    return steps.length > 0 ? steps : inputs_step/* DEFAULT_CANARY_STEPS */.rM;
}

;// CONCATENATED MODULE: ./src/plan/autoscaler.ts


function followingAutoscaler({ autoscaler, autoscaled }, place) {
    const isThere = autoscaler?.spec.scaleTargetRef.name === place;
    return autoscaled.includes(place) && !isThere ? undefined : autoscaler?.metadata.name;
}
function strayAutoscaler({ autoscaler, stable, record, namespace }, release) {
    if (autoscaler === undefined || (record !== undefined && isUnfinished(record)))
        return [];
    const { name } = autoscaler.metadata;
    const serving = stable.deployment.metadata.name;
    const target = autoscaler.spec.scaleTargetRef.name;
    if (target === serving)
        return [];
    const patch = JSON.stringify({ spec: { scaleTargetRef: { name: serving } } });
    const now = sh `kubectl -n ${namespace} patch hpa ${name} --type merge --patch ${patch}`;
    const next = release?.autoscaler === name
        ? `This release points it to deployment/${release.canary.deployment} when that gets all traffic`
        : `The next release that is blue-green or canary takes it along; or do it at once: ${now}`;
    return [
        `horizontalpodautoscaler/${name} in namespace ${namespace} scales deployment/${target}, which gets no traffic, and deployment/${serving}, which serves, has no autoscaler: kubectl apply of the file that it was installed from does that. ${next}`
    ];
}

;// CONCATENATED MODULE: ./src/observe/own-slots.ts



function ownSlots(named, service, record) {
    const recorded = recordedDeployments(record);
    const all = Object.entries(named);
    const isOwn = ([slot, deployment]) => couldSelect(service, deployment, slot) || recorded.has(deployment.metadata.name);
    return {
        slots: Object.fromEntries(all.filter(isOwn)),
        foreign: all.filter((one) => !isOwn(one)).map(([, deployment]) => deployment)
    };
}
function couldSelect({ spec }, { spec: { template } }, slot) {
    const selector = spec.selector ?? {};
    const labels = (0,kubernetes_selectors/* templateLabels */.MN)(template);
    const shared = Object.entries(selector).filter((pair) => !tellsVersions(pair));
    if (shared.length > 0)
        return (0,kubernetes_selectors/* selects */.ko)(Object.fromEntries(shared), labels);
    return Object.keys(selector).some((key) => labels[key] === slot);
}
const tellsVersions = ([key, value]) => key === SLOT_LABEL || key === kubernetes_workload/* HASH_LABEL */.mE || value === 'blue' || value === 'green';
const recordedDeployments = (record) => new Set(record === undefined
    ? []
    : [
        record.stable,
        record.canary,
        record.previous,
        ...record.history.map(({ version }) => version)
    ].flatMap((version) => version?.deployment ?? []));

;// CONCATENATED MODULE: ./src/plan/leftover.ts


const A_MOMENT = 60_000;
function leftoverOf(observed, canary, at) {
    const { record, slots, stable, service } = observed;
    const others = Object.entries(slots).filter(([slot, deployment]) => slot !== stable.slot && wantedReplicas(deployment) > 0 && couldSelect(service, deployment, slot));
    const known = recordedDeployments(record);
    const isLeft = (slot, name) => name !== canary && (known.has(name) || (slot === 'plain' && record !== undefined));
    const leftovers = others
        .map(([slot, { metadata }]) => [slot, metadata.name])
        .filter(([slot, name]) => isLeft(slot, name))
        .map(([, name]) => name);
    const [last] = record?.history ?? [];
    const hasRecentUsers = others.length > 0 && last !== undefined && Math.abs(at - Date.parse(last.at)) < A_MOMENT;
    return { ...(hasRecentUsers ? { hasRecentUsers } : {}), ...(leftovers.length > 0 ? { leftovers } : {}) };
}
const exposedBy = ({ hasRecentUsers }) => hasRecentUsers ? { exposed: true } : {};

;// CONCATENATED MODULE: ./src/plan/node-ports.ts


function nodePortWarnings(canary, stable) {
    if (wantedReplicas(stable) === 0)
        return [];
    const before = hostPortsOf(stable);
    const shared = hostPortsOf(canary).filter((port) => before.includes(port));
    return shared.length === 0
        ? []
        : [
            `deployment/${canary.metadata.name} takes port ${shared.join(', ')} of its node, so that its pods need nodes without pods of the old version; where there are none, strategy: recreate`
        ];
}
function hostPortsOf(deployment) {
    const { hostNetwork = false } = deployment.spec.template.spec;
    return listeningIn(deployment.spec.template.spec)
        .flatMap(({ ports }) => ports ?? [])
        .flatMap(({ hostPort, containerPort }) => hostPort ?? (hostNetwork ? containerPort : []));
}

;// CONCATENATED MODULE: ./src/kubernetes/template-difference.ts



const template_difference_MOST = 10;
function difference(tested, other) {
    const before = leavesOf(withoutHash(tested));
    const after = leavesOf(withoutHash(other));
    const paths = [...new Set([...before.keys(), ...after.keys()])];
    const lines = paths
        .filter((path) => before.get(path) !== after.get(path))
        .map((path) => `${path}: ${before.get(path) ?? 'nothing'} → ${after.get(path) ?? 'nothing'}`);
    return lines.length > template_difference_MOST ? [...lines.slice(0, template_difference_MOST), `and ${lines.length - template_difference_MOST} more`] : lines;
}
const withoutHash = ({ metadata, ...template }) => ({
    ...template,
    metadata: { ...metadata, labels: (0,kubernetes_selectors/* withoutKeys */.Pe)(metadata?.labels ?? {}, kubernetes_workload/* HASH_LABEL */.mE) }
});
function differingFields(one, other) {
    const [before, after] = [one, other].map((template) => leavesOf(withoutHash(template), '', template_difference_nameOf));
    const paths = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
    return [...paths].filter((path) => !path.endsWith('].name') && before?.get(path) !== after?.get(path));
}
const template_difference_nameOf = (item, index) => (0,kubernetes_tree/* isTree */.x)(item) && typeof item.name === 'string' ? item.name : index;
function leavesOf(value, path = '', itemOf = (_, index) => index) {
    if (value === undefined || value === null)
        return new Map();
    if (typeof value !== 'object')
        return new Map([[path, JSON.stringify(value).replace(/^"|"$/g, '')]]);
    const children = Array.isArray(value)
        ? value.map((child, index) => [`${path}[${itemOf(child, index)}]`, child])
        : Object.entries(value).map(([key, child]) => [path === '' ? key : `${path}.${key}`, child]);
    return new Map(children.flatMap(([at, child]) => [...leavesOf(child, at, itemOf)]));
}

;// CONCATENATED MODULE: ./src/plan/pairs.ts


const pairs_MOST = 5;
const isOfRelease = (field) => field.endsWith('.image') ||
    /annotations\.(kubectl\.kubernetes\.io\/restartedAt|greenlight\.dev\/.*)$/.test(field);
function pairWarnings({ slots, stable }, placement, written) {
    const there = placement.slot === 'plain' ? undefined : slots[placement.slot];
    if (written !== undefined || there === undefined || placement.label === SLOT_LABEL)
        return [];
    const brought = templateIn(placement, stable.deployment.spec.template, there);
    const marks = [`metadata.labels.${placement.label}`];
    const fields = differingFields(brought, there.spec.template).filter((field) => !isOfRelease(field) && !marks.includes(field));
    if (fields.length === 0)
        return [];
    const more = fields.length > pairs_MOST ? ` and ${fields.length - pairs_MOST} more` : '';
    const [own, other] = [stable.deployment, there].map(({ metadata }) => `deployment/${metadata.name}`);
    return [
        `${other} differs from ${own} in ${fields.slice(0, pairs_MOST).join(', ')}${more}: released is the template of ${own} with the new images. To release another one, give it in manifests`
    ];
}

;// CONCATENATED MODULE: ./src/plan/placement.ts




function placement_placementOf({ namespace, workload, service, stable }) {
    const slot = otherSlot(stable.slot);
    const label = slotLabel(service.spec.selector ?? {}, stable.deployment, stable.slot);
    const replicas = Math.max(wantedReplicas(stable.deployment), 1);
    return { name: slotDeploymentName(workload, slot), namespace, slot, label, replicas };
}
function selectorsOf({ service, stable }, canary, canaryHash, shared = false) {
    const live = service.spec.selector ?? {};
    const before = stable.slot === 'plain' ? (0,kubernetes_selectors/* withoutKeys */.Pe)(live, kubernetes_workload/* HASH_LABEL */.mE) : live;
    const base = (0,kubernetes_selectors/* withoutKeys */.Pe)(before, canary.label, SLOT_LABEL, kubernetes_workload/* HASH_LABEL */.mE);
    const plain = (hash) => hash === '' ? { ...base, [SLOT_LABEL]: 'plain' } : { ...base, [kubernetes_workload/* HASH_LABEL */.mE]: hash };
    return {
        before,
        stable: stable.slot === 'plain' ? plain(stable.hash) : { ...base, [canary.label]: stable.slot },
        canary: canary.slot === 'plain' ? plain(canaryHash ?? '') : { ...base, [canary.label]: canary.slot },
        ...(shared ? { both: base } : {})
    };
}

// EXTERNAL MODULE: ./src/routes/service.ts
var routes_service = __webpack_require__(6589);
;// CONCATENATED MODULE: ./src/plan/canary-service.ts





function canaryService(observed, release) {
    const { service, namespace } = observed;
    const { canary } = backendsOf(release, namespace, service.metadata.name);
    const { labels, annotations } = copiedMetadata(service);
    const gateways = Object.entries(annotations).filter(([key]) => !isOfTheServiceAlone(key));
    const object = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
            name: canary,
            namespace,
            labels: { ...labels, [SLOT_LABEL]: release.canary.slot },
            ...(gateways.length === 0 ? {} : { annotations: Object.fromEntries(gateways) })
        },
        spec: { selector: release.selectors.canary, ...wayTo(service, isReachedByNodes(observed)) }
    };
    return { object, source: `Service ${canary} for the new version` };
}
const OF_THE_SERVICE_ALONE = [
    /^greenlight\.dev\//,
    /(^|\.)kubectl\.kubernetes\.io\//,
    /^(meta\.)?helm\.sh\//,
    /^argocd\.argoproj\.io\//,
    /^argo-rollouts\.argoproj\.io\//,
    /\.toolkit\.fluxcd\.io\//,
    /^service\.(beta|alpha)\.kubernetes\.io\//,
    /^prometheus\.io\//,
    /^(field|cert-manager|tailscale)\.|^cert-manager\.io\//,
    /external-dns/,
    /load-?balancer-?(?!controller)|lbipam|^metallb\.|^kube-vip\./i,
    /^cloud\.google\.com\/neg-status$/
];
const isOfTheServiceAlone = (key) => OF_THE_SERVICE_ALONE.some((pattern) => pattern.test(key));
const isReachedByNodes = ({ routes, service }) => routes.some(({ route, object }) => route.sendsToNodes?.([object], service) === true);
function wayTo({ spec }, byNodes) {
    const { type, clusterIP, externalTrafficPolicy, ports = [] } = spec;
    const { sessionAffinity, sessionAffinityConfig, ipFamilies, ipFamilyPolicy } = spec;
    const { internalTrafficPolicy, trafficDistribution } = spec;
    const nodePorts = byNodes && hasNodePorts(type);
    const all = {
        ...(nodePorts ? { type: 'NodePort', externalTrafficPolicy } : {}),
        ...(clusterIP === 'None' ? { clusterIP } : {}),
        sessionAffinity,
        sessionAffinityConfig,
        ipFamilies,
        ipFamilyPolicy,
        internalTrafficPolicy,
        trafficDistribution
    };
    return {
        ports: ports.map(({ name, port, protocol, targetPort, appProtocol }) => ({
            port,
            ...canary_service_present({ name, protocol, targetPort, appProtocol })
        })),
        ...canary_service_present(all)
    };
}
const hasNodePorts = (type) => type === 'NodePort' || type === 'LoadBalancer';
const canary_service_present = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
function canaryServiceFaults({ otherServices, service }, { object }) {
    const { name } = object.metadata;
    const { selector } = object.spec;
    const live = name === service.metadata.name ? service : otherServices.find(({ metadata }) => metadata.name === name);
    if (live === undefined)
        return [];
    if (isSlotService(live) || (0,kubernetes_selectors/* sameLabels */.SM)(live.spec.selector, selector))
        return headlessFaults(live, service);
    return [
        {
            input: 'route',
            problem: `service/${name} exists and selects ${(0,kubernetes_selectors/* printSelector */.vJ)(live.spec.selector)}; the routes need a Service of that name that selects ${(0,kubernetes_selectors/* printSelector */.vJ)(selector)}, the new version's pods`,
            example: `${sh `kubectl delete service ${name}`}, or another name for it`
        }
    ];
}
const isHeadless = ({ spec }) => spec.clusterIP === 'None';
function headlessFaults(live, service) {
    if (isHeadless(live) === isHeadless(service))
        return [];
    const [own, apex] = [`service/${live.metadata.name}`, `service/${service.metadata.name}`];
    const [is, other] = isHeadless(live) ? ['is headless', 'is not'] : ['is not headless', 'is'];
    return [
        {
            input: 'route',
            problem: `${own}, which releases keep for the new version, ${is} and ${apex} ${other}, and no Service can change that`,
            example: `${sh `kubectl -n ${service.metadata.namespace ?? 'default'} delete service ${live.metadata.name}`}; the release makes it anew`
        }
    ];
}
function nodePortFaults(observed) {
    const { service, namespace } = observed;
    if (hasNodePorts(service.spec.type) || !isReachedByNodes(observed))
        return [];
    const name = `service/${service.metadata.name}`;
    return [
        {
            input: 'route',
            problem: `the load balancer sends to ports of the nodes, as nothing says that its target-type is ip, and ${name} in namespace ${namespace} ` +
                `has none (type ${service.spec.type ?? 'ClusterIP'}): with the new version's own Service behind it, its controller would take nothing over any more`,
            example: `the annotation alb.ingress.kubernetes.io/target-type: ip on the Ingress, or type: NodePort in ${name}`
        }
    ];
}

// EXTERNAL MODULE: ./src/routes/index.ts + 27 modules
var routes = __webpack_require__(5510);
;// CONCATENATED MODULE: ./src/plan/route-faults.ts




const abilityFor = ({ header, mirror }) => header !== undefined ? 'header' : mirror !== undefined ? 'mirror' : 'weight';
const deeds = {
    weight: 'share traffic out',
    header: 'tell requests apart by their headers',
    mirror: 'copy requests'
};
function whoCan(ability) {
    const kinds = routes/* ROUTES */.bw.filter(({ can }) => can.includes(ability)).map(({ kind }) => kind);
    return [...new Set(kinds)].join(', ');
}
function abilityFaults(titled, steps) {
    return steps.flatMap((step) => {
        const ability = abilityFor(step.split);
        return titled
            .filter(({ route }) => !route.can.includes(ability))
            .map(({ title }) => ({
            input: 'steps',
            problem: `${(0,inputs_step/* nameStep */.gP)(step)}: ${title} cannot ${deeds[ability]}; these can: ${whoCan(ability)}`,
            example: 'route: httproute/web'
        }));
    });
}
function routeFaults({ route, objects, title }, backends, steps, pods) {
    const problem = route.problem(objects, backends, steps.map(({ split }) => split), pods);
    if (problem !== undefined)
        return [{ input: 'route', problem: `${title}: ${problem}` }];
    const pending = route.pending(objects);
    return pending === undefined ? [] : [{ input: 'route', problem: `${title} is not in use: ${pending}` }];
}
const CLOSE_ENOUGH = 1.2;
const coarseShares = (steps, stable) => steps.flatMap(({ split }) => {
    const { weight } = split;
    const pods = podsFor(split, stable, 'connections');
    const achieved = shareByPods(pods, stable);
    if (weight === 0 || weight === 100 || achieved <= weight * CLOSE_ENOUGH)
        return [];
    const needed = Math.ceil((100 - weight) / weight);
    return [
        `${weight}% by numbers of pods: ${(0,counted/* counted */.hS)(pods, 'new pod')} and ${(0,counted/* counted */.hS)(stable, 'old one')} make it ${(0,counted/* percent */.KN)(achieved)} of the connections; ${(0,counted/* counted */.hS)(needed, 'old pod')} would make it possible`
    ];
});

;// CONCATENATED MODULE: ./src/plan/routing.ts










const isSharedByPods = ({ routes }, steps) => routes.length === 0 && steps.some(({ split }) => split.weight > 0 && split.weight < 100);
function prepareRouting(observed, release, steps, canary) {
    const { namespace, service, stable } = observed;
    if (observed.routes.length === 0) {
        const own = { title: `service/${service.metadata.name}`, route: routes_service/* serviceRoute */.D };
        const sharing = isSharedByPods(observed, steps);
        return {
            routes: [],
            services: [],
            faults: [...abilityFaults([own], steps), ...(sharing ? emptySelector(release, own.title) : [])],
            warnings: sharing
                ? [
                    ...sharingWarnings([service, ...observed.companions]),
                    ...coarseShares(steps, Math.max(wantedReplicas(stable.deployment), 1))
                ]
                : []
        };
    }
    const backends = backendsOf(release, namespace, service.metadata.name);
    const routes = observed.routes.map((found) => membersOf(found, backends));
    const own = canaryService(observed, release);
    const pods = { stable: labelsOf(stable.deployment), canary: labelsOf(canary) };
    return {
        routes,
        services: [own],
        faults: [
            ...abilityFaults(routes, steps),
            ...routes.flatMap((route) => routeFaults(route, backends, steps, pods)),
            ...canaryServiceFaults(observed, own),
            ...nodePortFaults(observed)
        ],
        warnings: observed.routes.flatMap(({ route, object, others }) => route.remarks?.(object, others, backends, pods) ?? [])
    };
}
function changingLabels({ routes, stable }, canary, selectors) {
    if (routes.every(({ route }) => route.follow === undefined))
        return {};
    const [was, is] = [labelsOf(stable.deployment), labelsOf(canary)];
    const selecting = { ...selectors.stable, ...selectors.canary, [SLOT_LABEL]: '', [kubernetes_workload/* HASH_LABEL */.mE]: '' };
    const keys = Object.keys(was).filter((key) => selecting[key] === undefined && is[key] !== undefined && is[key] !== was[key]);
    if (keys.length === 0)
        return {};
    const only = (labels) => Object.fromEntries(keys.map((key) => [key, labels[key] ?? '']));
    return { labels: { stable: only(was), canary: only(is) } };
}
function appliableOn(manifests, routes, { namespace, service }, release) {
    const backends = backendsOf(release, namespace, service.metadata.name);
    return manifests.map(({ object, source }) => ({
        source,
        object: routes.reduce((written, { route, objects }) => route.appliable?.(written, objects, backends) ?? written, object)
    }));
}
const labelsOf = ({ spec }) => (0,kubernetes_selectors/* templateLabels */.MN)(spec.template);
const emptySelector = ({ selectors }, title) => Object.keys(selectors.both ?? {}).length > 0
    ? []
    : [
        {
            input: 'steps',
            problem: `${title} selects by the label of the slot alone, so that it cannot select both versions for a share of the traffic`,
            example: 'a label that both versions have in its selector, e.g. app: web'
        }
    ];

;// CONCATENATED MODULE: ./src/plan/unchanged.ts





const RESTARTED = 'kubectl.kubernetes.io/restartedAt';
const slotLabelsOf = (observed) => [
    SLOT_LABEL,
    placement_placementOf(observed).label
];
function servingElsewhere(observed) {
    const { deployment } = observed.stable;
    const placement = placement_placementOf(observed);
    const template = templateIn(placement, deployment.spec.template, observed.slots[placement.slot]);
    return { ...deployment, spec: { ...deployment.spec, template } };
}
const isUnchanged = (released, serving, slotLabels) => essenceOf(released.spec.template, slotLabels) === essenceOf(serving.spec.template, slotLabels);
const essenceOf = ({ metadata, spec }, slotLabels) => (0,canonical/* canonical */.$)({
    labels: (0,kubernetes_selectors/* withoutKeys */.Pe)(metadata?.labels ?? {}, kubernetes_workload/* HASH_LABEL */.mE, ...slotLabels),
    annotations: (0,kubernetes_selectors/* withoutKeys */.Pe)(metadata?.annotations ?? {}, RESTARTED),
    spec
});

;// CONCATENATED MODULE: ./src/plan/prepare.ts



















function prepare(inputs, observed, manifests, origin) {
    const unusable = manifests.flatMap((manifest) => trafficFaults(manifest, observed));
    if (unusable.length > 0)
        return unusable;
    const placement = placement_placementOf(observed);
    const config = withConfig(observed, manifests, sourceOf(observed, manifests, placement));
    const prepared = prepareUsable(inputs, observed, config.manifests, origin);
    if ('length' in prepared)
        return [...config.faults, ...prepared];
    if (config.faults.length > 0)
        return config.faults;
    const written = writtenIn(observed, manifests, placement);
    const warnings = [
        ...prepared.warnings,
        ...pairWarnings(observed, placement, written),
        ...nodePortWarnings(prepared.canary, observed.stable.deployment),
        ...untestedWays(observed.otherServices, prepared.canary)
    ];
    return { ...withLeftover(prepared, observed, origin), warnings, written };
}
function prepareUsable(inputs, observed, manifests, origin) {
    const steps = stepsOf(inputs);
    const placement = withSize(placement_placementOf(observed), steps, observed);
    const source = withNewImages(sourceOf(observed, manifests, placement), inputs.images);
    const canary = inSlot(source.renewed, placement, observed.slots[placement.slot]);
    const selectors = selectorsOf(observed, placement, undefined, isSharedByPods(observed, steps));
    const followers = followersOf(observed, canary, selectors);
    const entrance = entranceOf(observed, observed.routes, canary);
    const autoscaler = followingAutoscaler(observed, placement.name) ?? newAutoscaler(manifests, observed);
    const version = versionOf(placement.slot, canary, '');
    const release = {
        ...beginRelease(origin, observed, { command: 'deploy', canary: version, selectors, autoscaler }),
        ...asAsked(inputs, steps),
        ...recorded(followers),
        ...changingLabels(observed, canary, selectors)
    };
    const routing = prepareRouting(observed, release, steps, canary);
    const faults = [
        ...slotFaults(observed, placement.name),
        ...source.faults,
        ...nothingToRelease(inputs, manifests, observed),
        ...labelFaults(canary, selectors.canary, observed.service),
        ...entranceFaults(inputs.smokeTests, entrance, observed, canary, manifests),
        ...[followers, routing].flatMap((part) => part.faults)
    ];
    if (faults.length > 0)
        return faults;
    const { routes, services, warnings } = routing;
    const kept = keepTraffic(manifests, observed, selectors.stable, followers.selectors);
    const all = [...appliableOn(kept, routes, observed, release), ...services];
    const serving = servingElsewhere(observed);
    return { canary, serving, entrance, steps, routes, warnings, manifests: all, release };
}
function withLeftover(prepared, observed, { startedAt }) {
    const { release } = prepared;
    const { slot, deployment } = release.canary;
    const leftover = leftoverOf(observed, deployment, startedAt);
    const live = observed.slots[slot];
    return { ...prepared, live, release: { ...release, ...exposedBy(leftover) }, ...leftover };
}
function withSize(placement, steps, { routes }) {
    const { split } = steps[0] ?? { split: { weight: 100 } };
    const shareOf = routes.length > 0 ? 'requests' : 'connections';
    return { ...placement, replicas: podsFor(split, placement.replicas, shareOf) };
}

;// CONCATENATED MODULE: ./src/plan/method.ts





const method_wantedBy = ({ checks, smokeTests, bake }) => ({
    checks: checks.length > 0,
    smokeTests: smokeTests.length > 0,
    bake
});
const beside = {
    name: 'beside',
    prepare: prepare,
    plan: ({ release, ...prepared }, inputs, drain) => planProgressive({ ...prepared, ...method_wantedBy(inputs), previous: inputs.previous, drain }, release),
    restoring: [{ kind: 'ensure-stable' }, { kind: 'restore' }],
    planTidy: planRemoval,
    demand: demandBeside,
    movesTrafficOn: ({ service, companions, routes }) => [
        service,
        ...companions,
        ...routes.map(({ object }) => object)
    ],
    bringsBack: () => [],
    verb: 'patch'
};
const method_inPlace = (strategy) => ({
    name: 'in place',
    prepare: (inputs, observed, manifests, origin) => prepareInPlace({ ...inputs, strategy }, observed, manifests, origin),
    plan: (prepared, inputs) => planInPlace({ ...prepared, ...method_wantedBy(inputs) }),
    restoring: [{ kind: 'undo' }],
    planTidy: planAfterUndo,
    demand: demandInPlace,
    movesTrafficOn: () => [],
    bringsBack: ({ stable }) => [stable],
    verb: 'replace'
});
const methods = {
    'blue-green': beside,
    canary: beside,
    rolling: method_inPlace('rolling'),
    recreate: method_inPlace('recreate')
};
const methodFor = (strategy) => methods[strategy];
const methodOf = ({ strategy }) => methods[strategy ?? 'canary'];

// EXTERNAL MODULE: ./src/routes/split.ts
var routes_split = __webpack_require__(5634);
;// CONCATENATED MODULE: ./src/kubernetes/refusals.ts

const ATTEMPTS = 20;
const isConflict = (error) => error instanceof errors/* ClusterError */.b$ && error.status === 409;
const isInvalid = (error) => error instanceof errors/* ClusterError */.b$ && error.status === 422;
const refusals_isRefused = (error) => error instanceof errors/* ClusterError */.b$ && [400, 403, 422].includes(error.status);
async function untilWritten(write) {
    for (let left = ATTEMPTS;; left -= 1) {
        try {
            return await write();
        }
        catch (error) {
            if (!isConflict(error) || left === 0)
                throw error;
        }
    }
}

;// CONCATENATED MODULE: ./src/execute/await-condition.ts

async function awaitCondition({ query, known, reached, limit }, { cluster, clock }, signal) {
    const { promise, resolve, reject } = Promise.withResolvers();
    const done = new AbortController();
    const ended = AbortSignal.any([signal, done.signal]);
    const look = (objects) => {
        const found = reached(objects);
        if (found !== undefined)
            resolve(found);
        return found !== undefined;
    };
    const lastLook = async () => {
        if (limit === undefined)
            return;
        await clock.sleep(limit.timeout, ended);
        if (!look(await cluster.list(query)))
            throw new errors/* ReleaseFailed */.dN(limit.late());
    };
    cluster.watch(query, look, ended, known).catch(reject);
    lastLook().catch(reject);
    try {
        return await promise;
    }
    finally {
        done.abort();
    }
}

;// CONCATENATED MODULE: ./src/execute/changed-by-others.ts


const changed_by_others_changeIn = (known, live) => live === undefined || hasTemplateOf(live, known)
    ? undefined
    : new errors/* ReleaseFailed */.dN(changedByOthers(known.metadata.name));
const changedByOthers = (deployment) => `deployment/${deployment} was given another template by somebody else while the release ran`;

;// CONCATENATED MODULE: ./src/execute/endpoints.ts




const endpoints_TIMEOUT = 10_000;
const readyUids = (slices, hasPorts) => new Set(slices
    .filter(({ ports }) => !hasPorts || (ports ?? []).length > 0)
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ targetRef }) => targetRef?.uid ?? []));
async function confirmEndpoints(run, service, signal) {
    const wanted = run.progress.pods.flatMap(({ metadata }) => metadata.uid ?? []);
    const labels = `kubernetes.io/service-name=${service}`;
    const [{ spec }] = run.traffic.current();
    const hasPorts = (spec.ports ?? []).length > 0;
    const ready = await awaitCondition({
        query: { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: run.namespace, labels },
        reached: (slices) => {
            const ready = readyUids(slices, hasPorts);
            return wanted.every((uid) => ready.has(uid)) ? ready.size : undefined;
        },
        limit: {
            timeout: endpoints_TIMEOUT,
            late: () => `after 10 s the endpoints of service/${service} are not the pods that were tested`
        }
    }, run.ports, signal).catch(async (error) => {
        if (!(error instanceof errors/* ReleaseFailed */.dN) || !(await hasLostPods(run)))
            throw error;
        return undefined;
    });
    if (ready !== undefined)
        noteBehind(run, service, wanted);
    return ready;
}
async function hasLostPods(run) {
    const found = await endpoints_podsOf(run, 'canary');
    return run.progress.pods.some(({ metadata }) => !found.some((pod) => pod.metadata.uid === metadata.uid && !isEnding(pod)));
}
function noteBehind({ ports, progress: { behind } }, service, uids) {
    const known = behind.get(service);
    if (known === undefined || !uids.every((uid) => known.uids.has(uid)))
        behind.set(service, { uids: new Set(uids), since: ports.clock.now() });
}
const behindSince = ({ ports, progress: { behind } }, service) => behind.get(service)?.since ?? ports.clock.now();
const readyPods = async (run, side) => (await endpoints_podsOf(run, side)).filter(isReady);
const endpoints_podsOf = (run, side) => run.ports.cluster.list({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: run.namespace,
    labels: (0,kubernetes_selectors/* printSelector */.vJ)(run.initial.selectors[side])
});

;// CONCATENATED MODULE: ./src/execute/own-write.ts


async function isAsWanted(live, wanted, cluster) {
    const claim = fenceOf(wanted);
    if (claim !== undefined && fenceOf(live) !== claim)
        return false;
    return hasSpecOf(live, await cluster.replace(withVersionOf(live, wanted), { dryRun: true }));
}
const hasSpecOf = (one, other) => (0,canonical/* canonical */.$)(one.spec) === (0,canonical/* canonical */.$)(other.spec);
const withVersionOf = ({ metadata }, wanted) => ({
    ...wanted,
    metadata: { ...wanted.metadata, resourceVersion: metadata.resourceVersion ?? '' }
});
const knownDeployment = ({ deployment, serving }, name) => [deployment, serving].find((one) => one?.metadata.name === name);

;// CONCATENATED MODULE: ./src/plan/drain.ts
const DRAIN = 10_000;
const lagOf = (routes) => Math.max(0, ...routes.map(({ route, objects }) => route.lag?.(objects) ?? 0));
const drainOf = (routes) => Math.max(DRAIN, lagOf(routes));

;// CONCATENATED MODULE: ./src/execute/route-writers.ts







const routeWritersOf = ({ routes, traffic }) => routes.length > 0 ? routes : [{ route: routes_service/* serviceRoute */.D, traffic }];
const trafficsOf = ({ traffic, companions, routes }) => [
    traffic,
    ...companions.map((companion) => companion.traffic),
    ...routes.map((writer) => writer.traffic)
];
const drainIn = ({ routes }) => drainOf(routes.map(({ route, traffic }) => ({ route, objects: traffic.current() })));
const backendsIn = (run, release = run.progress.release) => backendsOf(release, run.namespace, run.traffic.name);
async function writeService(run, release, split) {
    const backends = backendsIn(run, release);
    const first = run.traffic.write((objects) => routes_service/* serviceRoute */.D.split(objects, backends, split), release);
    if (!run.progress.recorded)
        await first;
    run.progress.recorded = true;
    const others = run.companions.map(({ own, traffic }) => {
        const theirs = backendsFor(own, backends);
        return traffic.write((objects) => routes_service/* serviceRoute */.D.split(objects, theirs, split), undefined);
    });
    await Promise.all([first, ...others]);
}
const backendsFor = ({ before }, backends) => ({
    ...backends,
    selectors: companionSelectors(before, backends.selectors)
});
async function splitRoutes(run, split) {
    const { release } = run.progress;
    const backends = backendsIn(run);
    await Promise.all(run.routes.map(({ route, traffic }) => traffic.write((objects) => route.split(objects, backends, split), release)));
}
async function followOnRoutes(run, release) {
    const backends = backendsIn(run);
    await Promise.all(run.routes.flatMap(({ route: { follow }, traffic }) => follow === undefined ? [] : [traffic.write((objects) => follow(objects, backends), release)]));
}
async function settleRoutes(run, serving) {
    const backends = backendsIn(run);
    await Promise.all(run.routes.map(({ route, traffic }) => traffic.write((objects) => route.settle(objects, backends, serving), undefined)));
}
function weightNow(run) {
    const backends = backendsIn(run);
    const all = [{ route: routes_service/* serviceRoute */.D, traffic: run.traffic }, ...run.routes];
    const weights = [
        ...all.map(({ route, traffic }) => route.weight(traffic.current(), backends)),
        ...run.companions.map(({ own, traffic }) => routes_service/* serviceRoute */.D.weight(traffic.current(), backendsFor(own, backends)))
    ];
    return weights.includes(undefined) ? undefined : Math.max(...weights.map((weight) => weight ?? 0));
}
const route_writers_TIMEOUT = 30_000;
async function awaitRoutes(run, signal) {
    await Promise.all(run.routes.map((writer) => awaitRoute(writer, run, signal)));
    const titles = run.routes.map(({ traffic }) => traffic.title);
    return titles.length === 0 ? 'no routes' : `${titles.join(', ')} accepted`;
}
async function awaitRoute({ route, traffic }, run, signal) {
    const [main] = traffic.current();
    let pending = route.pending(traffic.current());
    if (pending === undefined)
        return;
    const { apiVersion, kind, metadata } = main;
    const taken = ([live]) => {
        if (live === undefined)
            return true;
        if ((live.metadata.generation ?? 0) < (metadata.generation ?? 0))
            return undefined;
        pending = route.pending((0,routes_route/* withObject */.Ox)(traffic.current(), live));
        return pending === undefined ? true : undefined;
    };
    await awaitCondition({
        query: { apiVersion, kind, namespace: metadata.namespace, fields: `metadata.name=${metadata.name}` },
        known: main,
        reached: taken,
        limit: {
            timeout: route_writers_TIMEOUT,
            late: () => `${traffic.title}: ${(0,base_duration/* formatDuration */.a)(route_writers_TIMEOUT)} after it was written: ${pending ?? ''}`
        }
    }, run.ports, signal);
}

;// CONCATENATED MODULE: ./src/execute/await-ready.ts







const await_ready_LOOK_AGAIN = 1000;
const ASK_AGAIN = 5000;
function stopwatch({ clock }) {
    const seen = new Map();
    return (what) => {
        const since = seen.get(what) ?? clock.now();
        seen.set(what, since);
        return clock.now() - since;
    };
}
const DELETED = { state: 'doomed', reason: 'Deleted', message: 'somebody deleted it' };
async function watchHealth(deployment, { cluster, clock }, { onHealth, tellPods, ...circumstances }, signal) {
    const { namespace, generation = 0 } = deployment.metadata;
    let live;
    let pods;
    let events = [];
    const look = () => {
        if (signal.aborted || live === undefined || pods === undefined)
            return;
        if ((live.metadata.generation ?? 0) < generation)
            return;
        onHealth(health(live, pods, { ...circumstances, events }), live);
    };
    const onDeployment = ([found]) => {
        live = found;
        if (found === undefined)
            onHealth(DELETED, undefined);
        look();
    };
    const onPods = (found) => {
        pods = found;
        tellPods?.(found);
        look();
    };
    const ask = async () => {
        events = await eventsOf(pods?.find(isBeingMade), cluster);
    };
    const labels = (0,kubernetes_selectors/* printSelector */.vJ)(deployment.spec.selector.matchLabels);
    await Promise.race([
        cluster.watch((0,kubernetes_workload/* deploymentAlone */.NY)(deployment), onDeployment, signal, deployment),
        cluster.watch({ apiVersion: 'v1', kind: 'Pod', namespace, labels }, onPods, signal),
        again(clock, await_ready_LOOK_AGAIN, look, signal),
        again(clock, ASK_AGAIN, ask, signal)
    ]);
    signal.throwIfAborted();
}
async function eventsOf(pod, cluster) {
    if (pod === undefined)
        return [];
    const { namespace, name } = pod.metadata;
    const fields = `involvedObject.name=${name}`;
    return cluster.list({ apiVersion: 'v1', kind: 'Event', namespace, fields }).catch(() => []);
}
async function readHealth({ spec, metadata: { namespace, name } }, { cluster }, { onHealth, ...circumstances }) {
    const labels = (0,kubernetes_selectors/* printSelector */.vJ)(spec.selector.matchLabels);
    const [live, pods] = await Promise.all([
        cluster.get((0,kubernetes_workload/* deploymentRef */.f8)(namespace, name)),
        cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace, labels })
    ]);
    const events = await eventsOf(pods.find(isBeingMade), cluster);
    onHealth(live === undefined ? DELETED : health(live, pods, { ...circumstances, events }), live);
}
async function again(clock, pause, work, signal) {
    for (;;) {
        await clock.sleep(pause, signal);
        await work();
    }
}
async function awaitReady(deployment, { timeout, outdated, anyTemplate = false }, ports, signal) {
    const { promise, resolve, reject } = Promise.withResolvers();
    const done = new AbortController();
    const watching = AbortSignal.any([signal, done.signal]);
    let summary = '';
    const onHealth = (seen, live) => {
        const change = anyTemplate ? undefined : changed_by_others_changeIn(deployment, live);
        if (change !== undefined)
            reject(change);
        else if (seen.state === 'ready')
            resolve(seen);
        else if (seen.state === 'doomed') {
            void unlessNodeIsComing(seen, deployment, ports).then((doomed) => {
                if (doomed)
                    reject(asFailure(seen, deployment));
            }, reject);
        }
        else if (seen.summary !== summary)
            ports.log.line((summary = seen.summary));
    };
    const looks = { onHealth, lasting: stopwatch(ports), outdated };
    const lastLook = async () => {
        await ports.clock.sleep(timeout, watching);
        await readHealth(deployment, ports, looks);
        throw notReady(deployment, timeout, summary);
    };
    watchHealth(deployment, ports, looks, watching).then(() => {
        reject(signal.reason);
    }, reject);
    lastLook().catch(reject);
    try {
        return await promise;
    }
    finally {
        done.abort();
    }
}
const notReady = ({ metadata }, timeout, summary) => new errors/* ReleaseFailed */.dN(`deployment/${metadata.name} was not ready after ${(0,base_duration/* formatDuration */.a)(timeout)}: ${summary}`);
function asFailure({ reason, message, pod }, { metadata }) {
    const who = pod === undefined ? `deployment/${metadata.name}` : `pod ${pod.metadata.name}`;
    return new errors/* ReleaseFailed */.dN(`${who} cannot run: ${reason}: ${message}`);
}
async function unlessNodeIsComing({ reason, pod }, { metadata }, { cluster }) {
    if (reason !== 'Unschedulable' || pod === undefined)
        return true;
    const events = await cluster.list({
        apiVersion: 'v1',
        kind: 'Event',
        namespace: metadata.namespace,
        fields: `involvedObject.name=${pod.metadata.name}`
    });
    return !isNodeComing(events);
}

;// CONCATENATED MODULE: ./src/smoke/exchange.ts



async function timed(ask, signal) {
    const started = performance.now();
    try {
        return { ...(await ask()), milliseconds: performance.now() - started };
    }
    catch (error) {
        signal.throwIfAborted();
        return { failure: (0,errors/* messageOf */.bD)(plainError(error)), milliseconds: performance.now() - started };
    }
}
const exchange = (url, request, signal, agents) => timed(async () => {
    const { within: milliseconds, contains } = request.expect;
    return (0,within/* within */.u)({ milliseconds, signal }, async (stop) => {
        const { status, headers, body } = await fetchStream({
            ...{
                url,
                method: request.method,
                headers: headersOf(request),
                body: request.body,
                signal: stop
            },
            ...(agents !== undefined && { agents, direct: true })
        });
        return { status, headers, ...(await readBody(body, contains)) };
    });
}, signal);
async function readBody(body, contains) {
    let start = '';
    let end = '';
    let size = 0;
    let holds = contains === undefined;
    for await (const chunk of body.setEncoding('utf8')) {
        size += chunk.length;
        if (size > LARGEST_ANSWER)
            throw new Error('the answer is larger than 64 MB');
        start += chunk.slice(0, Math.max(0, KEPT - start.length));
        if (holds || contains === undefined)
            continue;
        const seen = end + chunk;
        holds = seen.includes(contains);
        end = seen.slice(Math.max(0, seen.length - contains.length + 1));
    }
    return { start, holds };
}
const KEPT = 4096;
const answerOf = ({ status, headers, body }, { expect }) => ({
    status,
    headers,
    start: body.slice(0, KEPT),
    holds: expect.contains === undefined || body.includes(expect.contains)
});
const headersOf = ({ body }) => ({
    'User-Agent': 'greenlight',
    Accept: '*/*',
    ...(body !== undefined && { 'Content-Type': 'application/json' })
});

;// CONCATENATED MODULE: ./src/smoke/pods.ts






const PROXY_GIVES_UP = 35_000;
const pods_LARGEST_ANSWER = 8 * 1024 * 1024;
const LARGEST_OF_LOAD = 1024 * 1024;
const MOST_ON_PROXY = 64;
const MOST_CONNECTIONS = 256;
const ways = new WeakMap();
function waysOf(cluster) {
    const known = ways.get(cluster) ?? {};
    ways.set(cluster, known);
    return known;
}
function createPods(target, cluster) {
    const proxy = proxyTo(target, cluster, pods_LARGEST_ANSWER);
    const forwards = forwardsTo(target, cluster);
    const spareProxy = sparing(proxyTo(target, cluster, LARGEST_OF_LOAD));
    return {
        ...forwards,
        ask: (pod, request, signal) => reach(waysOf(cluster), async () => {
            const reply = await proxy(pod, request, signal);
            return isUnreached(reply) ? { blocked: reply.failure } : reply;
        }, async (why) => after(why, await forwards.ask(pod, request, signal)), (reply) => !('failure' in reply)),
        async askOften(pod, request, signal) {
            const reply = await forwards.ask(pod, request, signal);
            if (!isUnreached(reply))
                return reply;
            return after(`${reply.failure}; `, await spareProxy(pod, request, signal));
        }
    };
}
const isUnreached = (reply) => 'failure' in reply && reply.unreached === true;
const after = (why, reply) => 'failure' in reply ? { ...reply, failure: why + reply.failure } : reply;
function portFor({ port: wanted }, { port: usual, names }) {
    const port = typeof wanted === 'string' ? names[wanted] : (wanted ?? usual);
    if (port !== undefined)
        return port;
    throw new Error(wanted === undefined ? 'nothing says which port it listens on' : `it has no port named ${wanted}`);
}
const schemeFor = (request, port, { tls = [] }) => request.scheme ?? (tls.includes(port) ? 'https' : 'http');
function pathIn(request) {
    const { pathname, search } = new URL(request.target, 'http://pod');
    return pathname + search;
}
function proxyTo({ namespace, entrance }, cluster, largest) {
    const known = waysOf(cluster);
    return async (pod, request, signal) => {
        const port = portFor(request, entrance);
        const { method, body = '', expect } = request;
        const scheme = schemeFor(request, port, entrance);
        const path = proxyPath({ kind: 'pods', namespace, name: pod, port, scheme }) + pathIn(request);
        const timeout = known.way === undefined ? Math.max(expect.within, PROXY_GIVES_UP) : expect.within;
        const headers = headersOf(request);
        const send = async () => {
            const answer = await cluster.send({ method, path, headers, body, timeout, signal, largest });
            return { ...answerOf(answer, request), obstacle: obstacleIn(answer) };
        };
        const reply = await timed(send, signal);
        const obstacle = 'failure' in reply ? undefined : reply.obstacle;
        if (!('failure' in reply) && obstacle === undefined)
            known.way = 'proxy';
        if (obstacle === undefined)
            return reply;
        const unreached = !obstacle.includes('connection refused');
        return { failure: `the API server's proxy: ${obstacle}`, milliseconds: reply.milliseconds, unreached };
    };
}
function sparing(ask) {
    let waiting = 0;
    return async (pod, request, signal) => {
        if (waiting >= MOST_ON_PROXY) {
            const failure = `not sent: ${MOST_ON_PROXY} requests were still waiting for the API server's proxy, the only way here`;
            return { failure, milliseconds: 0 };
        }
        waiting++;
        return ask(pod, request, signal).finally(() => waiting--);
    };
}
function obstacleIn(answer) {
    const { status, body } = answer;
    const said = saidByProxy(answer);
    const isForbidden = status === 403 && said?.includes('pods/proxy') === true;
    return isForbidden || [502, 503, 504].includes(status) || statusIn(body) === undefined ? said : undefined;
}
function forwardsTo({ namespace, entrance }, cluster) {
    const options = { keepAlive: true, scheduling: 'lifo', maxTotalSockets: MOST_CONNECTIONS };
    const agents = { http: new external_node_http_.Agent(options), https: new external_node_https_.Agent({ ...options, rejectUnauthorized: false }) };
    const forwards = new Map();
    const urlOf = async (pod, request) => {
        const port = portFor(request, entrance);
        const key = `${pod}:${port}`;
        const forward = forwards.get(key) ?? cluster.forward({ namespace, name: pod, port });
        forwards.set(key, forward);
        return (await forward).url.replace(/^http:/, `${schemeFor(request, port, entrance)}:`);
    };
    const ask = async (pod, request, signal) => {
        try {
            const url = await urlOf(pod, request);
            return await exchange(url + pathIn(request), request, signal, agents);
        }
        catch (error) {
            signal.throwIfAborted();
            return { failure: (0,errors/* messageOf */.bD)(error), told: (0,errors/* messageOf */.bD)(error), milliseconds: 0, unreached: true };
        }
    };
    return {
        ask,
        urlOf: (pod) => urlOf(pod, {}),
        allowConnections(perPod) {
            for (const agent of Object.values(agents))
                agent.maxSockets = perPod;
        },
        async close() {
            for (const agent of Object.values(agents))
                agent.destroy();
            await Promise.allSettled([...forwards.values()].map(async (forward) => (await forward).close()));
        }
    };
}

;// CONCATENATED MODULE: ./src/execute/observe-share.ts




const EFFECTIVE = 2500;
const REQUESTS = 200;
const EVERY = 25;
const observe_share_AT_ONCE = 20;
const HOPELESS = 10;
async function observeShare(run, duration, signal) {
    const { progress } = run;
    const { entry, clock } = run.ports;
    const shift = run.journal.shifts.at(-1);
    if (entry === undefined || progress.marks === 'none' || duration === 0)
        return;
    if (shift === undefined || shift.observed !== undefined)
        return;
    const seen = { sent: 0, canary: 0, stable: 0, lost: 0, problem: '' };
    try {
        progress.marks ??= await unlessAborted(readMarks(entry, run, signal), signal);
        await clock.sleep(Math.max(0, shift.at + EFFECTIVE - clock.now()), signal);
        await unlessAborted(observe_share_count({ entry, marks: progress.marks, seen }, clock, signal), signal);
    }
    catch (error) {
        if (!signal.aborted) {
            giveUp(run, (0,errors/* messageOf */.bD)(error));
            return;
        }
    }
    tell(run, shift, seen, entry);
}
async function unlessAborted(work, signal) {
    const aborted = Promise.withResolvers();
    const onAbort = () => {
        aborted.reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted)
        onAbort();
    return Promise.race([work, aborted.promise]).finally(() => {
        signal.removeEventListener('abort', onAbort);
    });
}
function tell(run, shift, seen, entry) {
    const requests = seen.canary + seen.stable;
    if (requests > 0) {
        const share = (100 * seen.canary) / requests;
        run.journal.shifts.splice(-1, 1, { ...shift, observed: { share, requests } });
        run.ports.log.line(describe(seen, share, entry, run));
    }
    else if (seen.lost > 0)
        giveUp(run, seen.problem);
    else if (seen.sent >= HOPELESS)
        giveUp(run, 'the entry did not answer while the step lasted');
}
function giveUp(run, why) {
    run.progress.marks = 'none';
    const warning = `probe: the share that users see is not observed: ${why}`;
    run.ports.log.warning(warning);
    run.journal.warnings.push(warning);
}
function describe({ canary, stable, lost }, share, { probe }, run) {
    const { origin, pathname } = new URL(probe.url);
    const rest = lost === 0 ? '' : `; ${lost} more got no answer from either version`;
    return `observed through ${origin}${pathname}: ${canary} of ${canary + stable} = ${(0,counted/* percent */.KN)(share)} from ${run.progress.canary.deployment}${rest}`;
}
async function observe_share_count(counting, clock, signal) {
    const { seen } = counting;
    const open = new Set();
    while (seen.sent < REQUESTS && !isHopeless(seen)) {
        if (open.size === observe_share_AT_ONCE)
            await Promise.race(open);
        const request = countOne(counting, signal).finally(() => open.delete(request));
        open.add(request);
        seen.sent += 1;
        await clock.sleep(EVERY, signal);
    }
    await Promise.all(open);
}
const isHopeless = ({ canary, stable, lost }) => canary + stable === 0 && lost >= HOPELESS;
async function countOne({ entry, marks, seen }, signal) {
    const lose = (why) => {
        seen.lost += 1;
        seen.problem ||= why;
    };
    try {
        const mark = await entry.ask(signal);
        const { header } = entry.probe;
        if (mark === marks.canary)
            seen.canary += 1;
        else if (mark === marks.stable)
            seen.stable += 1;
        else if (mark === undefined)
            lose(`answers at the entry have no header ${header}`);
        else
            lose(`answers at the entry say ${mark} in ${header}, as neither version does`);
    }
    catch (error) {
        if (!signal.aborted)
            lose(`the entry does not answer: ${(0,errors/* messageOf */.bD)(error)}`);
    }
}
async function readMarks({ probe }, run, signal) {
    const { namespace, entrance, ports, initial } = run;
    const { canary, stable } = run.progress;
    if (canary.deployment === stable.deployment)
        throw new Error(`strategy ${initial.strategy ?? ''} leaves no pod of the old version to compare with`);
    const pods = createPods({ namespace, entrance, slot: canary.slot, pods: [] }, ports.cluster);
    const request = requestTo(probe);
    const mark = (deployment, ready) => markOf(deployment, ready, probe.header, (pod) => pods.ask(pod, request, signal));
    try {
        const marks = {
            canary: await mark(canary.deployment, run.progress.pods),
            stable: await mark(stable.deployment, await readyPods(run, 'stable'))
        };
        if (marks.canary !== marks.stable)
            return marks;
        throw new Error(`${probe.header} is ${marks.canary} in the answers of both versions`);
    }
    finally {
        await pods.close();
    }
}
const requestTo = ({ url }) => ({
    kind: 'request',
    method: 'GET',
    target: new URL(url).pathname,
    expect: { status: 200, within: 10_000 }
});
async function markOf(deployment, ready, header, ask) {
    if (ready.length === 0)
        throw new Error(`no pod of ${deployment} is ready`);
    const replies = await Promise.all(ready.slice(0, 2).map(({ metadata }) => ask(metadata.name)));
    const failed = replies.find((reply) => 'failure' in reply);
    if (failed !== undefined)
        throw new Error(`a pod of ${deployment} does not answer: ${failed.failure}`);
    const values = replies.map((reply) => 'headers' in reply ? reply.headers[header.toLowerCase()] : undefined);
    const [first] = values;
    if (first === undefined)
        throw new Error(`answers of ${deployment} have no header ${header}`);
    if (values.every((value) => value === first))
        return first;
    throw new Error(`${header} is not the same in the answers of all pods of ${deployment}`);
}

;// CONCATENATED MODULE: ./src/execute/own-service.ts



async function untilOwnServiceChanges(run, signal) {
    const { namespace, ports } = run;
    const name = backendsIn(run).canary;
    const { promise, reject } = Promise.withResolvers();
    let known;
    const onChange = ([live]) => {
        const what = known === undefined ? undefined : changeOf(known, live);
        if (what !== undefined)
            reject(new errors/* ReleaseFailed */.dN(`somebody has ${what} service/${name} in namespace ${namespace}, by which the new version gets its share`));
        known ??= live;
    };
    const query = { apiVersion: 'v1', kind: 'Service', namespace, fields: `metadata.name=${name}` };
    ports.cluster.watch(query, onChange, signal).catch(reject);
    return promise;
}
function changeOf(known, live) {
    if (live === undefined)
        return 'deleted';
    const isSame = (0,kubernetes_selectors/* sameLabels */.SM)(live.spec.selector, known.spec.selector) && live.spec.type === known.spec.type;
    return isSame ? undefined : 'changed';
}

;// CONCATENATED MODULE: ./src/execute/under-traffic.ts




const GROWING = new Set([
    'ProgressDeadlineExceeded',
    'Unschedulable',
    'FailedCreate',
    'FailedMount'
]);
const UNREADY_GRACE = 10_000;
const REPLACED_GRACE = 120_000;
async function untilDoomed(deployment, ports, signal, { tellPods, when = 'under traffic' } = {}) {
    const { promise, reject } = Promise.withResolvers();
    const switchedTo = deployment.spec.replicas ?? 1;
    const up = new Set();
    let grace = UNREADY_GRACE;
    const onPods = (pods) => {
        const own = pods.filter((pod) => isOwnedBy(deployment, pod) && !isEnding(pod));
        const ill = own.filter((pod) => !isReady(pod) && up.has(pod.metadata.uid ?? ''));
        for (const { metadata } of own.filter(isReady))
            up.add(metadata.uid ?? '');
        grace = ill.length > 0 ? UNREADY_GRACE : REPLACED_GRACE;
        tellPods?.(pods);
    };
    let unreadySince;
    const onHealth = (seen, live) => {
        const change = changed_by_others_changeIn(deployment, live);
        if (change !== undefined)
            reject(change);
        if (switchedTo > 0 && live?.spec.replicas === 0)
            reject(new errors/* ReleaseFailed */.dN(`deployment/${deployment.metadata.name} was scaled to 0 by somebody ${when}`));
        if (seen.state === 'doomed' && !GROWING.has(seen.reason))
            reject(asFailure(seen, deployment));
        if (seen.state !== 'progressing' || seen.ready >= Math.min(switchedTo, seen.wanted)) {
            unreadySince = undefined;
            return;
        }
        unreadySince ??= ports.clock.now();
        if (seen.ready > 0 && ports.clock.now() - unreadySince < grace)
            return;
        reject(new errors/* ReleaseFailed */.dN(`deployment/${deployment.metadata.name} lost pods ${when}: ${seen.summary}`));
    };
    const looks = { onHealth, tellPods: onPods, lasting: stopwatch(ports) };
    watchHealth(deployment, ports, looks, signal).catch(reject);
    return promise;
}

;// CONCATENATED MODULE: ./src/execute/steps/rounds.ts




function tellRounds(log) {
    let last = '';
    let again = 0;
    let isForgiven = false;
    const end = () => {
        if (again > 0)
            log.line(`the same in ${(0,counted/* counted */.hS)(again, 'more round')}`);
        again = 0;
    };
    return {
        end,
        tell: (readings) => {
            const text = readings.map(printReading).join('   ');
            const youth = readings.find(({ early }) => early === true)?.youth;
            if (youth !== undefined && !isForgiven) {
                isForgiven = true;
                log.line(`no data is no failed measurement in the first ${(0,base_duration/* formatDuration */.a)(youth)} of a step: until then Prometheus may not know of its requests`);
            }
            if (text === last && readings.some(({ verdict }) => verdict === 'no-data')) {
                again += 1;
                return;
            }
            end();
            last = text;
            log.quote(text);
        }
    };
}
const marks = { pass: '✓', fail: '✗', 'no-data': '?' };
const printReading = ({ check, value, verdict, why }) => `${marks[verdict]} ${(0,inputs_check/* checkName */.I3)(check)} ${value === undefined ? (why ?? 'no data') : (0,figure/* asWritten */.qm)(check, value)}`;

;// CONCATENATED MODULE: ./src/execute/steps/watch.ts













const watch_nameOf = ({ metadata }) => metadata.name;
const testedPods = ({ pods }) => ({
    ready: pods,
    names: pods.map(watch_nameOf)
});
function withNews(known, told, hash) {
    const found = told.filter((pod) => (0,kubernetes_workload/* templateHash */.tv)(pod) === hash);
    return {
        ready: found.filter((pod) => isReady(pod) && !isEnding(pod)),
        names: [...new Set([...known.names, ...found.map(watch_nameOf)])]
    };
}
const subjectOf = (run, { ready, names }) => ({
    namespace: run.namespace,
    workload: run.workload,
    slot: run.progress.canary.slot,
    service: run.traffic.name,
    side: 'canary',
    deployment: run.progress.canary.deployment,
    ...routeOf(run),
    replicaSet: `${run.progress.canary.deployment}-${run.progress.canary.hash}`,
    pods: ready.map(({ metadata }) => ({
        name: metadata.name,
        createdAt: Date.parse(metadata.creationTimestamp ?? '')
    })),
    otherPods: names,
    probes: probesOf(run.progress.deployment, run.progress.serving),
    ...(run.entrance.port === undefined ? {} : { port: run.entrance.port }),
    releaseStartedAt: Date.parse(run.progress.release.startedAt)
});
function routeOf(run) {
    const [writer] = run.routes;
    if (writer === undefined)
        return {};
    const { servicePort } = run.entrance;
    return {
        backend: {
            service: backendsIn(run).canary,
            port: servicePort?.port,
            ...(servicePort?.name === undefined ? {} : { portName: servicePort.name })
        },
        route: { kind: writer.route.kind, name: writer.traffic.name }
    };
}
async function watch(run, name, duration, signal) {
    const { progress } = run;
    const done = new AbortController();
    const watching = AbortSignal.any([signal, done.signal]);
    const startedAt = run.ports.clock.now();
    const end = startedAt + duration;
    progress.watched = { name, startedAt };
    let pods = testedPods(progress);
    const tellPods = (told) => (pods = withNews(pods, told, progress.canary.hash));
    const isOver = () => run.ports.clock.now() >= end;
    const watched = run.sampler === undefined
        ? waitUntil(run, end, watching)
        : runChecks(run, run.sampler, { step: progress.watched, isOver, pods: () => pods }, watching);
    const observed = observeShare(run, duration, watching);
    const doomed = progress.deployment === undefined
        ? []
        : [untilDoomed(progress.deployment, run.ports, watching, { tellPods })];
    try {
        return await Promise.race([watched, ...doomed, ...ownService(run, watching)]);
    }
    finally {
        done.abort();
        await observed;
    }
}
async function inSight(run, work, signal, known = run.progress.deployment) {
    const done = new AbortController();
    const watching = AbortSignal.any([signal, done.signal]);
    let pods = testedPods(run.progress);
    const tellPods = (told) => (pods = withNews(pods, told, run.progress.canary.hash));
    const { sampler } = run;
    const { watched: step, release } = run.progress;
    const when = release.exposed === true ? 'under traffic' : 'before its first users';
    const doomed = known === undefined ? [] : [untilDoomed(known, run.ports, watching, { tellPods, when })];
    const checked = sampler === undefined || step === undefined
        ? []
        : [runChecks(run, sampler, { step, isOver: () => false, pods: () => pods }, watching)];
    try {
        return (await Promise.race([work(watching), ...doomed, ...checked, ...ownService(run, watching)]));
    }
    finally {
        done.abort();
    }
}
const ownService = (run, signal) => run.routes.length === 0 ? [] : [untilOwnServiceChanges(run, signal)];
async function waitUntil({ ports }, end, signal) {
    const left = Math.max(0, end - ports.clock.now());
    await ports.clock.sleep(left, signal);
    return `${(0,base_duration/* formatDuration */.a)(left < 1000 ? left : Math.round(left / 1000) * 1000)} without checks; all pods kept running`;
}
async function runChecks(run, sampler, { step, isOver, pods = () => testedPods(run.progress) }, signal) {
    const { progress } = run;
    const { clock, log } = run.ports;
    const told = tellRounds(log);
    try {
        for (let rounds = 1;; rounds += 1) {
            await clock.sleep(run.settings.checkInterval, signal);
            const readings = await sampler.measure(step, subjectOf(run, pods()), signal);
            run.journal.measurements.push(...readings);
            told.tell(readings);
            progress.standing = judgeRound(progress.standing, readings, run.settings);
            const { decision, failed } = progress.standing;
            if (failed !== undefined)
                throw new errors/* ReleaseFailed */.dN(failed.reason, (0,inputs_check/* printCheck */.iK)(failed.check));
            if (decision === 'pass' && isOver())
                return `every check passed, ${(0,counted/* counted */.hS)(rounds, 'round')} of measurements`;
        }
    }
    finally {
        told.end();
    }
}

;// CONCATENATED MODULE: ./src/execute/gateways.ts







const gateways_SECOND = 1000;
async function awaitGateways(run, { since, what, writers = run.routes }, signal, watched = (_, wait) => wait(signal)) {
    const { clock, log } = run.ports;
    const lag = lagOf(writers.map(({ route, traffic }) => ({ route, objects: traffic.current() })));
    const left = since + lag - clock.now();
    if (left <= 0)
        return false;
    const names = writers.map(({ traffic }) => traffic.title).join(', ');
    const shown = (0,base_duration/* formatDuration */.a)(Math.ceil(left / gateways_SECOND) * gateways_SECOND);
    log.line(`waits ${shown}: the gateway of ${names} may need as long to learn ${what}`);
    await watched(run, (ended) => clock.sleep(left, ended), signal);
    return true;
}
const awaitGatewaysWatching = (run, learning, signal) => awaitGateways(run, learning, signal, inSight);
const awaitGatewaysTelling = (run, learning, signal) => awaitGateways(run, learning, signal, async (_, wait) => {
    const { ports } = run;
    const { deployment } = run.progress;
    const done = new AbortController();
    const ended = AbortSignal.any([signal, done.signal]);
    if (deployment !== undefined)
        untilDoomed(deployment, ports, ended).catch((error) => {
            if (!(error instanceof errors/* ReleaseFailed */.dN))
                return;
            run.journal.warnings.push(`after the new version had passed: ${error.message}; command: rollback brings the one before back`);
        });
    await wait(signal).finally(() => {
        done.abort();
    });
});
function writersToApex(run) {
    const backends = backendsIn(run);
    return run.routes.filter(({ route, traffic }) => {
        const objects = traffic.current();
        const settled = route.settle(objects, backends, 'canary').reduce(routes_route/* withObject */.Ox, objects);
        return route.weight(settled, backends) !== 100;
    });
}

;// CONCATENATED MODULE: ./src/smoke/printed.ts
const LONGEST_LINE = 64 * 1024;
function lineSplitter(onLine) {
    let line = '';
    let dropped = 0;
    let afterReturn = false;
    const add = (text) => {
        const room = LONGEST_LINE - line.length;
        line += text.slice(0, room);
        dropped += Math.max(0, text.length - room);
    };
    const flush = () => {
        onLine(dropped === 0 ? line : `${line}… ${dropped} more`);
        line = '';
        dropped = 0;
    };
    return {
        push(text) {
            const rest = afterReturn && text.startsWith('\n') ? text.slice(1) : text;
            if (text !== '')
                afterReturn = text.endsWith('\r');
            const [first = '', ...others] = rest.split(/\r\n|[\r\n]/);
            add(first);
            for (const other of others) {
                flush();
                add(other);
            }
        },
        end() {
            if (line !== '')
                flush();
        }
    };
}

;// CONCATENATED MODULE: ./src/smoke/command.ts






const LIMIT = 5 * 60_000;
const command_GRACE = 1_000;
const MEGABYTE = 1024 * 1024;
const MOST_SHOWN = 16 * MEGABYTE;
const OF_ACTIONS = /^(?:INPUT_.*|STATE_.*|ACTIONS_(?:RUNTIME|CACHE|RESULTS)_.*|GITHUB_(?:STATE|OUTPUT|STEP_SUMMARY|ENV|PATH))$/i;
const ofStep = (variables) => Object.fromEntries(Object.entries(variables).filter(([name]) => !OF_ACTIONS.test(name)));
async function runCommand(line, variables, { clock, log }, signal) {
    signal.throwIfAborted();
    const shell = await command_start(line, variables);
    show(shell, log);
    const detail = await (0,within/* within */.u)({ milliseconds: LIMIT, signal, clock }, () => shell.exit)
        .catch(command_overdue)
        .finally(() => end(shell));
    return { passed: detail === 'exit 0', detail };
}
function command_overdue(error) {
    if (!(error instanceof within/* Overdue */.N))
        throw error;
    return `not done after ${(0,base_duration/* formatDuration */.a)(LIMIT)}, so it was ended`;
}
const command_start = (line, variables) => command_launch('bash', ['-e', '-o', 'pipefail', '-c', line], variables).catch((error) => {
    if (error.code !== 'ENOENT')
        throw error;
    return command_launch('sh', ['-e', '-c', line], variables);
});
async function command_launch(name, flags, env) {
    const child = (0,external_node_child_process_.spawn)(name, flags, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    await (0,external_node_events_.once)(child, 'spawn');
    return {
        child,
        outputs: [child.stdout, child.stderr],
        exit: (0,external_node_events_.once)(child, 'exit').then(([code, killer]) => `exit ${String(code ?? killer)}`),
        closed: (0,external_node_events_.once)(child, 'close')
    };
}
function show({ outputs }, log) {
    let left = MOST_SHOWN;
    const take = (line) => {
        if (left < 0)
            return;
        left -= line.length + 1;
        log.quote(left < 0 ? `… more than ${MOST_SHOWN / MEGABYTE} MB were printed, the rest is not shown` : line);
    };
    for (const output of outputs) {
        const splitter = lineSplitter(take);
        output.setEncoding('utf8').on('data', splitter.push).once('end', splitter.end);
    }
}
async function end({ child, outputs, exit, closed }) {
    if (child.exitCode === null && child.signalCode === null) {
        signalGroup(child, 'SIGTERM');
        await (0,within/* within */.u)({ milliseconds: command_GRACE }, () => exit).catch(() => undefined);
    }
    signalGroup(child, 'SIGKILL');
    await (0,within/* within */.u)({ milliseconds: command_GRACE }, () => closed).catch(() => undefined);
    for (const output of outputs)
        output.destroy();
}
function signalGroup({ pid }, signal) {
    if (pid === undefined)
        return;
    try {
        (0,external_node_process_.kill)(-pid, signal);
    }
    catch {
    }
}

;// CONCATENATED MODULE: ./src/smoke/expectation.ts

const EVIDENCE = 300;
const describeReply = (reply) => 'failure' in reply
    ? (reply.told ?? inOurWords(reply.failure))
    : `${reply.status} in ${Math.round(reply.milliseconds)} ms`;
function faultIn(reply, { expect }) {
    const evidence = evidenceIn(reply);
    if (reply.milliseconds > expect.within)
        return { problem: `no whole answer within ${(0,base_duration/* formatDuration */.a)(expect.within)}`, evidence };
    if ('failure' in reply)
        return { problem: describeReply(reply), evidence };
    const empty = evidence === '' ? ' and an empty body' : '';
    if (reply.status !== expect.status)
        return { problem: `${describeReply(reply)} instead of ${expect.status}${empty}`, evidence };
    if (!reply.holds)
        return { problem: `${describeReply(reply)} without the text that it must contain${empty}`, evidence };
    return undefined;
}
const evidenceIn = (reply) => 'failure' in reply ? reply.failure : reply.start.replace(/\s+/g, ' ').trim().slice(0, EVIDENCE);
const REASONS = [
    [/^not sent: /, ''],
    [/connection refused|ECONNREFUSED/i, 'connection refused'],
    [/no whole answer|timed? ?out|ETIMEDOUT|deadline exceeded/i, 'it took too long'],
    [/ECONNRESET|connection reset|hang up|EPIPE|aborted|EOF\b/i, 'the connection was closed'],
    [/ENOTFOUND|EAI_AGAIN|no such host/i, 'the host is not known'],
    [/EHOSTUNREACH|ENETUNREACH|no route to host|unreachable/i, 'the host cannot be reached'],
    [/certificate|self.signed|\bTLS\b|\bSSL\b|wrong version number/i, 'the TLS connection failed'],
    [/maxContentLength|too large|larger than/i, 'it is too large'],
    [/may not|forbidden|is missing the right|lacks the right/i, 'the credentials do not open a way to the pod'],
    [/not found|does not exist|no such pod/i, 'there is no such pod any more']
];
function inOurWords(failure) {
    const [, words] = REASONS.find(([sign]) => sign.test(failure)) ?? [];
    if (words === '')
        return failure;
    return words === undefined ? 'no answer; the log says why' : `no answer: ${words}`;
}

;// CONCATENATED MODULE: ./src/smoke/http.ts



const http_AT_ONCE = 8;
const isAbsolute = ({ target }) => !target.startsWith('/');
async function testRequest(request, { pods: names, entrance }, ways, signal) {
    if (isAbsolute(request)) {
        const reply = await exchange(request.target, request, signal);
        const fault = faultIn(reply, request);
        return fault === undefined
            ? { passed: true, pods: [], detail: describeReply(reply) }
            : { passed: false, pods: [], detail: fault.problem, evidence: fault.evidence };
    }
    if (names.length === 0)
        return { passed: false, pods: [], detail: 'there is no pod to ask' };
    const port = portFor(request, entrance);
    const replies = await inParallel(names, (pod) => ways.ask(pod, request, signal));
    return { pods: names, ...http_judge(request, names, replies, port) };
}
function http_judge(request, names, replies, port) {
    const faults = replies.flatMap((reply, at) => {
        const fault = faultIn(reply, request);
        return fault === undefined
            ? []
            : [{ ...fault, problem: `${names[at] ?? ''} on port ${port}: ${fault.problem}` }];
    });
    const [first] = faults;
    if (first !== undefined) {
        const count = names.length === 1 ? '' : `${faults.length} of ${names.length} pods failed; `;
        return { passed: false, detail: count + first.problem, evidence: first.evidence };
    }
    const slowest = replies.reduce((a, b) => (a.milliseconds > b.milliseconds ? a : b));
    const count = names.length === 1 ? '' : ` from the slowest of ${names.length} pods`;
    return { passed: true, detail: `${describeReply(slowest)}${count} on port ${port}` };
}
async function inParallel(items, action) {
    const results = [];
    const rest = items.entries();
    const work = async () => {
        for (const [at, item] of rest)
            results[at] = await action(item);
    };
    await Promise.all(Array.from({ length: http_AT_ONCE }, work));
    return results;
}

;// CONCATENATED MODULE: ./src/smoke/load.ts

const MOST_UNANSWERED = 1_000;
const KEPT_FAILURES = 5;
async function runLoad({ perSecond, duration }, send, clock, signal) {
    const total = Math.max(1, Math.round((perSecond * duration) / 1000));
    const tally = createTally(send);
    const started = clock.now();
    const dueAt = (number) => started + (number * 1000) / perSecond;
    for (let number = 0; number < total; number++) {
        const early = dueAt(number) - clock.now();
        if (early > 0)
            await clock.sleep(early, signal);
        signal.throwIfAborted();
        tally.launch(number);
    }
    const counts = await tally.counts();
    signal.throwIfAborted();
    return counts;
}
function createTally(send) {
    const unanswered = new Set();
    const firstFailures = [];
    let sent = 0;
    let failed = 0;
    const take = (fault) => {
        if (fault === undefined)
            return;
        failed++;
        if (firstFailures.length < KEPT_FAILURES)
            firstFailures.push(fault);
    };
    return {
        launch(number) {
            sent++;
            if (unanswered.size >= MOST_UNANSWERED) {
                take({ problem: `not sent: ${MOST_UNANSWERED} requests were still unanswered`, evidence: '' });
                return;
            }
            const answer = send(number).then(take, (error) => {
                take({ problem: 'no answer; the log says why', evidence: (0,errors/* messageOf */.bD)(error) });
            });
            unanswered.add(answer);
            void answer.then(() => unanswered.delete(answer));
        },
        async counts() {
            await Promise.all(unanswered);
            return { sent, passed: sent - failed, failed, firstFailures };
        }
    };
}

;// CONCATENATED MODULE: ./src/smoke/index.ts








const FIRST_CONNECTIONS = 4;
const smoke_MOST_CONNECTIONS = 64;
const CONNECTION_EVERY = 100;
const smoke_nobody = { passed: false, pods: [], detail: 'there is no pod to ask' };
async function runSmokeTest(test, target, setting, signal) {
    signal.throwIfAborted();
    const { clock, cluster, number = 1 } = setting;
    const started = clock.now();
    const ways = createPods(target, cluster);
    try {
        const finding = await find(test, { ...setting, target, ways, signal });
        signal.throwIfAborted();
        return { test, number, ...finding, milliseconds: clock.now() - started };
    }
    finally {
        await ways.close();
    }
}
function find(test, scene) {
    switch (test.kind) {
        case 'request':
            return testRequest(test, scene.target, scene.ways, scene.signal);
        case 'load':
            return testUnderLoad(test, scene);
        case 'command':
            return testByCommand(test.run, scene);
    }
}
async function testUnderLoad(load, { target, clock, judgedByChecks, ways, signal }) {
    const pods = isAbsolute(load) ? [] : target.pods;
    if (pods.length === 0 && !isAbsolute(load))
        return smoke_nobody;
    const started = clock.now();
    const send = async (number) => {
        const pod = pods[number % pods.length];
        if (pod === undefined)
            return faultIn(await exchange(load.target, load, signal), load);
        const more = Math.floor((clock.now() - started) / CONNECTION_EVERY);
        ways.allowConnections(Math.min(FIRST_CONNECTIONS + more, smoke_MOST_CONNECTIONS));
        const fault = faultIn(await ways.askOften(pod, load, signal), load);
        if (fault === undefined)
            return undefined;
        return { ...fault, problem: `${pod} on port ${portFor(load, target.entrance)}: ${fault.problem}` };
    };
    const { sent, passed, failed, firstFailures } = await runLoad(load, send, clock, signal);
    const detail = [`${sent} sent, ${failed} failed`, ...firstFailures.map(({ problem }) => problem)].join('; ');
    const evidence = firstFailures.map((failure) => failure.evidence).join('\n');
    return { passed: judgedByChecks ? passed > 0 : failed === 0, pods, detail, evidence };
}
async function testByCommand(run, { target, ways, variables = external_node_process_.env, signal, ...ports }) {
    const [pod] = target.pods;
    if (pod === undefined)
        return smoke_nobody;
    try {
        const own = {
            GREENLIGHT_URL: await ways.urlOf(pod),
            GREENLIGHT_NAMESPACE: target.namespace,
            GREENLIGHT_SLOT: target.slot
        };
        const ending = await runCommand(run, { ...ofStep(variables), ...own }, ports, signal);
        return { pods: [], ...ending };
    }
    catch (error) {
        signal.throwIfAborted();
        const detail = 'the command could not be started; the log says why';
        return { passed: false, pods: [], detail, evidence: (0,errors/* messageOf */.bD)(error) };
    }
}

;// CONCATENATED MODULE: ./src/execute/steps/smoke.ts





async function runSmokeTestsOn(run, pods, signal) {
    const { smokeTests } = run.settings;
    for (const [at, test] of smokeTests.entries()) {
        const numbered = { test, number: at + 1 };
        const result = test.kind === 'load'
            ? await loadUnderChecks(run, numbered, pods, signal)
            : await once(run, numbered, pods, signal);
        smoke_tell(run, result);
        if (!result.passed)
            throw new errors/* ReleaseFailed */.dN(`smoke test failed: ${(0,smoke_test/* nameSmokeTest */.L6)(test, at + 1)}: ${result.detail}`);
    }
    for (const { metadata } of pods)
        run.progress.tested.add(metadata.uid ?? '');
    return `${(0,counted/* counted */.hS)(smokeTests.length, 'test')} passed on ${(0,counted/* counted */.hS)(pods.length, 'pod')}`;
}
function smoke_tell({ ports }, { test, passed, detail, evidence = '' }) {
    ports.log.quote(`${passed ? '✓' : '✗'} ${(0,smoke_test/* printSmokeTest */.Pl)(test)}   ${detail}`);
    if (!passed && evidence !== '' && test.kind !== 'command')
        ports.log.quote(evidence);
}
async function once(run, { test, number }, pods, signal) {
    const target = {
        namespace: run.namespace,
        slot: run.progress.canary.slot,
        entrance: run.entrance,
        pods: pods.map(({ metadata }) => metadata.name)
    };
    const result = await runSmokeTest(test, target, { ...run.ports, judgedByChecks: run.sampler !== undefined, number }, signal);
    run.journal.smokeTests.push(result);
    return result;
}
async function loadUnderChecks(run, numbered, pods, signal) {
    if (run.sampler === undefined)
        return once(run, numbered, pods, signal);
    const done = new AbortController();
    const both = AbortSignal.any([signal, done.signal]);
    let result;
    const load = once(run, numbered, pods, both).then((ended) => (result = ended));
    try {
        const name = (0,smoke_test/* nameSmokeTest */.L6)(numbered.test, numbered.number);
        const step = { name, startedAt: run.ports.clock.now() };
        const checks = runChecks(run, run.sampler, { step, isOver: () => result !== undefined }, both);
        const first = await Promise.race([load, checks.then(() => undefined)]);
        if (first?.passed === false)
            return first;
        await checks;
        return await load;
    }
    finally {
        done.abort();
        await load.catch(() => undefined);
    }
}

;// CONCATENATED MODULE: ./src/execute/verify.ts












const RETESTS = 3;
const REPLACEMENT = 120_000;
async function verifyReachable(run, signal) {
    const { canary } = backendsIn(run);
    for (let left = RETESTS; left >= 0; left -= 1) {
        await verifyCanary(run, signal);
        await confirmCanary(run, canary, signal);
        const learnt = { since: behindSince(run, canary), what: `of the pods behind service/${canary}` };
        if (!(await awaitGatewaysWatching(run, learnt, signal)))
            return;
    }
    throw replacedAgain();
}
const confirmCanary = (run, service, signal) => confirmPods(run, service, () => verifyCanary(run, signal), signal);
async function confirmPods(run, service, count, signal) {
    for (let left = RETESTS;; left -= 1) {
        const ready = await confirmEndpoints(run, service, signal);
        if (ready !== undefined)
            return ready;
        if (left === 0)
            throw replacedAgain();
        await count();
    }
}
async function smokeCanary(run, signal) {
    for (let left = RETESTS;; left -= 1) {
        const before = run.journal.smokeTests.length;
        try {
            return await runSmokeTestsOn(run, run.progress.pods, signal);
        }
        catch (error) {
            if (!(error instanceof errors/* ReleaseFailed */.dN) || error.failedCheck !== undefined)
                throw error;
            if (left === 0 || !(await hasLostPods(run)))
                throw error;
            run.journal.smokeTests.splice(before);
            await awaitReplacement(run, signal);
        }
    }
}
async function awaitReplacement(run, signal) {
    const { ports, settings } = run;
    const { deployment, outdated } = run.progress;
    if (deployment === undefined)
        return;
    ports.log.line(`a pod of deployment/${deployment.metadata.name} has gone away: its replacement is waited for`);
    const awaited = { timeout: Math.min(settings.timeout, REPLACEMENT), outdated };
    const done = new AbortController();
    const ended = AbortSignal.any([signal, done.signal]);
    try {
        const { pods } = await Promise.race([
            awaitReady(deployment, awaited, ports, ended),
            ...(run.progress.release.exposed ? [untilDoomed(deployment, ports, ended)] : [])
        ]);
        run.progress.pods = pods;
    }
    finally {
        done.abort();
    }
}
async function verifyCanary(run, signal) {
    const { progress } = run;
    for (let left = RETESTS;; left -= 1) {
        const [found, change] = await Promise.all([endpoints_podsOf(run, 'canary'), changeInCanary(run)]);
        if (change === undefined && left > 0 && isOneReplaced(progress, found)) {
            await awaitReplacement(run, signal);
            continue;
        }
        const pods = found.filter(isReady);
        refuseStrangers(progress, pods);
        if (change !== undefined)
            throw change;
        progress.pods = pods;
        const untested = pods.filter(({ metadata }) => !progress.tested.has(metadata.uid ?? ''));
        if (run.settings.smokeTests.length === 0 ||
            untested.length === 0 ||
            progress.release.command === 'rollback')
            return;
        if (left === 0)
            throw replacedAgain();
        await runSmokeTestsOn(run, untested, signal);
    }
}
function isOneReplaced({ pods: known, canary, deployment }, found) {
    const live = found.filter((pod) => !isEnding(pod));
    const isKnown = (pod) => known.some(({ metadata }) => metadata.uid === pod.metadata.uid);
    return (deployment !== undefined &&
        known.length > 0 &&
        !known.every(({ metadata }) => live.some((pod) => pod.metadata.uid === metadata.uid)) &&
        live.filter(isReady).length < Math.max(canary.replicas, 1) &&
        !live.some((pod) => isKnown(pod) && !isReady(pod)));
}
const replacedAgain = () => new errors/* ReleaseFailed */.dN('the pods of the new version are replaced again and again, so that what was tested never serves');
async function changeInCanary({ ports, progress: { deployment } }) {
    if (deployment === undefined)
        return undefined;
    return changed_by_others_changeIn(deployment, await ports.cluster.get((0,ref/* refOf */.H8)(deployment)));
}
function refuseStrangers({ canary }, pods) {
    if (pods.length < Math.max(canary.replicas, 1)) {
        throw new errors/* ReleaseFailed */.dN(`only ${pods.length} of ${(0,counted/* counted */.hS)(canary.replicas, 'pod')} of deployment/${canary.deployment} are ready at the moment of the switch`);
    }
    const stranger = pods.find((pod) => (0,kubernetes_workload/* templateHash */.tv)(pod) !== canary.hash);
    if (stranger === undefined)
        return;
    throw new errors/* ReleaseFailed */.dN(`pod ${stranger.metadata.name} would get traffic, but its template (${(0,kubernetes_workload/* templateHash */.tv)(stranger)}) is not the one that was tested (${canary.hash}): somebody changed deployment/${canary.deployment} while the release ran`);
}

;// CONCATENATED MODULE: ./src/execute/companions.ts




async function confirmAll({ traffic, companions }, confirm) {
    const endpoints = await confirm(traffic.name);
    for (const companion of companions)
        if (companion.hasPorts)
            await confirm(companion.traffic.name);
    return endpoints;
}
async function settleCompanions({ companions }, backends, outcome) {
    await Promise.all(companions.map(({ own, traffic }) => {
        const theirs = backendsFor(own, backends);
        const kept = (0,kubernetes_selectors/* withoutKeys */.Pe)(theirs.selectors.stable, kubernetes_workload/* HASH_LABEL */.mE);
        const before = outcome === 'restored' ? own.before : kept;
        const settled = { ...theirs, selectors: { ...theirs.selectors, before } };
        return traffic.write((objects) => routes_service/* serviceRoute */.D.settle(objects, settled, 'stable'), undefined);
    }));
}

;// CONCATENATED MODULE: ./src/execute/steps/shift.ts











async function begin(run) {
    await writeRecord(run, { ...run.progress.release, phase: 'running' }, routes_split/* NOBODY */.oQ);
    return allOnStable(run.progress);
}
async function writeRecord(run, release, split) {
    const { progress } = run;
    const before = progress.release;
    progress.release = { ...release, canary: progress.canary };
    progress.begun = true;
    try {
        await writeService(run, progress.release, split);
    }
    catch (error) {
        if (!refusals_isRefused(error))
            throw error;
        progress.release = before;
        progress.begun = progress.recorded;
        throw error;
    }
}
async function prepareRoutes(run, signal) {
    await confirmCanary(run, backendsIn(run).canary, signal);
    await splitRoutes(run, routes_split/* NOBODY */.oQ);
    const routes = await awaitRoutes(run, signal);
    const since = run.ports.clock.now();
    await awaitGatewaysWatching(run, { since, what: `of service/${backendsIn(run).canary}` }, signal);
    return routes;
}
async function shift(run, split, step, signal) {
    const { progress } = run;
    await (run.routes.length > 0 ? verifyReachable(run, signal) : verifyCanary(run, signal));
    const exposed = split.weight > 0 || split.header !== undefined || progress.release.exposed;
    const shiftedAt = new Date(run.ports.clock.now()).toISOString();
    const release = { ...withSplit(progress.release, split), step, shiftedAt, phase: 'running' };
    const recorded = exposed ? { ...release, exposed: true } : release;
    await (run.routes.length > 0 ? shiftRoutes(run, recorded, split) : writeRecord(run, recorded, split));
    noteShift(run, split);
    const tested = () => describePods(progress);
    if (run.routes.length > 0)
        return `${await awaitRoutes(run, signal)}: ${tested()}`;
    if (split.weight === 0)
        return allOnStable(progress);
    const endpoints = await confirmAll(run, (name) => confirmCanary(run, name, signal));
    if (split.weight === 100)
        return tested();
    const achieved = (100 * progress.pods.length) / endpoints;
    run.journal.shifts.splice(-1, 1, { at: progress.shiftedAt ?? 0, split, achieved });
    return `${tested()} among ${(0,counted/* counted */.hS)(endpoints, 'pod')}: ${(0,counted/* percent */.KN)(achieved)} of the connections`;
}
const allOnStable = ({ stable }) => `all traffic on ${stable.deployment}`;
function describePods({ pods, tested, canary }) {
    const noun = pods.every(({ metadata }) => tested.has(metadata.uid ?? '')) ? 'tested pod' : 'pod';
    const wanted = Math.max(pods.length, canary.replicas);
    return `${pods.length}/${(0,counted/* counted */.hS)(wanted, noun)} serving`;
}
async function shiftRoutes(run, release, split) {
    await writeRecord(run, release, routes_split/* NOBODY */.oQ);
    await splitRoutes(run, split);
}
async function restore(run) {
    const { progress } = run;
    const exposed = weightNow(run) !== 0;
    const before = progress.release;
    const release = { ...withSplit(before, routes_split/* NOBODY */.oQ), phase: 'aborting' };
    const [record, routes] = await Promise.allSettled([
        writeRecord(run, exposed ? { ...release, exposed: true } : release, routes_split/* NOBODY */.oQ),
        settleRoutes(run, 'stable')
    ]);
    const isBack = (run.routes.length > 0 ? routes : record).status === 'fulfilled';
    progress.release = withSplit(progress.release, isBack ? routes_split/* NOBODY */.oQ : splitOf(before));
    for (const part of [record, routes])
        if (part.status === 'rejected')
            throw part.reason;
    noteShift(run, routes_split/* NOBODY */.oQ);
    return allOnStable(progress);
}
function noteShift(run, split) {
    run.progress.shiftedAt = run.ports.clock.now();
    run.journal.shifts.push({ at: run.progress.shiftedAt, split });
}
async function follow(run, hopeless, signal) {
    const { progress } = run;
    const count = async () => (progress.pods = await readyPods(run, 'canary'));
    await count();
    const { canary } = progress;
    const release = { ...withSplit(progress.release, routes_split/* EVERYBODY */.iS), phase: 'promoting', canary };
    const shiftedAt = progress.shiftedAt ?? run.ports.clock.now();
    const moved = { since: shiftedAt, what: 'where its users are' };
    await (hopeless ? awaitGateways : awaitGatewaysWatching)(run, moved, signal);
    await writeService(run, release, routes_split/* EVERYBODY */.iS);
    progress.release = release;
    await followOnRoutes(run, release);
    const followed = run.ports.clock.now();
    const { name, title } = run.traffic;
    await confirmAll(run, (behind) => confirmPods(run, behind, count, signal));
    const learnt = {
        since: Math.max(behindSince(run, name), followed),
        what: `of the pods behind ${title}`,
        writers: writersToApex(run)
    };
    await (hopeless ? awaitGateways : awaitGatewaysTelling)(run, learnt, signal);
    await settleRoutes(run, 'canary');
    return `${run.traffic.title} selects ${progress.canary.deployment}`;
}
async function wait(run) {
    const split = run.routes.length > 0 ? routes_split/* NOBODY */.oQ : splitOf(run.progress.release);
    await writeRecord(run, { ...run.progress.release, phase: 'waiting' }, split);
    return 'command: promote continues, command: abort puts stable back';
}
async function finish(run, selector) {
    const release = promoted(run.progress.release, run.ports.clock.now(), selector);
    await writeService(run, release, routes_split/* NOBODY */.oQ);
    run.progress.release = release;
    return `${release.stable.deployment} is live`;
}
async function settle(run, selector, outcome) {
    const { settle: _, ...release } = run.progress.release;
    const settled = {
        ...(outcome === 'restored' ? restored(release, run.ports.clock.now()) : release),
        selectors: { ...release.selectors, before: selector }
    };
    const backends = backendsOf(settled, run.namespace, run.traffic.name);
    await settleCompanions(run, backends, outcome);
    await run.traffic.write((objects) => routes_service/* serviceRoute */.D.settle(objects, backends, 'stable'), settled);
    run.progress.release = settled;
    return `selector ${(0,kubernetes_selectors/* printSelector */.vJ)(selector)}`;
}

;// CONCATENATED MODULE: ./src/execute/in-place/deployment.ts








async function readDeployment({ ports, namespace, progress: { stable } }) {
    const { deployment: name } = stable;
    const live = await ports.cluster.get((0,kubernetes_workload/* deploymentRef */.f8)(namespace, name));
    if (live === undefined)
        throw new errors/* StableCannotServe */.yA(`deployment/${name} is gone`);
    return live;
}
const rewrite = (run, edit) => untilWritten(async () => {
    const found = await readDeployment(run);
    const edited = edit(found);
    if (edited === undefined)
        return { found, written: undefined };
    await run.traffic.refresh();
    await run.lock.confirm();
    const { managedFields: _, ...metadata } = edited.metadata;
    const claimed = withFence({ ...edited, metadata }, fenceOf(found));
    return { found, written: await run.ports.cluster.replace(claimed) };
});
const sameTemplate = (one, other) => difference(one, other).length === 0;
async function templateBefore({ namespace, ports, progress: { serving, stable } }) {
    if (serving !== undefined)
        return serving.spec.template;
    const ref = (0,kubernetes_workload/* replicaSetRef */.w0)(namespace, stable.deployment, stable.hash);
    const found = await ports.cluster.get(ref);
    if (found === undefined)
        return undefined;
    const { template } = found.spec;
    const labels = (0,kubernetes_selectors/* withoutKeys */.Pe)(template.metadata?.labels ?? {}, kubernetes_workload/* HASH_LABEL */.mE);
    return { ...template, metadata: { ...template.metadata, labels } };
}
const isOthers = ({ deployment }, live) => deployment !== undefined && !sameTemplate(deployment.spec.template, live.spec.template);
function leave(run, live, why) {
    const { progress } = run;
    const found = versionOf(progress.stable.slot, live, '');
    run.journal.warnings.push(`${why} (${found.images.join(', ')}): it is left as it is, and nobody has tested or watched it`);
    progress.stable = found;
    progress.canary = { ...progress.canary, replicas: 0 };
    return 'it is left as it is';
}
async function giveWay(run, live, why) {
    await settle(run, run.progress.release.selectors.before, 'restored');
    return leave(run, live, why);
}

;// CONCATENATED MODULE: ./src/execute/in-place/replace.ts















async function replace(run, wanted) {
    const { progress } = run;
    const asked = run.ports.clock.now();
    const { found, written } = await rewrite(run, (live) => progress.serving !== undefined && !sameTemplate(progress.serving.spec.template, live.spec.template)
        ? undefined
        : sized(wanted, live));
    if (run.initial.strategy === 'recreate')
        progress.emptySince ??= asked;
    const replaced = written ?? (await replacedBefore(run, wanted));
    if (replaced === undefined) {
        await giveWay(run, found, changedByOthers(progress.stable.deployment));
        throw new errors/* TakenOver */.IE(`${changedByOthers(progress.stable.deployment)}. Nothing was changed in it. Run again.`);
    }
    progress.deployment = replaced;
    progress.outdated = new Set([progress.stable.hash]);
    return `deployment/${progress.deployment.metadata.name} has the new template for ${(0,counted/* counted */.hS)(wantedReplicas(progress.deployment), 'pod')}`;
}
const replacedBefore = (run, wanted) => untilWritten(async () => {
    const live = await readDeployment(run);
    return (await isAsWanted(live, sized(wanted, live), run.ports.cluster)) ? live : undefined;
});
function sized(wanted, live) {
    const { replicas } = live.spec;
    const spec = { ...wanted.spec, ...(replicas === undefined ? {} : { replicas }) };
    return { ...withVersionOf(live, wanted), spec };
}
async function takeOver(run, signal) {
    const { progress } = run;
    await confirmPods(run, run.traffic.name, () => awaitReplacement(run, signal), signal);
    const at = run.ports.clock.now();
    progress.release = {
        ...withSplit(progress.release, routes_split/* EVERYBODY */.iS),
        canary: progress.canary,
        exposed: true,
        shiftedAt: new Date(at).toISOString()
    };
    await writeService(run, progress.release, routes_split/* EVERYBODY */.iS);
    progress.shiftedAt = at;
    run.journal.shifts.push({ at, split: routes_split/* EVERYBODY */.iS });
    const gap = noteServed(run, at);
    const without = gap === undefined ? '' : `, after up to ${(gap / 1000).toFixed(1)} s in which nobody did`;
    return `${(0,counted/* counted */.hS)(progress.pods.length, 'new pod')} ${progress.pods.length === 1 ? 'serves' : 'serve'}${without}`;
}
function noteServed(run, at) {
    const { progress } = run;
    if (progress.emptySince === undefined)
        return undefined;
    const gap = at - progress.emptySince;
    progress.emptySince = undefined;
    progress.gap = (progress.gap ?? 0) + gap;
    return gap;
}
async function replace_confirm(run, after) {
    const { progress } = run;
    const { found } = await rewrite(run, (live) => {
        if (isOthers(progress, live))
            throw new errors/* ReleaseFailed */.dN(changedByOthers(progress.stable.deployment));
        return after === undefined ? undefined : withRollout(live, { ...rolloutOf(live), strategy: after });
    });
    const pods = (await readyPods(run, 'canary')).filter((pod) => isOwnedBy(found, pod));
    const stranger = pods.find((pod) => (0,kubernetes_workload/* templateHash */.tv)(pod) !== progress.canary.hash);
    if (stranger !== undefined)
        throw new errors/* ReleaseFailed */.dN(`pod ${stranger.metadata.name} serves, and is not of template ${progress.canary.hash}`);
    progress.stable = { ...progress.stable, replicas: 0 };
    return `template ${progress.canary.hash}`;
}
async function untilChangedByOthers(run, signal) {
    const { namespace, ports, progress } = run;
    const { stable, serving } = progress;
    const isChanged = (live) => {
        const { generation = 0 } = progress.deployment?.metadata ?? {};
        return (live.metadata.generation ?? 0) >= generation && isOthers(progress, live);
    };
    await awaitCondition({
        query: (0,kubernetes_workload/* deploymentAlone */.NY)({ metadata: { namespace, name: stable.deployment } }),
        known: serving,
        reached: ([live]) => (live !== undefined && isChanged(live)) || undefined
    }, ports, signal);
    throw new errors/* ReleaseFailed */.dN(changedByOthers(progress.stable.deployment));
}

;// CONCATENATED MODULE: ./src/execute/steps/collect-evidence.ts





const MOST_PODS = 3;
const LOG_LINES = 20;
const MOST_EVENTS = 10;
const collectCanary = (run) => collectEvidence(run, { selector: run.initial.selectors.canary, wanted: run.progress.canary.replicas });
async function collectEvidence(run, { selector, wanted }) {
    const { cluster } = run.ports;
    const { namespace, progress } = run;
    try {
        const labels = (0,kubernetes_selectors/* printSelector */.vJ)(selector);
        const [found, events] = await Promise.all([
            cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace, labels }),
            cluster.list({ apiVersion: 'v1', kind: 'Event', namespace })
        ]);
        const pods = found.filter((pod) => isPodOf(progress.canary.deployment, pod) && progress.outdated?.has((0,kubernetes_workload/* templateHash */.tv)(pod)) !== true);
        const worst = [...pods]
            .sort((one, other) => Number(isReady(one)) - Number(isReady(other)))
            .slice(0, MOST_PODS);
        const evidence = await Promise.all(worst.map((pod) => evidenceOf(run, pod, events)));
        run.journal.evidence.push(...evidence, ...(pods.length < wanted ? refusals(progress, events) : []));
        return `of ${(0,counted/* counted */.hS)(evidence.length, 'pod')}`;
    }
    catch (error) {
        run.journal.warnings.push(`events and logs of the new version could not be read: ${(0,errors/* messageOf */.bD)(error)}`);
        return 'not readable';
    }
}
async function evidenceOf(run, pod, events) {
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    const failing = statuses.find(({ ready, state }) => !ready || state?.waiting !== undefined) ?? statuses[0];
    return {
        pod: pod.metadata.name,
        reason: failing?.state?.waiting?.reason ??
            failing?.state?.terminated?.reason ??
            pod.status?.reason ??
            pod.status?.phase ??
            '',
        message: failing?.state?.waiting?.message ??
            failing?.lastState?.terminated?.message ??
            pod.status?.message ??
            '',
        events: collect_evidence_eventsOf(pod.metadata.name, events),
        log: failing === undefined ? [] : await lastLines(run, pod, failing)
    };
}
const collect_evidence_eventsOf = (name, events) => events
    .filter(({ involvedObject, type }) => involvedObject.name === name && type === 'Warning')
    .slice(-MOST_EVENTS)
    .map(({ reason = '', message = '', count }) => `${reason}${(count ?? 1) > 1 ? ` (${count ?? 1} times)` : ''}: ${message}`);
async function lastLines(run, pod, { name, restartCount, state }) {
    const target = { namespace: run.namespace, name: pod.metadata.name };
    const previous = restartCount > 0 && state?.running === undefined;
    const text = await run.ports.cluster.logs(target, name, LOG_LINES, previous).catch(() => '');
    return collect_evidence_linesOf(text);
}
const NO_LOG = /^(unable to retrieve container logs for |failed to try resolving symlinks in path )/u;
const collect_evidence_linesOf = (text) => text.split('\n').filter((line) => line !== '' && !NO_LOG.test(line));
const isReplicaSetOf = (deployment, name) => name.startsWith(`${deployment}-`) && !name.slice(deployment.length + 1).includes('-');
function refusals({ canary }, events) {
    const refused = events.filter(({ involvedObject, reason }) => involvedObject.kind === 'ReplicaSet' &&
        isReplicaSetOf(canary.deployment, involvedObject.name) &&
        reason === 'FailedCreate');
    const last = refused.at(-1);
    if (last === undefined)
        return [];
    return [
        {
            pod: `of ${last.involvedObject.name}`,
            reason: 'FailedCreate',
            message: last.message ?? '',
            events: [],
            log: []
        }
    ];
}

;// CONCATENATED MODULE: ./src/execute/in-place/undo.ts
















async function undo(run) {
    const { progress } = run;
    const split = splitOf(progress.release);
    try {
        return await undoOnce(run);
    }
    catch (error) {
        progress.release = withSplit(progress.release, split);
        throw error;
    }
}
async function undoOnce(run) {
    const { progress } = run;
    const before = await templateBefore(run);
    if (before === undefined)
        return giveWay(run, await readDeployment(run), `what served before ${progress.release.id} is gone`);
    await noteUndoing(run);
    const isTheirs = (live) => !sameTemplate(before, live.spec.template) && isOthers(progress, live);
    const { found, written } = await rewrite(run, (live) => isTheirs(live) ? undefined : asBefore(run, live, before));
    if (written === undefined)
        return giveWay(run, found, changedByOthers(progress.stable.deployment));
    warnOfStrangers(run, found);
    progress.deployment = written;
    progress.stable = { ...progress.stable, replicas: wantedReplicas(written) };
    if (sameTemplate(before, found.spec.template))
        return 'it has it already';
    progress.shiftedAt = run.ports.clock.now();
    run.journal.shifts.push({ at: progress.shiftedAt, split: routes_split/* NOBODY */.oQ, gradual: true });
    if (run.initial.strategy === 'recreate')
        progress.emptySince ??= progress.shiftedAt;
    return 'its controller brings the pods back';
}
async function noteUndoing(run) {
    const { progress } = run;
    const canary = { ...progress.canary, replicas: 0 };
    progress.canary = canary;
    progress.release = { ...withSplit(progress.release, routes_split/* NOBODY */.oQ), canary, phase: 'aborting' };
    await writeService(run, progress.release, routes_split/* NOBODY */.oQ);
}
const asBefore = (run, live, before) => sameTemplate(before, live.spec.template)
    ? undo_marked(run, live)
    : withRollout(live, { ...ownRollout(run, live), strategy: strategyIn(run, live) }, before);
const undo_marked = ({ ports }, live) => ({
    ...live,
    metadata: {
        ...live.metadata,
        annotations: {
            ...live.metadata.annotations,
            [UNDONE_ANNOTATION]: new Date(ports.clock.now()).toISOString()
        }
    }
});
const ownRollout = ({ initial }, live) => initial.rollout ?? rolloutOf(live);
const strategyIn = (run, live) => forcedStrategy(run.initial.strategy ?? 'rolling', ownRollout(run, live).strategy);
function warnOfStrangers({ progress: { serving, stable, canary }, journal: { warnings } }, { spec }) {
    const images = spec.template.spec.containers.map(({ image }) => image ?? '');
    const known = [stable.images, canary.images].map((one) => (0,canonical/* canonical */.$)(one));
    if (serving !== undefined || known.includes((0,canonical/* canonical */.$)(images)))
        return;
    warnings.push(`deployment/${stable.deployment} ran ${images.join(', ')}, which the release did not bring`);
}
const undo_LOOK_AGAIN = 1000;
async function awaitUndone(run, signal) {
    const { clock } = run.ports;
    const deadline = clock.now() + run.settings.timeout;
    for (;;) {
        try {
            return await awaitOnce(run, deadline - clock.now(), signal);
        }
        catch (error) {
            if (!(error instanceof errors/* ReleaseFailed */.dN) || clock.now() >= deadline)
                throw error;
            run.ports.log.line((0,errors/* messageOf */.bD)(error));
            await clock.sleep(undo_LOOK_AGAIN, signal);
        }
    }
}
async function awaitOnce(run, timeout, signal) {
    const { progress } = run;
    const live = await readDeployment(run);
    if (isOthers(progress, live))
        return leave(run, live, changedByOthers(progress.stable.deployment));
    const pods = await undo_podsOf(run, live);
    const outdated = new Set(pods.map(kubernetes_workload/* templateHash */.tv).filter((hash) => hash !== progress.stable.hash));
    const ready = await awaitReady(live, { timeout, outdated }, run.ports, signal);
    noteBack(run, ready.pods.length);
    const { found } = await rewrite(run, (now) => isOthers(progress, now) ? undefined : withOwnStrategy(run, now));
    if (isOthers(progress, found))
        return leave(run, found, changedByOthers(progress.stable.deployment));
    return `${ready.pods.length} of ${(0,counted/* counted */.hS)(ready.pods.length, 'pod')} ready, template ${ready.hash}`;
}
function noteBack(run, ready) {
    const { progress } = run;
    progress.backAt ??= run.ports.clock.now();
    progress.ready = ready;
    noteServed(run, progress.backAt);
    if (run.journal.shifts.at(-1)?.gradual === true)
        run.journal.shifts.push({ at: progress.backAt, split: routes_split/* NOBODY */.oQ });
}
function withOwnStrategy(run, live) {
    const own = ownRollout(run, live);
    return (0,canonical/* canonical */.$)(own.strategy) === (0,canonical/* canonical */.$)(rolloutOf(live).strategy) ? undefined : withRollout(live, own);
}
async function undo_podsOf({ ports, namespace, initial }, live) {
    const labels = (0,kubernetes_selectors/* printSelector */.vJ)(initial.selectors.before);
    const pods = await ports.cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace, labels });
    return pods.filter((pod) => isOwnedBy(live, pod));
}
async function collectReplaced(run) {
    const { initial } = run;
    const { canary, stable } = run.progress;
    const hash = canary.hash === '' ? await hashOfReplaced(run) : canary.hash;
    const selector = { ...initial.selectors.before, [kubernetes_workload/* HASH_LABEL */.mE]: hash };
    return collectEvidence(run, { selector, wanted: stable.replicas });
}
const NO_POD = 'none';
async function hashOfReplaced(run) {
    try {
        const pods = await undo_podsOf(run, await readDeployment(run));
        return pods.map(kubernetes_workload/* templateHash */.tv).find((hash) => hash !== run.progress.stable.hash) ?? NO_POD;
    }
    catch {
        return NO_POD;
    }
}

;// CONCATENATED MODULE: ./src/execute/manual-recovery.ts




function lastKnown({ release, shiftedAt, canary }) {
    const since = shiftedAt === undefined ? '' : ` since ${new Date(shiftedAt).toISOString()}`;
    return `last known: ${(0,routes_split/* describeSplit */.iO)(splitOf(release))} on ${canary.deployment} (${canary.images.join(', ')})${since}`;
}
const lookByHand = (run) => trafficsOf(run).map(({ title }) => `${sh `kubectl -n ${run.namespace} get ${title} -o yaml`}   # who has the traffic`);
function moveByHand(run) {
    const { namespace, traffic, routes } = run;
    const { stable } = run.progress;
    const target = routes.length > 0 ? backendsIn(run).canary : traffic.name;
    return [
        `${sh `kubectl -n ${namespace} patch service/${target} --type=json -p ${selecting(run.progress.release.selectors.stable)}`}   # all of it to ${remark(stable.deployment)}`,
        ...run.companions.map(({ own, traffic: { name } }) => {
            const { stable: theirs } = backendsFor(own, backendsIn(run)).selectors;
            return `${sh `kubectl -n ${namespace} patch service/${name} --type=json -p ${selecting(theirs)}`}   # and all of that`;
        }),
        ...lookByHand(run)
    ];
}
const selecting = (value) => JSON.stringify([{ op: 'replace', path: '/spec/selector', value }]);
const AGAIN = 'or run the workflow again: it puts stable back before it does anything else';
const otherDecides = (run) => `${lastKnown(run.progress)}; the run that has taken the lock decides about it, and without one command: abort puts stable back`;
const byHandBeside = {
    putBack: (run) => [...moveByHand(run), AGAIN],
    leftToOthers: (run) => [otherDecides(run), ...lookByHand(run)],
    leftOver: ({ namespace, progress: { stable } }) => [
        `${sh `kubectl -n ${namespace} scale deployment/${stable.deployment} --replicas=0`}   # the version that served before still runs`
    ],
    tidy: ({ namespace, progress: { canary } }) => `${sh `kubectl -n ${namespace} scale deployment/${canary.deployment} --replicas=0`}   # works when it is no longer refused`
};
const byHandInPlace = {
    putBack: ({ namespace, progress: { stable } }) => [
        `${sh `kubectl -n ${namespace} rollout undo deployment/${stable.deployment}`}   # back to ${remark(stable.images.join(', '))}`,
        `${sh `kubectl -n ${namespace} rollout history deployment/${stable.deployment}`}   # which template does it have`,
        AGAIN
    ],
    leftToOthers: (run) => [otherDecides(run)],
    leftOver: () => [],
    tidy: ({ namespace, progress: { stable } }) => `${sh `kubectl -n ${namespace} rollout status deployment/${stable.deployment}`}   # has it its previous template everywhere`
};

;// CONCATENATED MODULE: ./src/lock/fenced-patch.ts



const CLAIM = `/metadata/annotations/${FENCE_ANNOTATION.replace('/', '~1')}`;
async function fencedPatch({ ports, lock }, ref, patch, known) {
    const { cluster } = ports;
    const onTopOf = (live) => cluster.patch(ref, [fenced_patch_versionOf(live), ...patch]);
    if (known === undefined)
        return writeOnTop(ref, onTopOf, { cluster, lock });
    try {
        return await cluster.patch(ref, [sameClaim(known), ...patch]);
    }
    catch (error) {
        if (!(error instanceof errors/* ClusterError */.b$ && error.status === 422))
            throw error;
        return writeOnTop(ref, onTopOf, { cluster, lock });
    }
}
const fenced_patch_versionOf = ({ metadata }) => ({
    op: 'replace',
    path: '/metadata/resourceVersion',
    value: metadata.resourceVersion
});
const sameClaim = (known) => known.metadata.annotations === undefined
    ? { op: 'test', path: '/metadata/annotations', value: null }
    : { op: 'test', path: CLAIM, value: fenceOf(known) ?? null };
async function claim(ref, { cluster, lock }, verb = 'patch') {
    const onTopOf = (live) => verb === 'patch'
        ? cluster.patch(ref, [fenced_patch_versionOf(live), claiming(live, lock.holder)])
        : cluster.replace(withFence(live, lock.holder));
    try {
        return await writeOnTop(ref, onTopOf, { cluster, lock });
    }
    catch (error) {
        if (!(error instanceof errors/* ClusterError */.b$ && error.status === 404))
            throw error;
        return undefined;
    }
}
const claiming = ({ metadata }, id) => metadata.annotations === undefined
    ? { op: 'add', path: '/metadata/annotations', value: { [FENCE_ANNOTATION]: id } }
    : { op: 'add', path: CLAIM, value: id };
const writeOnTop = (ref, onTopOf, { cluster, lock }) => untilWritten(async () => {
    const live = await read(ref, cluster);
    await lock.confirm();
    return onTopOf(live);
});
async function read(ref, cluster) {
    const { apiVersion, kind, namespace, name } = ref;
    const [live] = kind === 'HorizontalPodAutoscaler'
        ? await cluster.list({ apiVersion, kind, namespace, fields: `metadata.name=${name}` })
        : [await cluster.get(ref)];
    if (live !== undefined)
        return live;
    throw new errors/* ClusterError */.b$(`${kind} ${name} does not exist in namespace ${namespace ?? ''}`, 404);
}

;// CONCATENATED MODULE: ./src/execute/steps/ensure-stable.ts










async function untilStableChanges(run, signal) {
    const { serving } = run.progress;
    if (run.progress.stable.slot !== 'plain' || serving === undefined)
        return;
    await untilTemplateChanges(run, serving, signal);
    throw new errors/* ReleaseFailed */.dN(`deployment/${serving.metadata.name} was changed by somebody else while the release ran: its new pods could not have got any traffic`);
}
const untilTemplateChanges = ({ ports }, known, signal) => awaitCondition({
    query: (0,kubernetes_workload/* deploymentAlone */.NY)(known),
    known,
    reached: ([live]) => (live !== undefined && !hasTemplateOf(live, known)) || undefined
}, ports, signal);
const ENOUGH = 0.75;
async function ensureStable(run, signal) {
    const { progress } = run;
    const { cluster } = run.ports;
    if (weightNow(run) === 0)
        return hasItAlready(run);
    const ref = (0,kubernetes_workload/* deploymentRef */.f8)(run.namespace, progress.stable.deployment);
    const [deployment, ready] = await Promise.all([cluster.get(ref), readyPods(run, 'stable')]);
    if (deployment === undefined)
        throw new errors/* StableCannotServe */.yA(`deployment/${ref.name} is gone`);
    const wanted = progress.stable.replicas;
    progress.ready = ready.length;
    if (isSettled(deployment) && ready.length >= Math.max(1, Math.floor(wanted * ENOUGH)))
        return (0,counted/* readyOf */.Js)(ready.length, wanted);
    const size = Math.max(deployment.spec.replicas ?? 1, wanted);
    await run.lock.confirm();
    const grown = [{ op: 'add', path: '/spec/replicas', value: size }];
    const scaled = await fencedPatch(run, ref, grown, deployment);
    const awaited = { timeout: Math.min(run.settings.timeout, PATIENCE), anyTemplate: true };
    const found = await awaitReady(scaled, awaited, run.ports, signal).catch((error) => orAny(error, run));
    followTemplate(run, found.hash, scaled);
    progress.ready = found.pods.length;
    if (ready.length === 0)
        await untilKnown(run, signal);
    return `${(0,counted/* readyOf */.Js)(found.pods.length, size)} now`;
}
async function hasItAlready(run) {
    const { progress } = run;
    progress.ready = await readyPods(run, 'stable').then((ready) => ready.length, () => undefined);
    if (progress.ready === undefined)
        return 'already serving';
    return progress.ready === 0
        ? 'all traffic is on it already, but none of its pods is ready: nobody serves'
        : `already serving: ${progress.ready} of ${(0,counted/* counted */.hS)(progress.stable.replicas, 'pod')} ready`;
}
async function untilKnown(run, signal) {
    if ((await readyPods(run, 'canary')).length === 0)
        return;
    const learnt = { since: run.ports.clock.now(), what: `of the pods behind ${run.traffic.title}` };
    await awaitGateways(run, learnt, signal);
}
const PATIENCE = 30_000;
async function orAny(error, run) {
    if (!(error instanceof errors/* ReleaseFailed */.dN))
        throw error;
    const pods = await readyPods(run, 'stable');
    if (pods[0] === undefined)
        throw new errors/* StableCannotServe */.yA(error.message);
    run.journal.warnings.push(`${run.progress.stable.deployment} got the traffic back with ${pods.length} of ${(0,counted/* counted */.hS)(run.progress.stable.replicas, 'pod')}: ${error.message}`);
    return { pods, hash: (0,kubernetes_workload/* templateHash */.tv)(pods[0]) };
}
function followTemplate(run, hash, live) {
    const { progress } = run;
    const { selectors } = progress.release;
    if (!(kubernetes_workload/* HASH_LABEL */.mE in selectors.stable) || selectors.stable[kubernetes_workload/* HASH_LABEL */.mE] === hash)
        return;
    run.journal.warnings.push(`deployment/${progress.stable.deployment} was changed while the release ran: what serves now was not released by it`);
    progress.serving = live;
    progress.release = {
        ...progress.release,
        selectors: { ...selectors, stable: { ...selectors.stable, [kubernetes_workload/* HASH_LABEL */.mE]: hash } }
    };
}

;// CONCATENATED MODULE: ./src/execute/practice.ts








const secondsFrom = (since, until) => (until - since) / 1000;
const wasExposed = ({ progress: { release }, journal: { shifts } }) => release.exposed === true || shifts.some(({ split }) => !(0,routes_split/* isNobody */.uP)(split));
const practice_beside = {
    untilDisturbed: untilStableChanges,
    collectEvidence: collectCanary,
    returnSince: (run, since) => wasExposed(run)
        ? { restoreSeconds: secondsFrom(since, run.progress.shiftedAt ?? since) }
        : { unexposed: true },
    recovered: ({ initial, progress: { release: { stable, canary } } }) => `${stable.deployment === initial.stable.deployment ? 'undone' : 'finished'}: ${stable.deployment} has all traffic, ${canary.deployment} is scaled down`,
    byHand: byHandBeside
};
const practice_inPlace = {
    untilDisturbed: untilChangedByOthers,
    collectEvidence: collectReplaced,
    returnSince: returnInPlace,
    recovered: ({ initial, progress: { stable, release } }) => stable.hash === initial.stable.hash
        ? `undone: ${release.stable.deployment} has its previous template again`
        : `closed: ${release.stable.deployment} has another template by now, which is left as it is`,
    byHand: byHandInPlace
};
function returnInPlace({ progress: { outdated, backAt, release }, journal: { shifts } }, since) {
    if (!shifts.some(({ gradual }) => gradual === true))
        return outdated === undefined ? { unexposed: true } : {};
    if (backAt !== undefined)
        return { restoreSeconds: secondsFrom(since, backAt) };
    return isUnfinished(release) ? { returning: true } : {};
}
const practices = { beside: practice_beside, 'in place': practice_inPlace };
const practiceOf = ({ initial }) => practices[methodOf(initial).name];

;// CONCATENATED MODULE: ./src/execute/untidy.ts


const untidied = ({ progress: { release }, journal: { timeline } }) => isUnfinished(release) ? (timeline.findLast(({ status }) => status === 'failed')?.detail ?? '') : undefined;
function untidyEnding(run) {
    const why = untidied(run);
    if (why === undefined)
        return undefined;
    const { id } = run.progress.release;
    const reason = `release ${id} was undone and ${run.progress.stable.deployment} serves all traffic, ` +
        `but not everything of it could be cleaned up: ${why}. Nothing new is begun before that`;
    return { result: 'failed', reason, next: nextSteps(run) };
}
const nextSteps = (run) => [
    `${run.progress.ready === 0 ? `Urgent: no pod of ${run.progress.stable.deployment} is ready, so that nobody serves.` : 'Not urgent: users are on the old version.'} Find in the reason above who refuses it: a policy, a webhook or a quota.`,
    practiceOf(run).byHand.tidy(run),
    'Then run the workflow again: it cleans up first, and goes on with what you ask for.'
];

;// CONCATENATED MODULE: ./src/lock/lease.ts
const LOCK_SECONDS = 15;
const RUN_ANNOTATION = 'greenlight.dev/run';
const leaseName = (service) => `greenlight-service-${service}`;
const workloadLeaseName = (workload) => `greenlight-deployment-${workload}`;
function leaseOf(ref, holder, found, now) {
    const time = microTime(now);
    const taken = found !== undefined && found.spec?.holderIdentity !== holder.id;
    return {
        apiVersion: ref.apiVersion,
        kind: ref.kind,
        metadata: {
            name: ref.name,
            ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
            ...(found?.metadata.resourceVersion === undefined
                ? {}
                : { resourceVersion: found.metadata.resourceVersion }),
            labels: { ...found?.metadata.labels },
            annotations: { ...found?.metadata.annotations, [RUN_ANNOTATION]: holder.run }
        },
        spec: {
            holderIdentity: holder.id,
            leaseDurationSeconds: LOCK_SECONDS,
            acquireTime: taken ? time : (found?.spec?.acquireTime ?? time),
            renewTime: time,
            leaseTransitions: transitionsOf(found) + (taken ? 1 : 0)
        }
    };
}
function transitionsOf(lease) {
    const found = lease?.spec?.leaseTransitions;
    return Number.isSafeInteger(found) ? Math.max(0, found) : 0;
}
const MOST_SECONDS = 60;
function secondsOf({ spec }) {
    const found = spec?.leaseDurationSeconds;
    if (typeof found !== 'number' || !(found >= 1))
        return LOCK_SECONDS;
    return Math.min(found, MOST_SECONDS);
}
const microTime = (now) => new Date(now).toISOString().replace('Z', '000Z');

;// CONCATENATED MODULE: ./src/lock/lock.ts



const RENEW_EVERY = 5000;
const SURE_FOR = 10_000;
function keep(lease, renewedAt, held) {
    const { ports, ref, holder, isInherited } = held;
    const kept = { ...held, lost: new AbortController(), lease, renewedAt, isRetaken: false };
    const stopped = new AbortController();
    const renewing = renewAgain(kept, stopped.signal).catch(() => undefined);
    const confirm = async () => {
        await renew(kept);
        kept.lost.signal.throwIfAborted();
    };
    return {
        holder: holder.id,
        isInherited,
        lost: kept.lost.signal,
        async assure() {
            if (ports.clock.now() - kept.renewedAt > SURE_FOR)
                await confirm();
            kept.lost.signal.throwIfAborted();
        },
        confirm,
        async confirmUnbroken() {
            await confirm();
            if (kept.isRetaken)
                throw new errors/* TakenOver */.IE(describeRetaken(ref));
        },
        async release() {
            stopped.abort();
            await renewing;
            if (kept.lost.signal.aborted)
                return;
            await giveBack(kept);
        }
    };
}
async function giveBack(kept) {
    const { ports, ref, holder } = kept;
    const free = (lease) => ({ ...lease, spec: { ...lease.spec, holderIdentity: '' } });
    try {
        await ports.cluster.replace(free(kept.lease));
    }
    catch (error) {
        if (!isConflict(error))
            throw error;
        const live = await ports.cluster.get(ref);
        if (live?.spec?.holderIdentity === holder.id)
            await ports.cluster.replace(free(live));
    }
}
async function renewAgain(kept, stopped) {
    const { clock, log } = kept.ports;
    while (!kept.lost.signal.aborted) {
        await clock.sleep(RENEW_EVERY, stopped);
        await renew(kept).catch((error) => {
            log.warning(`the lock could not be renewed, trying again: ${(0,errors/* messageOf */.bD)(error)}`);
        });
    }
}
async function renew(kept) {
    const { ports, ref, holder } = kept;
    const now = ports.clock.now();
    try {
        const renewed = await ports.cluster.replace(leaseOf(ref, holder, kept.lease, now));
        kept.isRetaken ||= renewed.metadata.uid !== kept.lease.metadata.uid;
        kept.lease = renewed;
        kept.renewedAt = now;
    }
    catch (error) {
        if (!isConflict(error))
            throw error;
        await look(kept, now);
    }
}
async function look(kept, now) {
    const { ports, ref, holder, lost } = kept;
    const live = await ports.cluster.get(ref);
    const by = live?.spec?.holderIdentity ?? '';
    if (live === undefined || isCleared(live, kept.lease)) {
        ports.log.warning(`somebody has taken lease/${ref.name} from this run by hand: it takes it again`);
        kept.lease = live ?? kept.lease;
        kept.isRetaken = true;
        await renew(kept);
    }
    else if (by === holder.id) {
        kept.lease = live;
        kept.renewedAt = now;
    }
    else {
        const whose = by === '' ? 'another run' : `another run (${by})`;
        const message = `${whose} has taken over lease/${ref.name}: this one changes nothing any more`;
        lost.abort(new errors/* TakenOver */.IE(message));
    }
}
const describeRetaken = ({ name }) => `somebody had taken lease/${name} away by hand, and another run may have had it: this one changes nothing any more`;
const isCleared = ({ metadata, spec }, ours) => (spec?.holderIdentity ?? '') === '' &&
    metadata.uid === ours.metadata.uid &&
    spec?.leaseTransitions === ours.spec?.leaseTransitions;

;// CONCATENATED MODULE: ./src/lock/acquire.ts




const LOOK_EVERY = 1000;
class LockedError extends Error {
    name = 'LockedError';
}
async function acquire(ref, holder, ports, signal) {
    return take(ref, await untilFree(ref, holder, ports, signal), holder, ports);
}
async function acquireAll(refs, holder, ports, signal) {
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]);
    const locks = [];
    try {
        const quiet = { ...ports, log: acquire_onlyOnce(ports.log) };
        const free = await Promise.all(refs.map((ref) => untilFree(ref, holder, quiet, either)));
        for (const [at, ref] of refs.entries())
            locks.push(await take(ref, free[at], holder, ports));
        return together(holder, locks);
    }
    catch (error) {
        await Promise.allSettled(locks.map((lock) => lock.release()));
        throw error;
    }
    finally {
        ended.abort();
    }
}
function acquire_onlyOnce(log) {
    const told = new Set();
    return {
        ...log,
        line: (text) => {
            if (!told.has(text))
                log.line(text);
            told.add(text);
        }
    };
}
function together({ id }, locks) {
    const all = async (work) => {
        await Promise.all(locks.map(work));
    };
    return {
        holder: id,
        isInherited: locks.some(({ isInherited }) => isInherited),
        lost: AbortSignal.any(locks.map(({ lost }) => lost)),
        assure: () => all((lock) => lock.assure()),
        confirm: () => all((lock) => lock.confirm()),
        async confirmUnbroken() {
            await all((lock) => lock.confirm());
            await Promise.any(locks.map((lock) => lock.confirmUnbroken())).catch((error) => {
                throw error instanceof AggregateError ? error.errors[0] : error;
            });
        },
        release: () => all((lock) => lock.release())
    };
}
async function isHeld(ref, ports, signal) {
    try {
        await untilFree(ref, NOBODY, ports, signal);
        return false;
    }
    catch (error) {
        if (error instanceof LockedError)
            return true;
        throw error;
    }
}
const NOBODY = { id: '', run: '' };
async function untilFree(ref, holder, { cluster, clock, log }, signal) {
    const lease = await cluster.get(ref);
    const by = lease === undefined ? '' : acquire_nameIn(lease);
    if (lease === undefined || by === '' || by === holder.id)
        return lease;
    const seconds = secondsOf(lease);
    log.line(`The lock is held by ${by}; looking for up to ${seconds} s whether it is alive`);
    const deadline = clock.now() + seconds * 1000;
    while (clock.now() < deadline) {
        await clock.sleep(LOOK_EVERY, signal);
        const now = await cluster.get(ref);
        if (now === undefined || acquire_nameIn(now) === '')
            return now ?? withoutVersion(lease);
        if ((0,canonical/* canonical */.$)(now.spec?.renewTime) !== (0,canonical/* canonical */.$)(lease.spec?.renewTime))
            throw locked(now, ref);
    }
    log.line(`${by} does not live any more`);
    return lease;
}
async function take(ref, free, holder, ports) {
    const asked = ports.clock.now();
    const lease = await write(ports, ref, holder, free);
    const isInherited = free?.spec?.holderIdentity !== '';
    return keep(lease, asked, { ref, holder, ports, isInherited });
}
function acquire_nameIn({ spec }) {
    const found = spec?.holderIdentity ?? '';
    return typeof found === 'string' ? found : JSON.stringify(found);
}
const withoutVersion = (lease) => ({ ...lease, metadata: { name: lease.metadata.name } });
function holderOf({ metadata, spec }) {
    const run = metadata.annotations?.[RUN_ANNOTATION];
    return `${spec?.holderIdentity ?? 'unknown'}${run === undefined ? '' : ` (${run})`}`;
}
function locked(lease, ref) {
    return new LockedError(`another run is releasing here right now: ${holderOf(lease)} ` +
        `holds lease/${ref.name} in namespace ${ref.namespace ?? ''}. ` +
        'Wait for it or cancel it; `concurrency:` in the workflow lets runs queue up.');
}
async function write({ cluster, clock }, ref, holder, found) {
    const lease = leaseOf(ref, holder, found, clock.now());
    try {
        return found?.metadata.resourceVersion === undefined
            ? await cluster.create(lease)
            : await cluster.replace(lease);
    }
    catch (error) {
        if (!isConflict(error))
            throw error;
        const live = await cluster.get(ref);
        if (live?.spec?.holderIdentity === holder.id)
            return live;
        const by = live === undefined ? '' : ` (${holderOf(live)})`;
        throw new LockedError(`another run${by} took lease/${ref.name} in namespace ${ref.namespace ?? ''} at the same moment. Run again.`);
    }
}

;// CONCATENATED MODULE: ./src/kubernetes/limits.ts
const AUTOSCALER = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' };

;// CONCATENATED MODULE: ./src/observe/services.ts





function choose([first, ...more], routes) {
    const found = [first, ...more].map((service) => ({ service, record: recordIn(service) }));
    const rank = ({ service, record }) => [
        record !== undefined && (isUnfinished(record) || record.settle !== undefined) ? 1 : 0,
        routes.filter((route) => services_leadsTo(route, service)).length,
        services_timeOf(record)
    ];
    const service = found.reduce((best, one) => (isBefore(rank(best), rank(one)) ? one : best)).service;
    const last = found.reduce((best, one) => (services_timeOf(best.record) < services_timeOf(one.record) ? one : best));
    const record = recordIn(service);
    return {
        service,
        companions: [first, ...more].filter((one) => one !== service),
        record: record !== undefined && isUnfinished(record) ? record : last.record
    };
}
const services_timeOf = (record) => record === undefined ? 0 : Date.parse(record.startedAt);
function isBefore(one, other) {
    const at = one.findIndex((value, index) => value !== other[index]);
    return at >= 0 && (one[at] ?? 0) < (other[at] ?? 0);
}
function services_leadsTo({ object }, { metadata }) {
    const { spec } = object;
    const text = JSON.stringify([spec, object.metadata.annotations]);
    return new RegExp(`(?<![a-z0-9-])${metadata.name}(?![a-z0-9-])`).test(text);
}
const companionFaults = (companions, slots, workload) => companions
    .filter((service) => !isOf(service, slots))
    .map(({ metadata, spec }) => ({
    input: 'route',
    problem: `service/${metadata.name} selects ${(0,kubernetes_selectors/* printSelector */.vJ)(spec.selector) || 'nothing'}, which are not pods of deployment/${workload}: it cannot follow its releases`,
    example: 'only the Services that users of this workload come through'
}));
const isOf = (service, slots) => Object.entries(slots).some(([slot, deployment]) => couldSelect(service, deployment, slot));
const divergedFaults = (companions, { service, stable }) => companions.flatMap(({ service: companion, pods }) => {
    const stranger = pods.find((pod) => !isOwnedBy(stable.deployment, pod));
    return stranger === undefined
        ? []
        : [
            {
                input: 'route',
                problem: `service/${companion.metadata.name} sends users to pod ${stranger.metadata.name}, which is not of deployment/${stable.deployment.metadata.name}, ` +
                    `the version that serves behind service/${service.metadata.name}: a release would take it out of service`,
                example: `point both Services to the same version first: the selector of service/${service.metadata.name} is ${(0,kubernetes_selectors/* printSelector */.vJ)(service.spec.selector)}`
            }
        ];
});

;// CONCATENATED MODULE: ./src/observe/choose-services.ts





const isService = (one) => 'kind' in one;
function chooseServices({ services: names, namespace, workload }, services, slots, routes) {
    const wanted = names.length === 0
        ? [findService(services, slots, workload, namespace)]
        : names.map((name) => namedService(name, services, namespace));
    const [first, ...more] = wanted.filter(isService);
    const faults = wanted.filter((one) => !isService(one));
    if (first === undefined || faults.length > 0)
        throw new errors/* InputError */.dz(faults);
    const chosen = choose([first, ...more], routes);
    const { record, service } = chosen;
    if (record === undefined)
        return chosen;
    const isBound = isUnfinished(record) || record.settle !== undefined || names.length === 0;
    if (!isBound)
        return chosen;
    const bound = new Set(companionsIn(record.companions).map(({ name }) => name));
    return {
        ...chosen,
        companions: services.filter((one) => one !== service && bound.has(one.metadata.name) && isOf(one, slots))
    };
}

// EXTERNAL MODULE: ./src/kubernetes/needs.ts
var kubernetes_needs = __webpack_require__(5673);
;// CONCATENATED MODULE: ./src/observe/needs.ts

const OBSERVE_NEEDS = [
    ...(0,kubernetes_needs/* need */.$)('', 'services', 'list'),
    ...(0,kubernetes_needs/* need */.$)('', 'pods', 'list'),
    ...(0,kubernetes_needs/* need */.$)('apps', 'deployments', 'get'),
    ...(0,kubernetes_needs/* need */.$)('autoscaling', 'horizontalpodautoscalers', 'list')
];

;// CONCATENATED MODULE: ./src/observe/neighbours.ts






const mayReach = ({ spec }, deployments) => deployments.some((deployment) => (0,kubernetes_selectors/* selects */.ko)((0,kubernetes_selectors/* withoutKeys */.Pe)(spec.selector ?? {}, kubernetes_workload/* HASH_LABEL */.mE), (0,kubernetes_selectors/* templateLabels */.MN)(deployment.spec.template)));
const isOfSlot = (service) => isSlotService(service) ||
    Object.values(service.spec.selector ?? {}).some((value) => (value === 'blue' || value === 'green') && service.metadata.name.split('-').includes(value));
const servedOnlyBy = (neighbours, deployments) => neighbours
    .filter(({ service, pods }) => !isOfSlot(service) &&
    pods.length > 0 &&
    pods.every((pod) => deployments.some((deployment) => isOwnedBy(deployment, pod))))
    .map(({ service }) => service);
const rivalFaults = ({ otherServices, workload }) => otherServices.flatMap((service) => {
    const record = recordIn(service);
    const isSame = record !== undefined &&
        isUnfinished(record) &&
        slotsOf(workload).some(({ name }) => name === record.stable.deployment);
    const where = `service/${service.metadata.name}`;
    return isSame
        ? [
            {
                input: 'route',
                problem: `release ${record.id} (${record.run ?? 'run unknown'}) of ${where}, which leads to the same Deployments, is ${record.phase}`,
                example: `wait for it, or end it: command: abort with route: ${where}`
            }
        ]
        : [];
});

;// CONCATENATED MODULE: ./src/observe/own-record.ts







function ownRecord(owned) {
    const { service } = owned;
    const facts = servingNow(owned);
    const record = readRecord(service, facts);
    const foreign = record && notOwn(record, owned);
    if (foreign !== undefined)
        throw unreadable(service, foreign, facts);
    return record;
}
function servingNow({ service, slots }) {
    const { metadata, spec } = service;
    const reached = Object.values(slots).filter((deployment) => wantedReplicas(deployment) > 0 &&
        (0,kubernetes_selectors/* selects */.ko)((0,kubernetes_selectors/* withoutKeys */.Pe)(spec.selector ?? {}, kubernetes_workload/* HASH_LABEL */.mE), (0,kubernetes_selectors/* templateLabels */.MN)(deployment.spec.template)));
    const versions = reached.map((deployment) => {
        const images = deployment.spec.template.spec.containers.map(({ image }) => image ?? '');
        return `deployment/${deployment.metadata.name} (${images.join(', ')}, ${(0,counted/* counted */.hS)(wantedReplicas(deployment), 'pod')})`;
    });
    return `service/${metadata.name} selects ${(0,kubernetes_selectors/* printSelector */.vJ)(spec.selector) || 'nothing'}: ${versions.join(' and ') || 'nobody serves'}. `;
}
function notOwn(record, owned) {
    const { stable, canary, previous, settle } = record;
    const foreign = Object.entries({ stable, canary, previous }).find(([, version]) => version !== undefined && !isOwn(version, owned));
    if (foreign !== undefined)
        return `${foreign[0]}.deployment is ${foreign[1]?.deployment ?? ''}, which is no place of ${owned.workload} to run in`;
    if (!isUnfinished(record) && settle === undefined)
        return undefined;
    if ((stable.deployment === canary.deployment) !== (record.strategy !== undefined))
        return 'stable.deployment and canary.deployment do not go together';
    if (!hasOwnSelectors(record, owned))
        return 'its selectors are not those of the versions';
    return autoscalerElsewhere(record, owned);
}
const isOwn = ({ slot, deployment }, { workload }) => deployment === slotDeploymentName(workload, slot);
function autoscalerElsewhere({ autoscaler }, { workload, autoscalers }) {
    const target = autoscalers.find(({ metadata }) => metadata.name === autoscaler)?.spec.scaleTargetRef;
    const own = ['plain', 'blue', 'green'].map((slot) => slotDeploymentName(workload, slot));
    if (target === undefined || (target.kind === 'Deployment' && own.includes(target.name)))
        return undefined;
    return `autoscaler is ${autoscaler ?? ''}, which scales ${target.kind.toLowerCase()}/${target.name}`;
}
function hasOwnSelectors({ stable, canary, selectors, settle }, { service, slots }) {
    const marks = own_record_marksOf(selectors, stable, canary);
    const common = (selector) => (0,kubernetes_selectors/* withoutKeys */.Pe)(selector, SLOT_LABEL, kubernetes_workload/* HASH_LABEL */.mE, ...marks);
    const base = common(selectors.before);
    const { both = base } = selectors;
    const all = [selectors.stable, selectors.canary, both, settle ?? base];
    if (!all.every((selector) => (0,kubernetes_selectors/* sameLabels */.SM)(common(selector), base)))
        return false;
    if ([selectors.stable, selectors.canary].some((selector) => Object.keys(selector).length === 0))
        return false;
    if ((0,kubernetes_selectors/* sameLabels */.SM)(common(service.spec.selector ?? {}), base))
        return true;
    const live = [stable, canary].flatMap(({ slot }) => slots[slot] ?? []);
    return live.length > 0 && live.every(({ spec }) => (0,kubernetes_selectors/* selects */.ko)(base, (0,kubernetes_selectors/* templateLabels */.MN)(spec.template)));
}
const own_record_marksOf = (selectors, stable, canary) => Object.keys(selectors.canary).filter((key) => selectors.canary[key] === canary.slot && selectors.stable[key] === stable.slot);

;// CONCATENATED MODULE: ./src/observe/read-neighbours.ts



const readNeighbours = (services, deployments, cluster) => Promise.all(services
    .filter((service) => mayReach(service, deployments))
    .map(async (service) => {
    const { namespace } = service.metadata;
    const labels = (0,kubernetes_selectors/* printSelector */.vJ)(service.spec.selector);
    const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace, labels });
    return { service, pods: pods.filter(isReady) };
}));

;// CONCATENATED MODULE: ./src/observe/routes.ts




async function readRoutes(names, namespace, cluster) {
    const { found, gone } = await readRemaining(names, namespace, cluster);
    (0,errors/* refuse */.TR)(gone.map((problem) => ({ input: 'route', problem })));
    return found;
}
async function readRoute(name, namespace, cluster) {
    const [kindly] = (0,routes/* routesOfKind */.QV)(name.kind);
    if (kindly === undefined)
        return { problem: `${(0,inputs_route/* printRoute */.H)(name)} is not a route that traffic is moved on` };
    const object = await ifKindIsThere(cluster.get({ ...kindly.object, namespace, name: name.name }));
    if (object === undefined)
        return { problem: `${(0,inputs_route/* printRoute */.H)(name)} does not exist in namespace ${namespace}` };
    const route = (0,routes/* routeFor */.nR)(name.kind, object);
    if (route === undefined) {
        return {
            problem: `${(0,inputs_route/* printRoute */.H)(name)} in namespace ${namespace} is of no controller whose traffic can be moved`
        };
    }
    return { name, route, object, others: await readOthers(route, namespace, cluster) };
}
async function ifKindIsThere(reading) {
    try {
        return await reading;
    }
    catch (error) {
        if (error instanceof errors/* ClusterError */.b$ && error.status === 404)
            return undefined;
        throw error;
    }
}
const readOthers = async ({ others }, namespace, cluster) => (await Promise.all(others.map((kind) => ifKindIsThere(cluster.list({ ...kind, namespace }))))).flatMap((found) => found ?? []);
async function readMembers(name, backends, cluster) {
    const found = await readRoute(name, backends.namespace, cluster);
    if ('problem' in found)
        throw new errors/* RouteGone */.ho(found.problem);
    return membersOf(found, backends).objects;
}
async function readRemaining(names, namespace, cluster) {
    const read = await Promise.all(names.map((name) => readRoute(name, namespace, cluster)));
    return {
        found: read.filter((one) => 'route' in one),
        gone: read.flatMap((one) => ('problem' in one ? [one.problem] : []))
    };
}

;// CONCATENATED MODULE: ./src/observe/serving.ts






function nobodyServes({ service, stable }) {
    const { deployment } = stable;
    if (readyReplicas(deployment) > 0)
        return [];
    const wanted = wantedReplicas(deployment);
    const why = wanted === 0 ? 'is scaled to 0' : `has 0 of ${(0,counted/* counted */.hS)(wanted, 'pod')} ready`;
    return [
        `deployment/${deployment.metadata.name} ${why}: nobody serves the users of service/${service.metadata.name} now, and should the release fail nobody does after it`
    ];
}
function servingPods(service, deployment, behind, record) {
    const live = behind.filter((pod) => !isEnding(pod));
    const pods = live.filter((pod) => isOwnedBy(deployment, pod));
    const [hash = '', another] = new Set(pods.map(kubernetes_workload/* templateHash */.tv));
    if (record !== undefined && isUnfinished(record))
        return { hash: record.stable.hash, pods };
    const strangers = live.filter((pod) => !isOwnedBy(deployment, pod) && isReady(pod));
    const name = `deployment/${deployment.metadata.name}`;
    if (strangers[0] !== undefined) {
        return {
            input: 'route',
            problem: `service/${service.metadata.name} sends traffic to pod ${strangers[0].metadata.name} too, which is not of ${name}: a switch would take it out of service`,
            example: `a Service of its own for those pods, and in the selector of service/${service.metadata.name} (${(0,kubernetes_selectors/* printSelector */.vJ)(service.spec.selector)}) a label that only the pods of ${name} have`
        };
    }
    if (another !== undefined || !isSettled(deployment)) {
        return {
            input: 'workload',
            problem: `${name} in namespace ${service.metadata.namespace ?? ''} is in the middle of a rollout of its own`,
            example: `wait until \`${sh `kubectl rollout status ${name}`}\` has ended`
        };
    }
    if (hash === '' && wantedReplicas(deployment) > 0) {
        return {
            input: 'workload',
            problem: `no pod of ${name} in namespace ${service.metadata.namespace ?? ''} runs, although there should be ${wantedReplicas(deployment)}: it cannot be told which version serves`,
            example: `${sh `kubectl describe ${name}`}, or scale it to 0 to release over it`
        };
    }
    return { hash, pods };
}

;// CONCATENATED MODULE: ./src/observe/unknown-workload.ts

async function unknownWorkload({ namespace, workload }, cluster) {
    const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace });
    const owners = pods.flatMap(({ metadata }) => metadata.ownerReferences ?? []);
    const kind = owners.find((owner) => owner.kind !== 'ReplicaSet' && owner.name === workload)?.kind;
    if (kind !== undefined) {
        return {
            input: 'workload',
            problem: `${workload} in namespace ${namespace} is a ${kind}; only Deployments can run in two versions side by side`,
            example: 'workload: deployment/web'
        };
    }
    const deployments = await cluster.list({ ...kubernetes_workload/* DEPLOYMENT */.uH, namespace });
    const names = deployments.map(({ metadata }) => metadata.name);
    return {
        input: 'workload',
        problem: `deployment/${workload} (or ${workload}-blue, ${workload}-green) does not exist in namespace ${namespace}; ` +
            (names.length === 0
                ? 'there is no Deployment at all; Greenlight brings new versions of what runs, the first one is applied by kubectl'
                : `there are ${names.slice(0, 10).join(', ')}`),
        example: names[0] === undefined ? 'namespace: the one the workload runs in' : `workload: ${names[0]}`
    };
}

;// CONCATENATED MODULE: ./src/observe/observe.ts


















const isFault = (value) => 'problem' in value;
async function observe(target, ports) {
    try {
        return await observe_look(target, ports);
    }
    catch (error) {
        if (!(error instanceof errors/* ClusterError */.b$ && error.status === 403))
            throw error;
        const { namespace } = target;
        const missing = await missingRights(ports.cluster, namespace, OBSERVE_NEEDS);
        (0,errors/* refuse */.TR)(rightsFaults(missing, namespace));
        return observe_look(target, ports);
    }
}
async function observe_look(target, { cluster, clock }) {
    const { namespace, workload } = target;
    const [named, routes, services, all] = await Promise.all([
        readSlots(target, { cluster, clock }),
        readRemaining(target.routes, namespace, cluster),
        cluster.list({ apiVersion: 'v1', kind: 'Service', namespace }),
        cluster.list({ ...AUTOSCALER, namespace })
    ]);
    if (Object.keys(named).length === 0)
        throw new errors/* InputError */.dz([await unknownWorkload(target, cluster)]);
    const chosen = chooseServices(target, services, named, routes.found);
    const { service, companions } = chosen;
    const record = ownRecord({ workload, service, slots: named, autoscalers: all });
    const { slots, foreign } = ownSlots(named, service, record);
    const autoscalers = all.filter(scalesDeployment);
    const otherServices = services.filter((other) => other !== service && !companions.includes(other));
    const possible = Object.keys(slots).length === 0 ? named : slots;
    const stable = stableOf(record, slots) ?? findStable(service, possible, record?.stable.deployment);
    if (isFault(stable))
        throw explained(stable, otherServices, workload);
    return {
        namespace,
        workload,
        service,
        companions,
        otherServices,
        record,
        routes: routes.found,
        goneRoutes: routes.gone,
        slots,
        foreign,
        ...(await readServing({ ...chosen, record, otherServices, slots, workload, stable }, cluster)),
        autoscaler: autoscalerOf(autoscalers, { workload, stable, foreign }),
        autoscaled: autoscalers.map(({ spec }) => spec.scaleTargetRef.name)
    };
}
async function readServing({ service, companions, otherServices, record, slots, workload, stable }, cluster) {
    const deployments = Object.values(slots);
    const [pods, neighbours, followers] = await Promise.all([
        podsBehind(service, cluster),
        readNeighbours(otherServices, deployments, cluster),
        readNeighbours(companions, deployments, cluster)
    ]);
    const serving = servingPods(service, stable.deployment, pods, record);
    if (isFault(serving))
        throw explained(serving, otherServices, workload);
    const isUnderWay = record !== undefined && isUnfinished(record);
    const faults = [
        ...companionFaults(companions, slots, workload),
        ...(isUnderWay ? [] : divergedFaults(followers, { service, stable }))
    ];
    (0,errors/* refuse */.TR)(faults);
    return { stable: { ...stable, ...serving }, neighbours };
}
function explained(fault, otherServices, workload) {
    const rivals = rivalFaults({ otherServices, workload });
    return new errors/* InputError */.dz(rivals.length > 0 ? rivals : [fault]);
}
const scalesDeployment = ({ spec }) => spec.scaleTargetRef.kind === 'Deployment';
function autoscalerOf(autoscalers, { workload, stable, foreign }) {
    const scaling = (wanted) => autoscalers.find(({ spec }) => spec.scaleTargetRef.name === wanted);
    const others = new Set(foreign.map(({ metadata }) => metadata.name));
    const own = slotsOf(workload).filter(({ name }) => !others.has(name));
    return scaling(stable.deployment.metadata.name) ?? own.map(({ name }) => scaling(name)).find(Boolean);
}
function stableOf(record, slots) {
    if (record === undefined || !isUnfinished(record))
        return undefined;
    const slot = record.stable.slot;
    return slots[slot] === undefined ? undefined : { slot, deployment: slots[slot] };
}
async function readSlots({ namespace, workload }, ports) {
    const found = await Promise.all(slotsOf(workload).map(async ({ slot, name }) => {
        const deployment = await readSeen((0,kubernetes_workload/* deploymentRef */.f8)(namespace, name), ports);
        return deployment === undefined ? [] : [[slot, deployment]];
    }));
    return Object.fromEntries(found.flat());
}
const UNSEEN = 10_000;
const observe_LOOK_AGAIN = 200;
async function readSeen(ref, { cluster, clock }) {
    const late = clock.now() + UNSEEN;
    for (;;) {
        const found = await cluster.get(ref);
        if (found === undefined || isSeen(found) || clock.now() >= late)
            return found;
        await clock.sleep(observe_LOOK_AGAIN);
    }
}
const podsBehind = ({ metadata, spec }, cluster) => cluster.list({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: metadata.namespace,
    labels: (0,kubernetes_selectors/* printSelector */.vJ)(spec.selector)
});
const readReplicaSet = (namespace, { deployment, hash }, cluster) => cluster.get((0,kubernetes_workload/* replicaSetRef */.w0)(namespace, deployment, hash));

;// CONCATENATED MODULE: ./src/plan/retirement.ts





function keptRunning({ record, slots, stable, service }) {
    if (record === undefined || isUnfinished(record))
        return [];
    const recorded = recordedDeployments(record);
    return Object.entries(slots)
        .filter(([slot, deployment]) => slot !== stable.slot &&
        wantedReplicas(deployment) > 0 &&
        (slot === 'plain' || recorded.has(deployment.metadata.name)) &&
        couldSelect(service, deployment, slot))
        .map(([slot, deployment]) => versionOf(slot, deployment, ''));
}
function retirable(observed) {
    const kept = keptRunning(observed).map((version) => {
        const live = observed.slots[version.slot];
        const served = live === undefined ? [] : servedOnlyBy(observed.neighbours, [live]);
        return { version, served };
    });
    return {
        versions: kept.flatMap(({ version, served }) => (served.length === 0 ? [version] : [])),
        left: kept.flatMap(({ version, served }) => served.length === 0 ? [] : [leftFor(version.deployment, served)])
    };
}
const leftFor = (deployment, services) => `deployment/${deployment} is left running: its pods are the only ones behind ` +
    services.map(({ metadata }) => `service/${metadata.name}`).join(' and ');
const planRetirement = (drain) => [
    ...(drain === 0 ? [] : [{ kind: 'drain', duration: drain }]),
    { kind: 'scale-down', side: 'canary' }
];

;// CONCATENATED MODULE: ./src/traffic/through-outages.ts


const through_outages_PAUSE = 1000;
async function throughOutages(step, { clock, log }, signal) {
    let since;
    for (;;) {
        const began = clock.now();
        try {
            return await step();
        }
        catch (error) {
            signal.throwIfAborted();
            if (!isOutage(error))
                throw error;
            if (since === undefined || clock.now() - began > LONGEST_OUTAGE)
                since = clock.now();
            if (clock.now() - since > LONGEST_OUTAGE)
                throw error;
            const trouble = error.status === 401 ? 'refuses the credentials' : 'does not answer';
            log.warning(`the cluster ${trouble}; trying for up to ${(0,base_duration/* formatDuration */.a)(LONGEST_OUTAGE)}: ${error.message}`);
            await clock.sleep(through_outages_PAUSE, signal);
        }
    }
}

;// CONCATENATED MODULE: ./src/preflight/needs.ts





const TEMPLATE_NEEDS = (0,kubernetes_needs/* need */.$)('apps', 'replicasets', 'get', 'list');
const STATUS_NEEDS = [...OBSERVE_NEEDS, ...(0,kubernetes_needs/* need */.$)('apps', 'replicasets', 'list')];
const CONFIG_REMOVAL_NEEDS = [
    ...(0,kubernetes_needs/* need */.$)('', 'configmaps', 'list', 'delete'),
    ...(0,kubernetes_needs/* need */.$)('', 'secrets', 'list', 'delete'),
    ...(0,kubernetes_needs/* need */.$)('apps', 'deployments', 'list'),
    ...(0,kubernetes_needs/* need */.$)('apps', 'replicasets', 'list')
];
const LOCK = (0,kubernetes_needs/* need */.$)('coordination.k8s.io', 'leases', 'get', 'create', 'update');
const TRAFFIC = (0,kubernetes_needs/* need */.$)('', 'services', 'get', 'list', 'watch', 'patch');
const ENDPOINTS = (0,kubernetes_needs/* need */.$)('discovery.k8s.io', 'endpointslices', 'list', 'watch');
const PODS = (0,kubernetes_needs/* need */.$)('', 'pods', 'list');
const READINESS = [
    ...(0,kubernetes_needs/* need */.$)('apps', 'deployments', 'list', 'watch'),
    ...(0,kubernetes_needs/* need */.$)('', 'pods', 'list', 'watch'),
    ...(0,kubernetes_needs/* need */.$)('', 'events', 'list')
];
const SCALING = (0,kubernetes_needs/* need */.$)('apps', 'deployments', 'list', 'watch', 'patch');
const REWRITING = (0,kubernetes_needs/* need */.$)('apps', 'deployments', 'get', 'update');
const needsByKind = {
    apply: [],
    start: PODS,
    'await-ready': READINESS,
    'start-watchdog': (0,kubernetes_needs/* need */.$)('batch', 'jobs', 'list', 'create', 'delete'),
    'await-watchdog': [
        ...(0,kubernetes_needs/* need */.$)('', 'pods', 'list', 'watch'),
        ...(0,kubernetes_needs/* need */.$)('', 'pods/log', 'get'),
        ...(0,kubernetes_needs/* need */.$)('', 'events', 'list')
    ],
    'stop-watchdog': (0,kubernetes_needs/* need */.$)('batch', 'jobs', 'list', 'delete'),
    smoke: READINESS,
    'point-autoscaler': (0,kubernetes_needs/* need */.$)('autoscaling', 'horizontalpodautoscalers', 'patch'),
    begin: [...TRAFFIC, ...(0,kubernetes_needs/* need */.$)('apps', 'deployments', 'list', 'watch')],
    resize: [...(0,kubernetes_needs/* need */.$)('apps', 'deployments', 'get', 'patch'), ...READINESS],
    'prepare-routes': [...ENDPOINTS, ...READINESS],
    shift: [...TRAFFIC, ...ENDPOINTS, ...READINESS],
    watch: (0,kubernetes_needs/* need */.$)('', 'pods', 'list', 'watch'),
    wait: TRAFFIC,
    follow: [...TRAFFIC, ...ENDPOINTS, ...PODS],
    restore: TRAFFIC,
    'await-routes': [],
    'ensure-stable': [...(0,kubernetes_needs/* need */.$)('apps', 'deployments', 'get', 'patch'), ...READINESS],
    'collect-evidence': [...PODS, ...(0,kubernetes_needs/* need */.$)('', 'pods/log', 'get'), ...(0,kubernetes_needs/* need */.$)('', 'events', 'list')],
    drain: [],
    'scale-down': SCALING,
    retire: SCALING,
    replace: [...TRAFFIC, ...REWRITING],
    'take-over': [...TRAFFIC, ...ENDPOINTS, ...READINESS],
    confirm: [...REWRITING, ...PODS],
    undo: [...TRAFFIC, ...REWRITING, ...(0,kubernetes_needs/* need */.$)('apps', 'replicasets', 'get')],
    'await-undone': [...REWRITING, ...READINESS],
    finish: TRAFFIC,
    settle: TRAFFIC
};
function needsOf({ steps, routes, smokeTests = [], services = [] }) {
    return (0,kubernetes_needs/* distinct */.d)([
        ...OBSERVE_NEEDS,
        ...LOCK,
        ...steps.flatMap((step) => [...needsByKind[step.kind], ...needsOfObject(step, services)]),
        ...routes.flatMap((route) => route.needs),
        ...smokeNeeds(smokeTests)
    ]);
}
function needsOfObject(step, services) {
    if (step.kind === 'apply')
        return needsOfManifest(step.manifest, services);
    if (step.kind !== 'start')
        return [];
    const { resourceVersion } = step.deployment.metadata;
    const making = resourceVersion === undefined ? ['create', 'patch'] : [];
    return (0,kubernetes_needs/* need */.$)('apps', 'deployments', ...making, 'update');
}
const needs_resources = {
    Service: 'services',
    ConfigMap: 'configmaps',
    Secret: 'secrets'
};
function needsOfManifest({ object }, services) {
    const { apiVersion, kind, metadata } = object;
    const resource = apiVersion === 'v1' ? needs_resources[kind] : undefined;
    if (resource === undefined || services.some((one) => one.metadata.namespace !== metadata.namespace))
        return [];
    const exists = kind === 'Service' && services.some((one) => one.metadata.name === metadata.name);
    return (0,kubernetes_needs/* need */.$)('', resource, 'patch', ...(exists ? [] : ['create']));
}
const PROXY_VERBS = { GET: 'get', HEAD: 'get', POST: 'create' };
function smokeNeeds(tests) {
    const onPods = tests.filter((test) => test.kind === 'command' || test.target.startsWith('/'));
    if (onPods.length === 0)
        return [];
    const verbs = onPods.flatMap((test) => (test.kind === 'command' ? [] : (PROXY_VERBS[test.method] ?? [])));
    return [...(0,kubernetes_needs/* need */.$)('', 'pods/portforward', 'get', 'create'), ...(0,kubernetes_needs/* need */.$)('', 'pods/proxy', ...verbs)];
}
const wayBack = (release) => [
    ...methodOf(release).restoring,
    ...methodOf(release).planTidy(release, 0)
];
const wayOut = (release) => [
    ...wayBack(release),
    ...(isUnfinished(release) && release.phase === 'promoting'
        ? planPromotion({ previous: 'scale-down', bake: 0, drain: 0 }, release)
        : [])
];

;// CONCATENATED MODULE: ./src/preflight/rights.ts





async function requireRights({ namespace }, needs, { cluster }) {
    const missing = await missingRights(cluster, namespace, (0,kubernetes_needs/* distinct */.d)(needs));
    (0,errors/* refuse */.TR)(rightsFaults(missing, namespace));
}
async function needsToEnd({ namespace, record }, { cluster }) {
    const { found } = await readRemaining(record.routes ?? [], namespace, cluster);
    return needsOf({ steps: wayOut(record), routes: found.map(({ route }) => route) });
}

;// CONCATENATED MODULE: ./src/commands/fence-inherited.ts













async function fenceInherited({ service, companions, workload, namespace }, lock, ports, signal) {
    if (!lock.isInherited || readRecord(service) === undefined)
        return;
    const holder = { cluster: ports.cluster, lock };
    const work = async () => {
        const claimed = await unlessRefused((0,ref/* refOf */.H8)(service), claim((0,ref/* refOf */.H8)(service), holder), ports);
        const live = claimed ?? (await ports.cluster.get((0,ref/* refOf */.H8)(service)));
        const record = readRecord(live ?? service);
        if (record === undefined)
            return;
        const versions = recordedDeployments(record);
        const own = slotsOf(workload).filter(({ name }) => versions.has(name));
        const deployments = own.map(({ name }) => (0,kubernetes_workload/* deploymentRef */.f8)(namespace, name));
        const others = [
            ...companions.map(ref/* refOf */.H8),
            ...fence_inherited_autoscalerOf(record, namespace),
            ...(await routeRefs(record, service, namespace, ports))
        ];
        const { verb } = methodOf(record);
        await Promise.all([
            ...deployments.map((ref) => unlessRefused(ref, claim(ref, holder, verb), ports)),
            ...others.map((ref) => unlessRefused(ref, claim(ref, holder), ports))
        ]);
    };
    await throughOutages(work, ports, signal);
}
async function unlessRefused(ref, claiming, { log }) {
    try {
        return await claiming;
    }
    catch (error) {
        if (!refusals_isRefused(error))
            throw error;
        log.warning(`${ref.kind.toLowerCase()}/${ref.name} cannot be claimed from the run before, should it still live: ${error.message}`);
        return undefined;
    }
}
const fence_inherited_autoscalerOf = ({ autoscaler }, namespace) => autoscaler === undefined ? [] : [{ ...AUTOSCALER, namespace, name: autoscaler }];
async function routeRefs(record, { metadata }, namespace, { cluster }) {
    const { found } = await readRemaining(record.routes ?? [], namespace, cluster);
    const backends = backendsOf(record, namespace, metadata.name);
    return found.flatMap((route) => membersOf(route, backends).objects.map(ref/* refOf */.H8));
}

;// CONCATENATED MODULE: ./src/commands/exclusively.ts








const workloadLease = ({ namespace, workload }) => leaseRef(namespace, workloadLeaseName(workload));
const leaseRef = (namespace, name) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    namespace,
    name
});
const exclusively_PATIENCE = 20_000;
const PATIENCE_OF_CANCELLED = 1000;
async function exclusively(invocation, seen, needs, work) {
    const { target, ports } = invocation;
    if (needs.length > 0)
        await requireRights(seen, needs, ports);
    return withLock(invocation, seen, async (lock) => work(await observe(target, ports), lock));
}
async function withLock({ origin: { release, holder, run }, ports, signal }, place, work) {
    const lock = await acquireAll(leasesOf(place), { id: holder, run: run ?? release }, ports, signal);
    try {
        await fenceInherited(place, lock, ports, AbortSignal.any([signal, lock.lost]));
        return await work(lock);
    }
    finally {
        await exclusively_giveBack(lock, ports, signal.aborted ? PATIENCE_OF_CANCELLED : exclusively_PATIENCE);
    }
}
function leasesOf({ namespace, workload, service, companions }) {
    const services = [service, ...companions].map(({ metadata }) => metadata.name);
    return [
        workloadLease({ namespace, workload }),
        ...services.map((name) => leaseRef(namespace, leaseName(name)))
    ];
}
async function exclusively_giveBack(lock, { clock, log }, patience) {
    const late = () => new Error(`no answer within ${(0,base_duration/* formatDuration */.a)(patience)}`);
    try {
        await (0,within/* within */.u)({ milliseconds: patience, clock, late }, () => lock.release());
    }
    catch (error) {
        log.warning(`the lock could not be given back, the next run waits 15 s for it: ${(0,errors/* messageOf */.bD)(error)}`);
    }
}

// EXTERNAL MODULE: ./src/inputs/parsed.ts
var inputs_parsed = __webpack_require__(2344);
;// CONCATENATED MODULE: ./src/traffic/foreign-write.ts





function changeFrom(undoing) {
    const { object, kind } = undoing;
    const name = `${object.kind} ${object.metadata.name}`;
    if (kind === 'create')
        return { manager: 'unknown', change: `${name} was deleted` };
    if (kind === 'delete')
        return { manager: lastManager(object, []), change: `${name} came back` };
    const fields = undoing.patch.flatMap(({ path }) => /^\/spec\/([^/]+)/.exec(path)?.[1] ?? []);
    const marks = fields.length > 0 ? [] : marksIn(undoing);
    const lost = object.metadata.annotations?.[RECORD_ANNOTATION] === undefined ? 'the record was removed' : '';
    if (fields.length === 0 && (marks.length > 0 || lost !== ''))
        return {
            manager: lastManager(object, marks, 'f:annotations'),
            change: lost || describeMark(object, marks)
        };
    const change = [whatBecame(object, fields), lost].filter(Boolean).join(' and ');
    return { manager: lastManager(object, fields), change };
}
const marksIn = ({ object, patch }) => [FENCE_ANNOTATION, RECORD_ANNOTATION].filter((mark) => object.metadata.annotations?.[mark] !== undefined &&
    patch.some(({ path }) => path === `/metadata/annotations/${mark.replace('/', '~1')}`));
const describeMark = (object, [mark = '']) => mark === FENCE_ANNOTATION
    ? `the annotation ${mark} became ${(0,inputs_parsed/* quote */.h)(fenceOf(object) ?? '')}`
    : `the record in the annotation ${mark} became another one`;
function whatBecame(live, fields) {
    if (live.kind === 'Service') {
        const { selector } = live.spec;
        return `the selector became ${(0,kubernetes_selectors/* printSelector */.vJ)(selector) || 'empty'}`;
    }
    return `${fields.map((field) => `spec.${field}`).join(' and ')} became what moves traffic elsewhere`;
}
function lastManager({ metadata }, fields, under = 'f:spec') {
    const others = (metadata.managedFields ?? []).filter(({ manager }) => manager !== 'greenlight');
    const writers = others.filter(({ fieldsV1 }) => {
        const owned = under === 'f:spec' ? fieldsV1?.[under] : fieldsV1?.['f:metadata']?.[under];
        return fields.some((field) => owned?.[`f:${field}`] !== undefined);
    });
    const latest = (writers.length > 0 ? writers : others)
        .sort((one, other) => (one.time ?? '').localeCompare(other.time ?? ''))
        .at(-1);
    return latest?.manager ?? 'unknown';
}
const MOST_FOREIGN_WRITES = 10;
async function tellForeignWrite(state, { manager, change }, seenAt) {
    const { ports, place, title, foreignWrites } = state;
    const restoredAfter = ports.clock.now() - seenAt;
    await place.anchor?.noteStrayTraffic();
    foreignWrites.push({ object: title, manager, change, at: seenAt, restoredAfter });
    ports.log.warning(`somebody moved the traffic of ${title} while the release ran; it was put back after ${restoredAfter} ms`);
    ports.log.quote(`${manager}: ${change}`);
    if (foreignWrites.length >= MOST_FOREIGN_WRITES) {
        throw new errors/* ReleaseFailed */.dN(`${manager} resets the traffic of ${title} again and again`);
    }
}

;// CONCATENATED MODULE: ./src/traffic/changes.ts

function changes(before, after) {
    const patch = [
        ...fieldChanges('/metadata/annotations', before.metadata.annotations, after.metadata.annotations),
        ...fieldChanges('/spec', specOf(before), specOf(after))
    ];
    if (patch.length === 0)
        return [];
    return [
        { op: 'replace', path: '/metadata/resourceVersion', value: before.metadata.resourceVersion },
        ...patch
    ];
}
const specOf = (object) => object.spec;
function fieldChanges(path, before, after = {}) {
    if (before === undefined)
        return Object.keys(after).length === 0 ? [] : [{ op: 'add', path, value: after }];
    const removed = Object.keys(before).filter((key) => after[key] === undefined);
    const set = Object.entries(after).filter(([key, value]) => value !== undefined && (0,canonical/* canonical */.$)(value) !== (0,canonical/* canonical */.$)(before[key]));
    return [
        ...removed.map((key) => ({ op: 'remove', path: `${path}/${changes_escaped(key)}` })),
        ...set.map(([key, value]) => ({ op: 'add', path: `${path}/${changes_escaped(key)}`, value }))
    ];
}
const changes_escaped = (key) => key.replaceAll('~', '~0').replaceAll('/', '~1');

;// CONCATENATED MODULE: ./src/traffic/writes.ts





function writesOf(live, wanted, stamp) {
    const kept = new Set(wanted.map(ref/* keyOf */.TN));
    const deleted = live.filter((object) => !kept.has((0,ref/* keyOf */.TN)(object)));
    return [
        ...wanted.flatMap((object) => writeOf(live, object, stamp)),
        ...deleted.map((object) => ({ kind: 'delete', object }))
    ];
}
function writeOf(live, wanted, stamp) {
    const before = live.find((object) => (0,ref/* keyOf */.TN)(object) === (0,ref/* keyOf */.TN)(wanted));
    if (before === undefined)
        return [{ kind: 'create', object: stamped(wanted, stamp) }];
    const isMain = (0,ref/* keyOf */.TN)(live[0]) === (0,ref/* keyOf */.TN)(wanted);
    const touched = (stamp.always && isMain) ||
        before.metadata.annotations?.[RECORD_ANNOTATION] !== undefined ||
        fenceOf(before) !== undefined ||
        changes(before, wanted).length > 0;
    const patch = touched ? changes(before, stamped(wanted, stamp)) : [];
    return patch.length === 0 ? [] : [{ kind: 'patch', object: before, patch }];
}
function stamped(object, { record, keepsClaim = false }) {
    const { [RECORD_ANNOTATION]: _, [FENCE_ANNOTATION]: claim, ...others } = object.metadata.annotations ?? {};
    const annotations = {
        ...others,
        ...(record === undefined ? {} : { [RECORD_ANNOTATION]: record }),
        ...(keepsClaim && claim !== undefined ? { [FENCE_ANNOTATION]: claim } : {})
    };
    return { ...object, metadata: { ...object.metadata, annotations } };
}
const trafficOf = (object) => (0,canonical/* canonical */.$)(object.spec.selector);

;// CONCATENATED MODULE: ./src/traffic/state.ts






const recordOf = ({ metadata }) => metadata.annotations?.[RECORD_ANNOTATION];
async function refuseIfTakenOver(state, live) {
    const stranger = strangerIn(state, live);
    if (stranger === undefined)
        return;
    const { place, last, title } = state;
    if (last === undefined && place.anchor === undefined && !place.isOurs)
        throw new errors/* TakenOver */.IE(`${stranger} on ${title} was written by another run: this one changes nothing any more`);
    await place.confirm();
}
function strangerIn({ ours, claims, last }, live) {
    const text = recordOf(live);
    const claim = fenceOf(live);
    if (claim !== undefined && !claims.has(claim))
        return `the claim ${claim}`;
    if (ours.has(text) || (text === undefined && last !== undefined))
        return undefined;
    return 'the record';
}
const writesFor = ({ place }, live, edit, release) => writesOf(live, edit(live), {
    record: release === undefined ? undefined : printRecord(release),
    always: place.anchor === undefined,
    keepsClaim: release !== undefined && isUnfinished(release) && release.holder !== place.holder
});
const missing = (state, live, { edit, release }) => writesFor(state, live, edit, release);
function undoing(state, live) {
    const { last, sent } = state;
    const [write] = last === undefined ? [] : missing(state, live, last);
    if (write === undefined || sent === undefined || missing(state, live, sent).length > 0)
        return write;
    state.last = sent;
    return undefined;
}
function overwriting(state) {
    const { last, sent, known } = state;
    if (last === undefined || sent === undefined)
        return undefined;
    const open = new Set(missing(state, known, sent).map(({ object }) => (0,ref/* keyOf */.TN)(object)));
    return missing(state, known, last).find(({ object }) => open.has((0,ref/* keyOf */.TN)(object)));
}
async function state_send(state, write) {
    const { object } = write;
    const { cluster } = state.ports;
    if (write.kind !== 'patch')
        await state.place.anchor?.refresh();
    if (write.kind === 'delete') {
        await cluster.remove(object);
        state.known = (0,routes_route/* withoutObject */.K_)(state.known, object);
        return;
    }
    const written = await (write.kind === 'create'
        ? cluster.create(object)
        : cluster.patch((0,ref/* refOf */.H8)(object), write.patch));
    state.known = (0,routes_route/* withObject */.Ox)(state.known, written);
}
function refuseOvertaken({ last, known, title }, before) {
    if (last !== undefined || recordOf(known[0]) !== recordOf(before[0]))
        return;
    if (trafficOf(known[0]) === trafficOf(before[0]))
        return;
    throw new errors/* TakenOver */.IE(`somebody moved the traffic of ${title} while the release was prepared. Nothing was changed. Run again.`);
}

;// CONCATENATED MODULE: ./src/traffic/traffic.ts








const traffic_ATTEMPTS = 8;
function openTraffic(place, ports) {
    const [{ kind, metadata }] = place.objects;
    const state = {
        ports,
        place,
        title: `${kind.toLowerCase()}/${metadata.name}`,
        known: place.objects,
        ours: new Set(place.objects.map(recordOf)),
        claims: new Set([place.holder, ...place.objects.map(fenceOf)]),
        last: undefined,
        sent: undefined,
        queue: Promise.resolve(),
        guarding: undefined,
        hadStrayTraffic: false,
        watched: new Set(),
        broken: new AbortController(),
        foreignWrites: []
    };
    return {
        title: state.title,
        name: metadata.name,
        refresh: () => inTurn(state, () => readAgain(state)),
        noteStrayTraffic: () => inTurn(state, () => noteStrayTraffic(state)),
        current: () => state.known,
        write: (edit, release) => inTurn(state, () => traffic_write(state, { edit, release }).catch(unlessGone(state, release))),
        guard: (signal) => {
            state.guarding = signal;
            guardAll(state);
        },
        broken: state.broken.signal,
        foreignWrites: state.foreignWrites
    };
}
function inTurn(state, work) {
    const turn = state.queue.then(work);
    state.queue = turn.catch(() => undefined);
    return turn;
}
async function readAgain(state) {
    const live = await state.place.read();
    for (const object of live)
        await refuseIfTakenOver(state, object);
    await state.place.anchor?.refresh();
    state.known = live;
}
const unlessGone = ({ ports }, release) => (error) => {
    if (!(error instanceof errors/* RouteGone */.ho) || release !== undefined)
        throw error;
    ports.log.warning(error.message);
};
const isOutdated = (error) => error instanceof errors/* ClusterError */.b$ && (error.status === 409 || error.status === 404);
async function traffic_write(state, wanted) {
    const since = state.ports.clock.now();
    const undone = await attempt(state, wanted, traffic_ATTEMPTS);
    if (undone !== undefined)
        await tellForeignWrite(state, undone, since);
}
async function attempt(state, wanted, left) {
    const { edit } = wanted;
    const release = state.hadStrayTraffic ? withStrayTraffic(wanted.release) : wanted.release;
    for (const object of state.known)
        await refuseIfTakenOver(state, object);
    if (release !== undefined)
        state.ours.add(printRecord(release));
    state.sent = { edit, release };
    try {
        for (const write of writesFor(state, state.known, edit, release))
            await state_send(state, write);
        state.last = state.sent;
        guardAll(state);
        return undefined;
    }
    catch (error) {
        if (!isOutdated(error) || left === 0)
            throw error;
        const before = state.known;
        await readAgain(state);
        refuseOvertaken(state, before);
        const theirs = overwriting(state);
        if (theirs !== undefined)
            state.hadStrayTraffic = true;
        const later = await attempt(state, { edit, release }, left - 1);
        return theirs === undefined ? later : changeFrom(theirs);
    }
}
function guardAll(state) {
    const { guarding, known, watched } = state;
    if (guarding === undefined)
        return;
    for (const object of known) {
        if (watched.has((0,ref/* keyOf */.TN)(object)))
            continue;
        watched.add((0,ref/* keyOf */.TN)(object));
        guard(state, object, guarding);
    }
}
function guard(state, object, signal) {
    const { cluster, clock } = state.ports;
    const { apiVersion, kind, metadata } = object;
    const stop = (error) => {
        if (!signal.aborted)
            state.broken.abort(error);
    };
    const onChange = ([live]) => {
        if (live === object)
            return;
        const seenAt = clock.now();
        const put = () => answer(state, live, seenAt, signal);
        void inTurn(state, () => throughOutages(put, state.ports, signal)).catch(stop);
    };
    const query = { apiVersion, kind, namespace: metadata.namespace, fields: `metadata.name=${metadata.name}` };
    cluster.watch(query, onChange, signal, object).catch(stop);
}
async function answer(state, seen, seenAt, signal) {
    if (signal.aborted || state.last === undefined)
        return;
    if (seen !== undefined && undoing(state, (0,routes_route/* withObject */.Ox)(state.known, seen)) === undefined) {
        state.known = (0,routes_route/* withObject */.Ox)(state.known, seen);
        return;
    }
    await readAgain(state);
    const write = undoing(state, state.known);
    if (write === undefined)
        return;
    state.hadStrayTraffic = true;
    await attempt(state, state.last, traffic_ATTEMPTS);
    await tellForeignWrite(state, changeFrom(write), seenAt);
}
const withStrayTraffic = (release) => release === undefined || !isUnfinished(release) ? release : { ...release, exposed: true };
async function noteStrayTraffic(state) {
    const { last, hadStrayTraffic } = state;
    state.hadStrayTraffic = true;
    if (last !== undefined && !hadStrayTraffic)
        await traffic_write(state, last);
}

;// CONCATENATED MODULE: ./src/execute/begin-run.ts









function beginRun(beginning, ports, settings) {
    const { service, companions = [], routes, release, begun, lock } = beginning;
    const held = heldBy(beginning);
    const traffic = openService(service, held, ports);
    const following = { ...held, anchor: traffic };
    return {
        namespace: service.metadata.namespace ?? '',
        workload: beginning.workload,
        settings,
        ports,
        lock,
        traffic,
        companions: openCompanions(companions, release, following, ports),
        routes: routes.map((route) => openRoute(route, release, following, ports)),
        initial: release,
        entrance: beginning.entrance ?? NOWHERE,
        sampler: beginning.sampler,
        progress: {
            begun,
            recorded: begun,
            release,
            stable: release.stable,
            canary: release.canary,
            serving: beginning.stable,
            autoscaler: beginning.autoscaler,
            ...(beginning.deployment === undefined ? {} : { deployment: beginning.deployment }),
            pods: beginning.pods ?? [],
            tested: new Set(),
            behind: new Map(),
            standing: initialStanding
        },
        journal: beginJournal(release)
    };
}
const beginJournal = (release) => ({
    timeline: [],
    shifts: release.shiftedAt === undefined ? [] : [{ at: Date.parse(release.shiftedAt), split: splitOf(release) }],
    smokeTests: [],
    measurements: [],
    evidence: [],
    warnings: []
});
const heldBy = ({ lock, readUnderLock = false }) => ({
    holder: lock.holder,
    confirm: () => lock.confirmUnbroken(),
    isOurs: readUnderLock
});
function openService(service, held, ports) {
    const { apiVersion, kind, metadata } = service;
    const { namespace, name } = metadata;
    const read = async () => {
        const live = await ports.cluster.get({ apiVersion, kind, namespace, name });
        if (live !== undefined)
            return [live];
        throw new errors/* ReleaseFailed */.dN(`service/${name} in namespace ${namespace ?? ''} was deleted while the release ran`);
    };
    return openTraffic({ ...held, objects: [service], read }, ports);
}
function openCompanions(services, release, following, ports) {
    return companionsIn(release.companions).flatMap((own) => {
        const service = services.find(({ metadata }) => metadata.name === own.name);
        if (service === undefined)
            return [];
        const read = async () => {
            const live = await ports.cluster.get((0,ref/* refOf */.H8)(service));
            if (live !== undefined)
                return [live];
            throw new errors/* RouteGone */.ho(`service/${own.name} was deleted while the release ran`);
        };
        const hasPorts = (service.spec.ports ?? []).length > 0;
        return [{ own, hasPorts, traffic: openTraffic({ ...following, objects: [service], read }, ports) }];
    });
}
function openRoute({ name, route, objects }, release, following, ports) {
    const { namespace = '' } = objects[0].metadata;
    const backends = backendsOf(release, namespace, following.anchor.name);
    const read = () => readMembers(name, backends, ports.cluster);
    return { route, traffic: openTraffic({ ...following, objects, read }, ports) };
}
async function routesOf(release, { metadata }, { cluster, log }) {
    const namespace = metadata.namespace ?? '';
    const { found, gone } = await readRemaining(release.routes ?? [], namespace, cluster);
    for (const problem of gone)
        log.warning(problem);
    return found.map((route) => membersOf(route, backendsOf(release, namespace, metadata.name)));
}

;// CONCATENATED MODULE: ./src/plan/step.ts


const titles = {
    apply: ({ manifest }) => `Apply ${manifest.object.kind} ${manifest.object.metadata.name}`,
    start: ({ deployment }, { canary }) => `Start ${canary} with ${(0,counted/* counted */.hS)(deployment.spec.replicas ?? 1, 'pod')}`,
    'await-ready': (_, { canary }) => `Wait until ${canary} is ready`,
    'start-watchdog': () => 'Start the watchdog',
    'await-watchdog': () => 'Wait for the watchdog to start',
    'stop-watchdog': () => 'Remove the watchdog',
    smoke: ({ port }, { canary }) => `Smoke tests on ${canary}${port === undefined ? '' : `, port ${port}`}`,
    'point-autoscaler': ({ to }, names) => `Point the autoscaler to ${names[to]}`,
    begin: (_, { stable }) => `All traffic on ${stable}`,
    resize: ({ split }, { canary }) => `Size ${canary} for ${(0,routes_split/* describeSplit */.iO)(split)}`,
    'prepare-routes': (_, { canary }) => `Make the routes ready for ${canary}`,
    shift: ({ split }, { canary }) => `Move ${(0,routes_split/* describeSplit */.iO)(split)} to ${canary}`,
    watch: ({ name }, { canary }) => name === 'bake' ? `Bake: watch ${canary} under all traffic` : `${name}: watch ${canary}`,
    wait: () => 'Wait for approval',
    follow: (_, { canary }) => `Switch the Service to ${canary}`,
    restore: (_, { stable }) => `All traffic on ${stable}`,
    'await-routes': () => 'Wait for the gateway to accept the route',
    'ensure-stable': (_, { stable }) => `Check that ${stable} has enough ready pods`,
    'collect-evidence': (_, { canary }) => `Collect events and logs of ${canary}`,
    drain: () => 'Drain: let connections end',
    'scale-down': ({ side }, names) => `Scale ${names[side]} down`,
    retire: ({ deployment }) => `Scale ${deployment} down, which runs without traffic`,
    replace: (_, { canary }) => `Replace the pods of ${canary}`,
    'take-over': (_, { canary }) => `All traffic on the new pods of ${canary}`,
    confirm: (_, { canary }) => `Check that ${canary} still runs what was released`,
    undo: (_, { stable }) => `Give ${stable} its previous template back`,
    'await-undone': (_, { stable }) => `Wait until ${stable} runs its previous template again`,
    finish: (_, { canary }) => `Record the result: ${canary} is live`,
    settle: ({ outcome }, { stable, canary }) => `Record the result: ${outcome === 'restored' ? stable : canary} stays live`
};
const step_describe = (step, names) => titles[step.kind](step, names);

;// CONCATENATED MODULE: ./src/kubernetes/ownership.ts

const ownership_MANAGER = 'greenlight';
const ownership_LAST_APPLIED = 'f:kubectl.kubernetes.io/last-applied-configuration';
const HELM_RELEASE = 'f:meta.helm.sh/release-name';
const NOT_TAKEN = [
    /^f:spec f:replicas$/,
    /^f:metadata f:(?:annotations|labels) f:greenlight\.dev\//,
    /^f:metadata f:annotations f:kubectl\.kubernetes\.io\/last-applied-configuration$/,
    /^f:metadata f:annotations f:meta\.helm\.sh\//,
    /^f:metadata f:labels f:app\.kubernetes\.io\/managed-by$/
];
const isOurs = ({ manager, operation, subresource = '' }) => manager === ownership_MANAGER && operation === 'Apply' && subresource === '';
function hasApplied({ manager = '', operation, fieldsV1 }) {
    const annotations = fieldsV1?.['f:metadata']?.['f:annotations'];
    if (!(0,kubernetes_tree/* isTree */.x)(annotations))
        return false;
    if (operation === 'Update' && annotations[ownership_LAST_APPLIED] !== undefined)
        return true;
    return annotations[HELM_RELEASE] !== undefined && (operation === 'Update' || manager.startsWith('helm'));
}
function clientEntries(managed) {
    const theirs = managed.filter(({ manager = '' }) => manager !== ownership_MANAGER && !manager.endsWith('-controller'));
    const marked = theirs.filter(hasApplied);
    return theirs.filter((entry) => (entry.subresource ?? '') === '' &&
        marked.some(({ manager, operation }) => manager === entry.manager && operation === entry.operation));
}
function takenFrom({ metadata }, first) {
    const managed = metadata.managedFields ?? [];
    const entries = clientEntries(managed);
    const ours = managed.find(isOurs) ?? first;
    if (entries.length === 0 || ours === undefined)
        return undefined;
    const same = entries.filter(({ apiVersion }) => apiVersion === ours.apiVersion);
    const fields = same.reduce((all, { fieldsV1 = {} }) => united(all, fieldsV1), {});
    return { entries, ours, fields: takeable(fields, []) };
}
const ownership_takeOver = (object) => patchFor(object, takenFrom(object));
function takeOverFirst(object) {
    const { apiVersion } = object;
    const first = { manager: ownership_MANAGER, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1: {} };
    return patchFor(object, takenFrom(object, first));
}
function patchFor({ metadata }, taken) {
    if (taken === undefined)
        return undefined;
    const { entries, ours, fields } = taken;
    const { managedFields = [], resourceVersion } = metadata;
    const others = managedFields.filter((entry) => entry !== ours && !entries.includes(entry));
    const value = [{ ...ours, fieldsV1: united(fields, ours.fieldsV1 ?? {}) }, ...others];
    return [
        { op: 'replace', path: '/metadata/managedFields', value },
        { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion }
    ];
}
function removals(object) {
    const taken = takenFrom(object);
    if (taken === undefined)
        return undefined;
    const others = (object.metadata.managedFields ?? []).filter((entry) => !taken.entries.includes(entry));
    const wanted = others.reduce((all, { fieldsV1 = {} }) => united(all, fieldsV1), {});
    const { apiVersion: _, kind: __, status: ___, metadata, ...parts } = without(object, taken.fields, wanted);
    const { labels = {}, annotations = {} } = metadata;
    const kept = Object.keys(object).filter((key) => !['apiVersion', 'kind', 'status', 'metadata'].includes(key));
    return [
        { op: 'add', path: '/metadata/labels', value: labels },
        { op: 'add', path: '/metadata/annotations', value: annotations },
        ...kept.map((key) => parts[key] === undefined
            ? { op: 'remove', path: `/${key}` }
            : { op: 'add', path: `/${key}`, value: parts[key] })
    ];
}
function united(one, other) {
    const both = Object.entries(other).map(([key, inner]) => {
        const mine = one[key];
        return [key, (0,kubernetes_tree/* isTree */.x)(mine) && (0,kubernetes_tree/* isTree */.x)(inner) ? united(mine, inner) : inner];
    });
    return { ...one, ...Object.fromEntries(both) };
}
function takeable(fields, path) {
    const isLeft = (key) => NOT_TAKEN.some((pattern) => pattern.test([...path, key].join(' ')));
    const holds = Object.keys(fields).some(isLeft);
    return Object.fromEntries(Object.entries(fields).flatMap(([key, inner]) => {
        if (isLeft(key) || (key === '.' && holds))
            return [];
        if (!(0,kubernetes_tree/* isTree */.x)(inner) || Object.keys(inner).length === 0)
            return [[key, inner]];
        const rest = takeable(inner, [...path, key]);
        return Object.keys(rest).length === 0 ? [] : [[key, rest]];
    }));
}
function without(value, owned, wanted) {
    let left = value;
    for (const [key, inner] of Object.entries(owned)) {
        const still = wanted[key];
        if (key === '.' || !(0,kubernetes_tree/* isTree */.x)(inner))
            continue;
        const isWhole = Object.keys(inner).length === 0 || key.startsWith('k:');
        left = replacedAt(left, key, (part) => {
            if ((0,kubernetes_tree/* isTree */.x)(still))
                return without(part, inner, still);
            return isWhole ? undefined : emptied(without(part, inner, {}));
        });
    }
    return left;
}
const emptied = (value) => (0,kubernetes_tree/* isTree */.x)(value) && Object.keys(value).length === 0 ? undefined : value;
function replacedAt(value, key, change) {
    const name = key.slice(2);
    if (key.startsWith('f:')) {
        if (!(0,kubernetes_tree/* isTree */.x)(value) || value[name] === undefined)
            return value;
        const { [name]: part, ...rest } = value;
        const changed = change(part);
        return changed === undefined ? rest : { ...value, [name]: changed };
    }
    if (!Array.isArray(value) || !/^[kv]:/.test(key))
        return value;
    const meant = JSON.parse(name);
    return value.flatMap((item) => {
        if (!isMeant(item, meant))
            return [item];
        const changed = change(item);
        return changed === undefined ? [] : [changed];
    });
}
const isMeant = (item, meant) => (0,kubernetes_tree/* isTree */.x)(meant)
    ? (0,kubernetes_tree/* isTree */.x)(item) && Object.entries(meant).every(([key, one]) => item[key] === one)
    : item === meant;

;// CONCATENATED MODULE: ./src/execute/apply.ts



const apply = (object, cluster) => untilWritten(async () => {
    const applied = await cluster.apply(object, { strict: true }).catch(async (error) => {
        const live = isInvalid(error) ? await cluster.get((0,ref/* refOf */.H8)(object)) : undefined;
        const patch = live && takeOverFirst(live);
        if (patch === undefined)
            throw error;
        await cluster.patch((0,ref/* refOf */.H8)(object), patch);
        return cluster.apply(object, { strict: true });
    });
    const patch = ownership_takeOver(applied);
    if (patch === undefined)
        return applied;
    await cluster.patch((0,ref/* refOf */.H8)(applied), patch);
    return cluster.apply(object, { strict: true });
});

;// CONCATENATED MODULE: ./src/execute/steps/drain.ts





const drain_LEAST = 1000;
async function drain(run, duration, signal) {
    const { clock } = run.ports;
    const since = clock.now();
    const done = new AbortController();
    const ended = AbortSignal.any([signal, done.signal]);
    try {
        const isCutShort = await Promise.race([
            clock.sleep(duration, ended).then(() => false),
            ...(isSelectedByTemplate(run) ? [untilCutShort(run, since + drain_LEAST, ended)] : [])
        ]);
        if (!isCutShort)
            return 'no new traffic in this time';
    }
    finally {
        done.abort();
    }
    const name = `deployment/${run.progress.release.stable.deployment}`;
    run.journal.warnings.push(`${name} was changed by somebody else: its new pods get traffic only when the other version has ended, so that was not drained any longer than ${(0,base_duration/* formatDuration */.a)(clock.now() - since)}`);
    return `cut short: ${name} was changed by somebody else`;
}
const isSelectedByTemplate = ({ traffic, progress: { release } }) => release.stable.slot === 'plain' && kubernetes_workload/* HASH_LABEL */.mE in (traffic.current()[0].spec.selector ?? {});
async function untilCutShort(run, soonest, signal) {
    const { clock } = run.ports;
    await untilServingChanges(run, signal);
    await clock.sleep(Math.max(0, soonest - clock.now()), signal);
    return true;
}
async function untilServingChanges(run, signal) {
    const { namespace, ports } = run;
    const { release } = run.progress;
    const name = release.stable.deployment;
    const live = await ports.cluster.get((0,kubernetes_workload/* deploymentRef */.f8)(namespace, name));
    if (live === undefined)
        return new Promise(() => undefined);
    const known = knownDeployment(run.progress, name);
    if (!isSettled(live) || (known !== undefined && !hasTemplateOf(live, known)))
        return;
    await untilTemplateChanges(run, live, signal);
}

;// CONCATENATED MODULE: ./src/execute/steps/point-autoscaler.ts



async function pointAutoscaler(run, to) {
    const { progress } = run;
    const name = run.initial.autoscaler;
    if (name === undefined)
        return 'there is none';
    const ref = { ...AUTOSCALER, namespace: run.namespace, name };
    try {
        const target = {
            op: 'replace',
            path: '/spec/scaleTargetRef/name',
            value: progress[to].deployment
        };
        progress.autoscaler = await fencedPatch(run, ref, [target], progress.autoscaler);
        return `horizontalpodautoscaler/${name} scales deployment/${progress[to].deployment}`;
    }
    catch (error) {
        if (!(error instanceof errors/* ClusterError */.b$ && error.status === 404))
            throw error;
        return `horizontalpodautoscaler/${name} is gone`;
    }
}

;// CONCATENATED MODULE: ./src/execute/steps/resize.ts










async function resize(run, split, signal) {
    for (;;) {
        const serving = await resize_servingNow(run);
        const size = Math.max(...routeWritersOf(run).map(({ route }) => podsFor(split, serving, route.shareOf)));
        if (size <= run.progress.canary.replicas)
            return `${(0,counted/* counted */.hS)(run.progress.canary.replicas, 'pod')} (old version: ${serving})`;
        await growTo(size, run, signal);
    }
}
async function resize_servingNow(run) {
    const stable = await run.ports.cluster.get((0,kubernetes_workload/* deploymentRef */.f8)(run.namespace, run.progress.stable.deployment));
    return stable === undefined ? run.progress.stable.replicas : wantedReplicas(stable);
}
async function growTo(size, run, signal) {
    const { progress } = run;
    const { deployment: before } = progress;
    const ref = (0,kubernetes_workload/* deploymentRef */.f8)(run.namespace, progress.canary.deployment);
    const canary = await run.ports.cluster.get(ref);
    if (canary === undefined || wantedReplicas(canary) < size) {
        await run.lock.assure();
        const patch = [{ op: 'add', path: '/spec/replicas', value: size }];
        const known = knownDeployment(progress, progress.canary.deployment);
        progress.deployment = await fencedPatch(run, ref, patch, known);
    }
    else
        progress.deployment = canary;
    const change = changed_by_others_changeIn(before ?? progress.deployment, progress.deployment);
    if (change !== undefined)
        throw change;
    const grown = progress.deployment;
    const come = (ended) => awaitReady(grown, run.settings, run.ports, ended);
    const { pods } = await (progress.release.exposed ? inSight(run, come, signal, before) : come(signal));
    progress.pods = pods;
    progress.canary = { ...progress.canary, replicas: size };
}

;// CONCATENATED MODULE: ./src/execute/steps/stray-traffic.ts

async function drainStrayTraffic(run, signal) {
    const { clock } = run.ports;
    const putBack = trafficsOf(run)
        .flatMap(({ foreignWrites }) => foreignWrites)
        .map(({ at, restoredAfter = 0 }) => at + restoredAfter);
    const left = Math.max(...putBack) + drainIn(run) - clock.now();
    if (left <= 0)
        return;
    await clock.sleep(left, signal);
    await run.lock.assure();
}

;// CONCATENATED MODULE: ./src/execute/steps/scale-down.ts











async function scaleDown(run, side, signal) {
    const { progress } = run;
    const { release, stable, canary } = progress;
    const name = progress[side].deployment;
    const isOwn = isUnfinished(release) && name === canary.deployment && name !== stable.deployment;
    const needed = isOwn ? undefined : await neededStill(run, name);
    if (needed !== undefined && !isUnfinished(release) && release.settle === undefined) {
        run.journal.warnings.push(needed);
        return needed;
    }
    if (needed !== undefined)
        throw new errors/* ReleaseFailed */.dN(needed);
    const detail = await scale_down_end(run, name, signal);
    progress[side] = { ...progress[side], replicas: 0 };
    return detail;
}
async function retire(run, name, signal) {
    const needed = await neededStill(run, name);
    if (needed !== undefined)
        throw new errors/* ReleaseFailed */.dN(needed);
    return scale_down_end(run, name, signal);
}
async function neededStill(run, name) {
    const { namespace, traffic } = run;
    const { cluster } = run.ports;
    const [services, deployment] = await Promise.all([
        cluster.list({ apiVersion: 'v1', kind: 'Service', namespace }),
        knownDeployment(run.progress, name) ?? cluster.get((0,kubernetes_workload/* deploymentRef */.f8)(run.namespace, name))
    ]);
    if (deployment === undefined)
        return undefined;
    const others = services.filter(({ metadata }) => metadata.name !== traffic.name);
    const needing = servedOnlyBy(await readNeighbours(others, [deployment], cluster), [deployment]);
    return needing.length === 0 ? undefined : leftFor(name, needing);
}
async function scale_down_end(run, name, signal) {
    await drainStrayTraffic(run, signal);
    const ref = (0,kubernetes_workload/* deploymentRef */.f8)(run.namespace, name);
    try {
        const nobody = [{ op: 'add', path: '/spec/replicas', value: 0 }];
        const deployment = await fencedPatch(run, ref, nobody, knownDeployment(run.progress, name));
        await untilWithoutPods(run, deployment, signal);
        return `deployment/${ref.name} is kept with 0 replicas`;
    }
    catch (error) {
        if (error instanceof errors/* ClusterError */.b$ && error.status === 404)
            return `there is no deployment/${ref.name}`;
        throw error;
    }
}
const hasNoPods = ({ metadata, status }, generation) => (metadata.generation ?? 0) >= generation &&
    (status?.observedGeneration ?? 0) >= generation &&
    (status?.replicas ?? 0) === 0;
async function untilWithoutPods(run, deployment, signal) {
    const { name, generation = 0 } = deployment.metadata;
    const { timeout } = run.settings;
    const late = () => `deployment/${name} still has pods ${(0,base_duration/* formatDuration */.a)(timeout)} after it was scaled to 0`;
    await awaitCondition({
        query: (0,kubernetes_workload/* deploymentAlone */.NY)(deployment),
        known: deployment,
        reached: ([live]) => live === undefined || hasNoPods(live, generation) || undefined,
        limit: { timeout, late }
    }, run.ports, signal);
}

;// CONCATENATED MODULE: ./src/kubernetes/rebase.ts
function rebased(changed, base, live) {
    const { managedFields: _, ...kept } = live.metadata;
    const mapOf = (key) => ({
        [key]: rebasedMap(changed.metadata[key], base?.metadata[key], live.metadata[key])
    });
    return { ...changed, metadata: { ...kept, ...mapOf('labels'), ...mapOf('annotations') } };
}
const rebasedMap = (changed = {}, base = {}, live = {}) => ({
    ...live,
    ...Object.fromEntries(Object.entries(changed).filter(([key]) => live[key] === base[key]))
});

;// CONCATENATED MODULE: ./src/execute/steps/start.ts










async function start_start(run, deployment, base, signal) {
    const { progress } = run;
    if (deployment.metadata.resourceVersion === undefined)
        return make(run, deployment);
    progress.outdated ??= await templatesIn(deployment, run);
    if (progress.outdated.size > 0)
        await drainStrayTraffic(run, signal);
    await run.lock.assure();
    progress.deployment = await run.ports.cluster
        .replace(deployment)
        .catch((error) => unlessOthers(error, deployment, base, run));
    if (base !== undefined && hasTemplateOf(progress.deployment, base))
        progress.outdated = new Set();
    return `deployment/${deployment.metadata.name} updated`;
}
async function make(run, deployment) {
    const { cluster } = run.ports;
    const empty = start_sized(withFence(deployment, run.lock.holder), 0);
    const made = await cluster
        .create(empty)
        .catch((error) => unlessOthers(error, empty, undefined, run));
    await run.lock.confirm();
    const value = wantedReplicas(deployment);
    run.progress.deployment =
        wantedReplicas(made) === value
            ? made
            : await fencedPatch(run, (0,ref/* refOf */.H8)(made), [{ op: 'add', path: '/spec/replicas', value }], made);
    return `deployment/${deployment.metadata.name} created`;
}
const start_sized = (deployment, replicas) => ({
    ...deployment,
    spec: { ...deployment.spec, replicas }
});
async function templatesIn(deployment, { ports, namespace }) {
    const { matchLabels } = deployment.spec.selector;
    const pods = await ports.cluster.list({
        apiVersion: 'v1',
        kind: 'Pod',
        namespace,
        labels: (0,kubernetes_selectors/* printSelector */.vJ)(matchLabels)
    });
    return new Set(pods.filter((pod) => isOwnedBy(deployment, pod)).map(kubernetes_workload/* templateHash */.tv));
}
async function unlessOthers(error, deployment, base, { ports: { cluster }, lock }) {
    if (!isConflict(error))
        throw error;
    const written = await untilWritten(async () => {
        const live = await cluster.get((0,ref/* refOf */.H8)(deployment));
        if (live === undefined)
            return undefined;
        if (base === undefined || !hasSpecOf(live, base)) {
            const wanted = base === undefined ? start_sized(deployment, wantedReplicas(live)) : deployment;
            return (await isAsWanted(live, wanted, cluster)) ? live : undefined;
        }
        await lock.confirm();
        return cluster.replace(rebased(deployment, base, live));
    });
    if (written === undefined)
        throw error;
    return written;
}

;// CONCATENATED MODULE: ./src/execute/watchdog/script.ts
const WATCHDOG_SCRIPT = `
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
`;

;// CONCATENATED MODULE: ./src/execute/watchdog/job.ts



const WATCHDOG_LABEL = 'greenlight.dev/watchdog';
const job_SERVICE_ACCOUNT = 'greenlight-watchdog';
function watchdogJob(watched, { stable, selectors }) {
    const { image, namespace, service, canaryService = '', lease, holder, patience } = watched;
    const followers = Object.entries(watched.followers).map(([name, value]) => `${name} ${job_selecting(value)}`);
    const env = {
        HOME: SCRATCH,
        KUBECONFIG: `${SCRATCH}/kubeconfig`,
        NAMESPACE: namespace,
        LEASE: lease,
        OTHER_LEASES: watched.otherLeases.join(' '),
        HOLDER: holder,
        SELF: `watchdog-of-${holder}`,
        PATIENCE: String(patience),
        SERVICE: service,
        CANARY_SERVICE: canaryService,
        STABLE: stable.deployment,
        TO_STABLE: job_selecting(selectors.stable),
        FOLLOWERS: followers.join('\n')
    };
    const labels = { ...ours/* OURS */.o, [WATCHDOG_LABEL]: service };
    return {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: jobName(holder), namespace, labels },
        spec: {
            backoffLimit: 100,
            ttlSecondsAfterFinished: 3600,
            template: {
                metadata: {
                    labels: { ...labels, 'sidecar.istio.io/inject': 'false' },
                    annotations: { 'linkerd.io/inject': 'disabled' }
                },
                spec: job_podSpec(image, env)
            }
        }
    };
}
const job_selecting = (value) => JSON.stringify([{ op: 'replace', path: '/spec/selector', value }]);
const jobName = (holder) => `greenlight-watchdog-${(0,external_node_crypto_.createHash)('sha256').update(holder).digest('hex').slice(0, 10)}`;
const SCRATCH = '/watchdog';
const job_podSpec = (image, env) => ({
    serviceAccountName: job_SERVICE_ACCOUNT,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    restartPolicy: 'OnFailure',
    terminationGracePeriodSeconds: 1,
    securityContext: {
        runAsNonRoot: true,
        runAsUser: 65534,
        fsGroup: 65534,
        seccompProfile: { type: 'RuntimeDefault' }
    },
    containers: [
        {
            name: 'watchdog',
            image,
            command: ['sh', '-c', WATCHDOG_SCRIPT],
            env: Object.entries(env).map(([name, value]) => ({ name, value })),
            readinessProbe: { exec: { command: ['sh', '-c', '[ -e "$HOME/ready" ]'] }, periodSeconds: 1 },
            resources: {
                requests: { cpu: '10m', memory: '64Mi' },
                limits: { cpu: '500m', memory: '256Mi' }
            },
            securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] }
            },
            volumeMounts: [{ name: 'scratch', mountPath: SCRATCH }]
        }
    ],
    volumes: [{ name: 'scratch', emptyDir: {} }]
});

;// CONCATENATED MODULE: ./src/execute/watchdog/steps.ts








const steps_TIMEOUT = 120_000;
const steps_LOG_LINES = 5;
const steps_labelsOf = ({ traffic }) => `${WATCHDOG_LABEL}=${traffic.name}`;
const steps_jobsOf = (run) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    namespace: run.namespace,
    labels: steps_labelsOf(run)
});
async function startWatchdog(run, image) {
    const { namespace, traffic, companions, lock, routes, ports } = run;
    await stopWatchdog(run);
    const { metadata } = await ports.cluster.create(watchdogJob({
        image,
        namespace,
        service: traffic.name,
        ...(routes.length === 0 ? {} : { canaryService: backendsIn(run).canary }),
        followers: Object.fromEntries(companions.map(({ own }) => [own.name, backendsFor(own, backendsIn(run)).selectors.stable])),
        lease: leaseName(traffic.name),
        otherLeases: [workloadLeaseName(run.workload), ...companions.map(({ own }) => leaseName(own.name))],
        holder: lock.holder,
        patience: LOCK_SECONDS
    }, run.progress.release));
    return `job/${metadata.name}`;
}
async function awaitWatchdog(run, signal) {
    const { namespace, ports } = run;
    const lasting = stopwatch(ports);
    try {
        return await awaitCondition({
            query: { apiVersion: 'v1', kind: 'Pod', namespace, labels: steps_labelsOf(run) },
            reached: (pods) => {
                const trouble = podTrouble(pods, lasting);
                if (trouble !== undefined)
                    throw new errors/* ReleaseFailed */.dN(`${trouble.reason}: ${trouble.message}`);
                const ready = pods.find(isReady);
                return ready === undefined ? undefined : `pod ${ready.metadata.name} watches this run`;
            },
            limit: {
                timeout: Math.min(run.settings.timeout, steps_TIMEOUT),
                late: () => 'it was not ready in time'
            }
        }, ports, signal);
    }
    catch (error) {
        if (!(error instanceof errors/* ReleaseFailed */.dN))
            throw error;
        const words = await steps_lastWords(run).catch(() => []);
        throw new errors/* ReleaseFailed */.dN(['the watchdog does not come up', error.message, ...words].join(': '));
    }
}
async function steps_lastWords(run) {
    const { namespace, ports } = run;
    const { cluster } = ports;
    const [pod] = await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace, labels: steps_labelsOf(run) });
    if (pod === undefined) {
        const [job] = await cluster.list(steps_jobsOf(run));
        const fields = `involvedObject.name=${job?.metadata.name ?? ''}`;
        const events = await cluster.list({ apiVersion: 'v1', kind: 'Event', namespace, fields });
        return events.flatMap(({ type, message = '' }) => (type === 'Warning' ? [message] : [])).slice(-1);
    }
    const restarts = pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
    const target = { namespace, name: pod.metadata.name };
    const text = await cluster.logs(target, 'watchdog', steps_LOG_LINES, restarts > 0);
    return collect_evidence_linesOf(text);
}
async function stopWatchdog(run) {
    const { cluster } = run.ports;
    try {
        const jobs = await cluster.list(steps_jobsOf(run));
        await Promise.all(jobs.map((job) => cluster.remove(steps_withoutVersion(job))));
        return jobs.length === 0 ? 'there is none' : 'removed';
    }
    catch (error) {
        run.journal.warnings.push(`the watchdog could not be removed, and ends by itself: ${(0,errors/* messageOf */.bD)(error)}`);
        return 'it ends by itself';
    }
}
function steps_withoutVersion(object) {
    const { resourceVersion: _, ...metadata } = object.metadata;
    return { ...object, metadata };
}

;// CONCATENATED MODULE: ./src/execute/execute.ts




















async function execute(steps, run, signal) {
    for (const step of steps)
        await perform(step, run, signal);
}
async function perform(step, run, signal) {
    const { clock, log } = run.ports;
    const title = step_describe(step, {
        stable: run.progress.stable.deployment,
        canary: run.progress.canary.deployment
    });
    const startedAt = clock.now();
    const note = (status, detail) => {
        run.journal.timeline.push({ title, startedAt, milliseconds: clock.now() - startedAt, status, detail });
    };
    log.group(title);
    try {
        const attempt = async () => {
            signal.throwIfAborted();
            await run.lock.assure();
            return doers[step.kind](step, run, signal);
        };
        const detail = await throughOutages(attempt, run.ports, signal);
        note('done', detail);
        log.line(detail);
    }
    catch (error) {
        note('failed', error instanceof Error ? error.message : String(error));
        throw error;
    }
    finally {
        log.endGroup();
    }
}
const doers = {
    async apply({ manifest }, run) {
        const { kind, metadata } = await apply(manifest.object, run.ports.cluster);
        return `${kind} ${metadata.name} is as the manifest says`;
    },
    start: ({ deployment, live }, run, signal) => start_start(run, deployment, live, signal),
    async 'await-ready'(_, run, signal) {
        const { progress } = run;
        if (progress.deployment === undefined)
            throw new errors/* ReleaseFailed */.dN('no Deployment was started');
        const awaited = { timeout: run.settings.timeout, outdated: progress.outdated };
        const { pods, hash } = await awaitReady(progress.deployment, awaited, run.ports, signal);
        progress.pods = pods;
        progress.canary = { ...progress.canary, hash };
        return `${pods.length} of ${(0,counted/* counted */.hS)(pods.length, 'pod')} ready, template ${hash}`;
    },
    'start-watchdog': ({ image }, run) => startWatchdog(run, image),
    'await-watchdog': (_, run, signal) => awaitWatchdog(run, signal),
    'stop-watchdog': (_, run) => stopWatchdog(run),
    smoke: (_, run, signal) => smokeCanary(run, signal),
    'point-autoscaler': ({ to }, run) => pointAutoscaler(run, to),
    begin: (_, run) => begin(run),
    resize: ({ split }, run, signal) => resize(run, split, signal),
    'prepare-routes': (_, run, signal) => prepareRoutes(run, signal),
    shift: ({ split, step }, run, signal) => shift(run, split, step, signal),
    watch: ({ name, duration }, run, signal) => watch(run, name, duration, signal),
    wait: (_, run) => wait(run),
    follow: ({ hopeless = false }, run, signal) => follow(run, hopeless, signal),
    restore: (_, run) => restore(run),
    'await-routes': (_, run, signal) => awaitRoutes(run, signal),
    'ensure-stable': (_, run, signal) => ensureStable(run, signal),
    replace: ({ deployment }, run) => replace(run, deployment),
    'take-over': (_, run, signal) => takeOver(run, signal),
    confirm: ({ after }, run) => replace_confirm(run, after),
    undo: (_, run) => undo(run),
    'await-undone': (_, run, signal) => awaitUndone(run, signal),
    'collect-evidence': (_, run) => practiceOf(run).collectEvidence(run),
    drain: ({ duration }, run, signal) => drain(run, duration, signal),
    'scale-down': ({ side }, run, signal) => scaleDown(run, side, signal),
    retire: ({ deployment }, run, signal) => retire(run, deployment, signal),
    finish: ({ settle: selector }, run) => finish(run, selector),
    settle: ({ selector, outcome }, run) => settle(run, selector, outcome)
};

;// CONCATENATED MODULE: ./src/execute/restore.ts







const restore_PAUSE = 1000;
async function restoreWithin(run, patience) {
    const { clock, log } = run.ports;
    let failed = '';
    const late = () => new errors/* ReleaseFailed */.dN(`that did not succeed within ${(0,base_duration/* formatDuration */.a)(patience)}${failed}`);
    await (0,within/* within */.u)({ milliseconds: patience, signal: run.lock.lost, clock, late }, async (stop) => {
        for (;;) {
            try {
                await refreshAll(run);
                await execute(methodOf(run.progress.release).restoring, run, stop);
                return;
            }
            catch (error) {
                stop.throwIfAborted();
                if (error instanceof errors/* TakenOver */.IE || error instanceof errors/* StableCannotServe */.yA)
                    throw error;
                failed = `: ${(0,errors/* messageOf */.bD)(error)}`;
                log.warning(`the traffic is not back yet, trying again${failed}`);
                await clock.sleep(restore_PAUSE, stop);
            }
        }
    });
}
async function refreshAll(run) {
    const readings = await Promise.allSettled(trafficsOf(run).map((traffic) => traffic.refresh()));
    for (const reading of readings)
        if (reading.status === 'rejected' && reading.reason instanceof errors/* TakenOver */.IE)
            throw reading.reason;
}
async function restore_tidy(run, signal) {
    try {
        await execute(methodOf(run.progress.release).planTidy(run.progress.release, drainIn(run)), run, signal);
        return true;
    }
    catch (error) {
        run.journal.warnings.push(`cleaning up is not finished: ${(0,errors/* messageOf */.bD)(error)}; the next run does it first`);
        return false;
    }
}
async function giveUpStable(run) {
    await execute(planStay(run.progress.release), run, new AbortController().signal);
    return `It stays on ${run.progress.canary.deployment}, from which the next release begins`;
}

;// CONCATENATED MODULE: ./src/commands/recover.ts











const TRIES = 5;
async function recover(left, lock, invocation, tries = TRIES) {
    const { cluster, log } = invocation.ports;
    try {
        return await recoverOnce(left, lock, invocation);
    }
    catch (error) {
        if (!(error instanceof errors/* TakenOver */.IE) || tries === 0)
            throw error;
        await lock.confirmUnbroken();
        const live = await cluster.get((0,ref/* refOf */.H8)(left.service));
        if (live === undefined)
            throw error;
        const record = asFoundNow(live, left.record);
        if (!isUnfinished(record))
            throw error;
        log.warning(`the record of release ${record.id} was written meanwhile: looking again`);
        return recover({ ...left, service: live, record }, lock, invocation, tries - 1);
    }
}
function asFoundNow(live, release) {
    try {
        const now = readRecord(live);
        return now !== undefined && isSameRelease(now, release) ? now : release;
    }
    catch {
        return release;
    }
}
const isSameRelease = (now, release) => now.id === release.id &&
    now.stable.deployment === release.stable.deployment &&
    now.canary.deployment === release.canary.deployment &&
    now.autoscaler === release.autoscaler;
async function recoverOnce({ service, companions, workload, record: release }, lock, { ports, inputs }) {
    const routes = await routesOf(release, service, ports);
    const run = beginRun({
        service,
        companions,
        routes,
        workload,
        release,
        begun: true,
        lock
    }, ports, inputs);
    ports.log.warning(`release ${release.id} ${recover_stateOf(release)} (${release.run ?? 'run unknown'})`);
    const ended = new AbortController();
    for (const traffic of trafficsOf(run))
        traffic.guard(ended.signal);
    try {
        if (await isAsGoodAsPromoted(run))
            await execute(planPromotion(rest(run), release), run, lock.lost);
        else
            await recover_undo(run);
    }
    finally {
        ended.abort();
    }
    return run;
}
const rest = (run) => ({ previous: 'scale-down', bake: 0, drain: drainIn(run) });
const isAsGoodAsPromoted = async (run) => run.progress.release.phase === 'promoting' && (await readyPods(run, 'canary')).length > 0;
function recover_stateOf({ phase }) {
    if (phase === 'waiting')
        return 'waits for approval: stable is put back';
    return phase === 'promoting'
        ? 'was left when its version had all traffic already: it is finished'
        : 'was left unfinished: stable is put back first';
}
async function recover_undo(run) {
    try {
        await execute(methodOf(run.progress.release).restoring, run, run.lock.lost);
        await restore_tidy(run, run.lock.lost);
    }
    catch (error) {
        if (!(error instanceof errors/* StableCannotServe */.yA) || run.progress.release.weight !== 100)
            throw error;
        run.ports.log.warning(`${error.message}. ${await giveUpStable(run)}`);
    }
}

;// CONCATENATED MODULE: ./src/commands/retire-versions.ts




async function retireVersions(versions, { service, stable, workload, record }, lock, { ports, inputs, signal }) {
    const routes = await routesOf(record, service, ports);
    const beginning = { service, routes, stable: stable.deployment, workload, begun: true, lock };
    const runs = versions.map((canary) => beginRun({ ...beginning, release: { ...record, canary } }, ports, inputs));
    for (const [at, run] of runs.entries()) {
        const drain = at === 0 ? drainIn(run) : 0;
        await execute(planRetirement(drain), run, AbortSignal.any([signal, lock.lost]));
    }
    return runs;
}

;// CONCATENATED MODULE: ./src/plan/rollback.ts















function prepareRollback(observed, { version, live, replicaSet }, origin) {
    const free = placeFor(version, observed);
    const source = { ...live, spec: { ...live.spec, template: replicaSet.spec.template } };
    const there = observed.slots[free.slot];
    const leftover = leftoverOf(observed, free.name, origin.startedAt);
    const lingering = leftover.hasRecentUsers ? there : undefined;
    const isItself = lingering !== undefined && hasTemplateOf(lingering, inSlot(source, free, there));
    const placement = isItself ? notBelow(lingering, free) : free;
    const canary = inSlot(source, placement, there);
    const hash = placement.name === version.deployment ? version.hash : '';
    const selectors = selectorsOf(observed, placement, hash);
    const autoscaler = followingAutoscaler(observed, placement.name);
    const placed = { ...version, ...placedIn(placement), hash };
    const begun = beginRelease(origin, observed, { command: 'rollback', canary: placed, selectors, autoscaler });
    const followers = followersOf(observed, canary, selectors);
    const labels = changingLabels(observed, canary, selectors);
    const release = { ...begun, ...exposedBy(leftover), ...recorded(followers), ...labels };
    const { routes, services } = prepareRouting(observed, release, ALL_AT_ONCE, canary);
    const settled = (0,kubernetes_selectors/* withoutKeys */.Pe)(selectors.canary, kubernetes_workload/* HASH_LABEL */.mE);
    return {
        canary,
        live: there,
        release,
        routes,
        manifests: services,
        hasRecentUsers: lingering !== undefined && wantedReplicas(lingering) > 0 && !isItself,
        settled: placement.slot === 'plain' ? settled : undefined,
        faults: [
            ...slotFaults(observed, placement.name),
            ...labelFaults(canary, settled, observed.service),
            ...portFaults([observed.service, ...observed.companions], canary, observed),
            ...followers.faults
        ]
    };
}
const notBelow = (there, placement) => ({
    ...placement,
    replicas: Math.max(placement.replicas, wantedReplicas(there))
});
function placeFor({ slot, deployment }, observed) {
    const other = placement_placementOf(observed);
    return deployment === observed.stable.deployment.metadata.name
        ? other
        : { ...other, slot: slot, name: deployment };
}
const placedIn = ({ slot, name, replicas }) => ({
    slot,
    deployment: name,
    replicas
});
function planRollback({ canary, live, manifests, previous, settled, drain, hasRecentUsers }, release) {
    const keeps = previous === 'keep' && settled === undefined;
    return [
        { kind: 'begin' },
        ...(hasRecentUsers ? [{ kind: 'drain', duration: drain }] : []),
        ...manifests.map((manifest) => ({ kind: 'apply', manifest })),
        { kind: 'start', deployment: canary, live },
        { kind: 'await-ready' },
        ...(hasRoutes(release) ? [{ kind: 'prepare-routes' }] : []),
        ...(release.autoscaler === undefined
            ? []
            : [{ kind: 'resize', split: routes_split/* EVERYBODY */.iS }, { kind: 'point-autoscaler', to: 'canary' }]),
        { kind: 'shift', split: routes_split/* EVERYBODY */.iS, step: 0 },
        ...planFollow(release),
        { kind: 'finish', ...(settled === undefined ? {} : { settle: settled }) },
        ...(keeps
            ? []
            : [{ kind: 'drain', duration: drain }, { kind: 'scale-down', side: 'stable' }]),
        ...(settled === undefined ? [] : [{ kind: 'settle', selector: settled, outcome: 'kept' }])
    ];
}
const planSettle = (selector) => [
    { kind: 'drain', duration: DRAIN },
    { kind: 'scale-down', side: 'canary' },
    { kind: 'settle', selector, outcome: 'kept' }
];

;// CONCATENATED MODULE: ./src/commands/settle-down.ts



async function settleDown({ service, companions, workload, record }, lock, { ports, inputs }) {
    const beginning = { service, companions, routes: [], workload, release: record, begun: true, lock };
    const run = beginRun(beginning, ports, inputs);
    await execute(planSettle(record.settle ?? {}), run, lock.lost);
    return run;
}

;// CONCATENATED MODULE: ./src/commands/recover-own.ts











async function recoverOwn(own) {
    const { log } = own.ports;
    const invocation = { ...own, signal: new AbortController().signal };
    try {
        return await throughOutages(() => finishOwn(invocation), own.ports, invocation.signal);
    }
    catch (error) {
        if (!(error instanceof LockedError))
            throw error;
        log.line(`what this run has left is undone by the one that has taken over: ${error.message}`);
        return undefined;
    }
}
async function finishOwn(invocation) {
    const seen = await observe(invocation.target, invocation.ports);
    if (leftOf(seen, invocation) === undefined)
        return undefined;
    return exclusively(invocation, seen, [], async (observed, lock) => {
        const { record } = observed;
        const left = leftOf(observed, invocation);
        if (record === undefined || left === undefined)
            return undefined;
        const found = { ...observed, record };
        const run = left === 'undo' ? await recover(found, lock, invocation) : undefined;
        if (left === 'retire')
            await retireVersions(replacedIn(observed), found, lock, invocation);
        if (left === 'settle')
            await settleDown(found, lock, invocation);
        const { id, stable, canary } = record;
        if (run === undefined)
            return `Release ${id} was finished: ${stable.deployment} has all traffic, ${canary.deployment} is scaled down.`;
        const untidy = untidied(run);
        return untidy === undefined
            ? `Release ${id} was ${practiceOf(run).recovered(run)}.`
            : `Release ${id} was undone: ${stable.deployment} has all traffic. Cleaning up is not finished: ${untidy}; the next run does it first.`;
    });
}
function leftOf(observed, { origin: { release, holder }, inputs: { previous } }) {
    const { record } = observed;
    if (record === undefined || record.phase === 'waiting')
        return undefined;
    if (record.holder === undefined ? record.id !== release : record.holder !== holder)
        return undefined;
    if (inRelease(observed) !== undefined)
        return 'undo';
    if (record.settle !== undefined)
        return 'settle';
    return previous === 'scale-down' && replacedIn(observed).length > 0 ? 'retire' : undefined;
}
const replacedIn = (observed) => retirable(observed).versions.filter(({ deployment }) => deployment === observed.record?.canary.deployment);

;// CONCATENATED MODULE: ./src/commands/target.ts

const target_targetOf = ({ inputs, namespace, manifests }) => ({
    namespace,
    workload: inputs.workload ?? onlyDeployment(manifests),
    services: inputs.route.filter(({ kind }) => kind === 'service').map(({ name }) => name),
    routes: inputs.route.filter(({ kind }) => kind !== 'service')
});
function onlyDeployment(manifests) {
    const names = manifests
        .filter(({ object }) => object.kind === 'Deployment')
        .map(({ object }) => object.metadata.name);
    const workloads = [...new Set(names.map((name) => name.replace(/-(blue|green)$/, '')))];
    const [only, another] = workloads;
    if (only !== undefined && another === undefined)
        return only;
    const what = only === undefined
        ? 'the manifests hold no Deployment'
        : `the manifests hold ${workloads.length} Deployments (${workloads.join(', ')})`;
    throw new errors/* InputError */.dz([
        { input: 'workload', problem: `${what}, so it has to be named`, example: `workload: ${only ?? 'web'}` }
    ]);
}

// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: ./node_modules/@actions/glob/lib/glob.js + 17 modules
var glob = __webpack_require__(2377);
;// CONCATENATED MODULE: ./src/kubernetes/yaml-tags.ts
const tagged = (name) => `tag:yaml.org,2002:${name}`;
const scalar = (name, test, resolve) => ({
    tag: tagged(name),
    default: test !== undefined,
    ...(test === undefined ? {} : { test }),
    resolve
});
const MAY_BE_NUMBER = /^[-+.0-9][-+.0-9A-Za-z_]*$/;
const yaml_tags_KNOWN = [
    scalar('null', /^(?:~|null|Null|NULL)?$/, () => null),
    scalar('bool', /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
    scalar('bool', /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
    scalar('int', MAY_BE_NUMBER, numberOrText),
    scalar('float', MAY_BE_NUMBER, numberOrText),
    scalar('timestamp', undefined, (text) => text),
    scalar('binary', undefined, (text) => Buffer.from(text, 'base64').toString()),
    { tag: tagged('set'), collection: 'map', default: false, resolve: (map) => map },
    { tag: tagged('omap'), collection: 'seq', default: false, resolve: (list) => list },
    { tag: tagged('pairs'), collection: 'seq', default: false, resolve: (list) => list }
];
const REPLACED = new Set(yaml_tags_KNOWN.map((tag) => (typeof tag === 'string' ? tag : tag.tag)));
const kubernetesTags = (tags) => [
    ...tags.filter((tag) => typeof tag === 'string' || !REPLACED.has(tag.tag)),
    ...yaml_tags_KNOWN
];
const BASES = { x: 16, o: 8, b: 2, '': 8 };
const PREFIXED = /^([-+]?)0([xXoObB]?)([0-9a-fA-F]+)$/;
const DECIMAL = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const SPECIAL = {
    '.inf': Infinity,
    '+.inf': Infinity,
    '-.inf': -Infinity,
    '.nan': NaN
};
function numberOrText(text) {
    const special = /^[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)$/.test(text) ? SPECIAL[text.toLowerCase()] : undefined;
    if (special !== undefined)
        return special;
    const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
    const [, sign = '', prefix = '', digits = ''] = PREFIXED.exec(plain) ?? [];
    const whole = digits === '' ? undefined : inBase(digits, BASES[prefix.toLowerCase()] ?? 10);
    if (whole !== undefined)
        return sign === '-' ? -whole : whole;
    const value = DECIMAL.test(plain) ? Number(plain) : NaN;
    return Number.isFinite(value) ? value : text;
}
const inBase = (digits, base) => Array.from(digits).every((digit) => parseInt(digit, 16) < base) ? parseInt(digits, base) : undefined;

;// CONCATENATED MODULE: ./src/kubernetes/yaml.ts



function parseYaml(text) {
    const plain = text.replaceAll(/^\uFEFF/gm, '');
    return (jsonObjects(plain) ?? [{ text: plain, line: 1 }]).flatMap(parsePart);
}
function parsePart({ text, line }) {
    const lines = new dist/* LineCounter */.HN();
    const at = (offset) => lines.linePos(offset).line + line - 1;
    try {
        const documents = (0,dist/* parseAllDocuments */.hR)(text, {
            version: '1.1',
            customTags: kubernetesTags,
            lineCounter: lines,
            logLevel: 'error'
        });
        return [...documents].map((document) => yaml_read(document, at));
    }
    catch (error) {
        return [{ line, problem: withoutText((0,errors/* messageOf */.bD)(error)) }];
    }
}
const TOO_DEEP = 'it is nested too deeply';
const TOO_MUCH = 'it is too much for one object, aliases counted as what they stand for';
const DEEPEST = 500;
const MOST_VALUES = 1_000_000;
const MOST_ALIASES = 10_000;
function yaml_read(document, at) {
    const [error] = document.errors;
    if (error !== undefined)
        return { line: at(error.pos[0]), problem: withoutText(error.message) };
    const line = at(document.contents?.range?.[0] ?? 0);
    try {
        const wrong = whatJsonHasNot(document);
        if (wrong !== undefined)
            return { line: at(wrong.node.range?.[0] ?? 0), problem: wrong.problem };
        const value = document.toJS({ maxAliasCount: MOST_ALIASES });
        const excess = excessOf(value);
        return excess === undefined ? { line, value } : { line, problem: excess };
    }
    catch (error) {
        return { line, problem: withoutText((0,errors/* messageOf */.bD)(error)) };
    }
}
function excessOf(value) {
    const waiting = [{ value, depth: 0 }];
    let count = 0;
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        if ((count += 1) > MOST_VALUES)
            return TOO_MUCH;
        const { depth } = next;
        if (depth > DEEPEST)
            return TOO_DEEP;
        if (typeof next.value !== 'object' || next.value === null)
            continue;
        for (const inner of Object.values(next.value))
            waiting.push({ value: inner, depth: depth + 1 });
    }
    return undefined;
}
const CUT_SHORT = 'it has a whole number of more than 53 bits, of which the last digits would be lost; is it a text?';
const isCutShort = (value, source = '') => Number.isInteger(value) &&
    !Number.isSafeInteger(value) &&
    Math.abs(value) <= 2 ** 63 &&
    /^[-+]?(?:[0-9_]+|0[xob][0-9a-f_]+)$/i.test(source);
function whatJsonHasNot(document) {
    let found;
    const stop = (node, problem) => {
        found = { node, problem };
        return dist/* visit */.YR.BREAK;
    };
    (0,dist/* visit */.YR)(document, {
        Scalar: (_, node) => {
            if (typeof node.value !== 'number')
                return undefined;
            if (!Number.isFinite(node.value))
                return stop(node, 'it has a number that is infinite or none');
            return isCutShort(node.value, node.source) ? stop(node, CUT_SHORT) : undefined;
        },
        Pair: (_, { key }) => (0,dist/* isCollection */.P3)(key) || ((0,dist/* isScalar */.jn)(key) && key.value === null)
            ? stop(key, 'a key must be a text, not nothing, a list or a map; was this template rendered?')
            : undefined
    });
    return found;
}
const withoutText = (message) => message.startsWith('Maximum call stack')
    ? TOO_DEEP
    : (message.split('\n')[0] ?? '').replace(/^(Unresolved alias .*\)|Block scalar header .* characters): .*?( at line \d.*)?$/, '$1$2');
function jsonObjects(text) {
    if (!/^\s*\{/.test(text))
        return undefined;
    const parts = [];
    let line = 1;
    for (let begin = 0; begin < text.length;) {
        const end = endOfObject(text, begin);
        const part = text.slice(begin, end);
        if (part.trim() !== '') {
            if (!isJson(part))
                return undefined;
            parts.push({ text: part, line });
        }
        line += part.split('\n').length - 1;
        begin = end;
    }
    return parts.length > 1 ? parts : undefined;
}
function endOfObject(text, begin) {
    let depth = 0;
    const tokens = /"(?:[^"\\]|\\.)*"|[{}]/gs;
    tokens.lastIndex = begin;
    for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
        if (token[0] === '{')
            depth += 1;
        if (token[0] === '}' && (depth -= 1) <= 0)
            return tokens.lastIndex;
    }
    return text.length;
}
function isJson(text) {
    try {
        JSON.parse(text);
        return true;
    }
    catch {
        return false;
    }
}

;// CONCATENATED MODULE: ./src/kubernetes/manifests.ts




function parseManifests(text, file) {
    const parsed = parseYaml(text).map((document) => {
        const source = `${file}, line ${document.line}`;
        return 'problem' in document ? fault(`${source}: ${document.problem}`) : unfold(document.value, source);
    });
    return manifests_all(parsed);
}
const manifests_all = (parts) => ({
    manifests: parts.flatMap(({ manifests }) => manifests),
    faults: parts.flatMap(({ faults }) => faults)
});
function unfold(value, source) {
    if (value === null || value === undefined)
        return manifests_all([]);
    if (!(0,kubernetes_tree/* isTree */.x)(value))
        return fault(`${source}: this is not a Kubernetes object`);
    const items = manifests_itemsOf(value);
    if (items !== undefined)
        return manifests_all(items.map((item, index) => unfold(typed(item, value), `${source}, item ${index + 1}`)));
    const object = manifests_named(withoutEmptyNamespace(withoutNulls(value)));
    const problem = nameless(object);
    if (problem !== undefined)
        return fault(`${source}: ${problem}`);
    return { manifests: [{ object: object, source }], faults: [] };
}
function manifests_itemsOf({ kind, items, metadata }) {
    if (typeof kind !== 'string' || !kind.endsWith('List'))
        return undefined;
    if (Array.isArray(items))
        return items;
    return (items ?? undefined) === undefined && !((0,kubernetes_tree/* isTree */.x)(metadata) && 'name' in metadata) ? [] : undefined;
}
function typed(item, { apiVersion, kind }) {
    if (kind === 'List' || typeof kind !== 'string' || !(0,kubernetes_tree/* isTree */.x)(item))
        return item;
    const own = kind.slice(0, -'List'.length);
    return { ...item, apiVersion: item.apiVersion ?? apiVersion, kind: item.kind ?? own };
}
function withoutEmptyNamespace(object) {
    if (!(0,kubernetes_tree/* isTree */.x)(object.metadata) || object.metadata.namespace !== '')
        return object;
    const { namespace: _, ...metadata } = object.metadata;
    return { ...object, metadata };
}
function manifests_named(object) {
    const metadata = (0,kubernetes_tree/* isTree */.x)(object.metadata) ? object.metadata : {};
    const { name, generateName, annotations } = metadata;
    const isHook = (0,kubernetes_tree/* isTree */.x)(annotations) && (HELM_HOOK in annotations || ARGO_HOOK in annotations);
    if (!isHook || name !== undefined || typeof generateName !== 'string')
        return object;
    return { ...object, metadata: { ...metadata, name: generateName } };
}
function nameless({ apiVersion, kind, metadata }) {
    if (typeof apiVersion !== 'string')
        return lacks('object', 'apiVersion', apiVersion ?? undefined);
    if (typeof kind !== 'string')
        return lacks('object', 'kind', kind ?? undefined);
    const { name, namespace } = (0,kubernetes_tree/* isTree */.x)(metadata) ? metadata : {};
    if (typeof name !== 'string')
        return lacks(kind, 'metadata.name', name);
    if (namespace === undefined || typeof namespace === 'string')
        return undefined;
    return lacks(kind, 'metadata.namespace', namespace);
}
function lacks(what, field, value) {
    if (value === undefined)
        return `the ${what} has no ${field}`;
    const scalar = typeof value === 'number' || typeof value === 'boolean' ? `${typeof value} ${String(value)}` : '';
    return `${field} of the ${what} is ${scalar === '' ? 'no text' : `the ${scalar}, not a text; it needs quotes`}`;
}
const fault = (problem) => ({
    manifests: [],
    faults: [{ input: 'manifests', problem, example: 'rendered YAML, as `kubectl apply -f` takes it' }]
});

;// CONCATENATED MODULE: ./src/inputs/manifest-files.ts






const isManifest = (path) => /\.(ya?ml|json)$/i.test(path);
async function manifest_files_matches(patterns) {
    const globber = await (0,glob/* create */.v)(patterns.join('\n'), { matchDirectories: false });
    return (await globber.glob()).filter(isManifest);
}
async function readManifests(patterns) {
    const excluded = patterns.filter((pattern) => pattern.startsWith('!'));
    const included = patterns.filter((pattern) => !pattern.startsWith('!'));
    const found = await Promise.all(included.map((pattern) => manifest_files_matches([pattern, ...excluded])));
    const faults = included.flatMap((pattern, index) => (found[index]?.length === 0 ? [noFile(pattern)] : []));
    const files = [...new Set(found.flat())];
    const parsed = [];
    for (const file of files)
        parsed.push(await parseFile(file));
    const all = [...faults, ...parsed.flatMap((part) => part.faults)];
    (0,errors/* refuse */.TR)(all);
    return parsed.flatMap(({ manifests }) => manifests);
}
function decode(bytes) {
    const [first, second] = bytes;
    const isWide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
    const encoding = isWide ? (first === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8';
    try {
        const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
        return text.includes('\0') ? undefined : text;
    }
    catch {
        return undefined;
    }
}
const noText = (file) => ({
    input: 'manifests',
    problem: `${file} is neither text in UTF-8 nor in UTF-16 with its mark, and kubectl would refuse it as well`,
    example: `iconv --from-code latin1 --to-code utf-8, with the encoding that it has`
});
const LARGEST_FILE = 32 * 1024 * 1024;
async function parseFile(path) {
    const name = (0,external_node_path_.relative)(process.cwd(), path);
    const content = await manifest_files_contentOf(path);
    if ('problem' in content)
        return { manifests: [], faults: [{ input: 'manifests', problem: `${name} ${content.problem}` }] };
    const text = decode(content.bytes);
    return text === undefined ? { manifests: [], faults: [noText(name)] } : parseManifests(text, name);
}
async function manifest_files_contentOf(path) {
    const real = await (0,promises_.realpath)(path).catch(() => undefined);
    if (real === undefined)
        return { problem: 'is a link to nothing' };
    if (await leadsOut(path, real))
        return { problem: 'is a link that leads out of the workspace' };
    const file = await (0,promises_.open)(real, external_node_fs_.constants.O_RDONLY | external_node_fs_.constants.O_NONBLOCK);
    try {
        const { size } = await file.stat().then((stats) => (stats.isFile() ? stats : { size: undefined }));
        if (size === undefined)
            return { problem: 'is no regular file' };
        if (size > LARGEST_FILE)
            return { problem: `has ${size} bytes; manifests of up to 32 MB are read` };
        return { bytes: await file.readFile() };
    }
    finally {
        await file.close();
    }
}
async function leadsOut(path, real) {
    const workspace = await (0,promises_.realpath)(process.cwd());
    const isWithin = (one) => {
        const way = (0,external_node_path_.relative)(workspace, one);
        return !(0,external_node_path_.isAbsolute)(way) && way !== '..' && !way.startsWith('../');
    };
    return isWithin(path) && !isWithin(real);
}
const noFile = (pattern) => ({
    input: 'manifests',
    problem: `${pattern} names no .yaml, .yml or .json file below ${process.cwd()}; is actions/checkout before this step?`,
    example: 'manifests: k8s/*.yaml'
});

// EXTERNAL MODULE: ./src/domain/empty-outcome.ts
var empty_outcome = __webpack_require__(7628);
;// CONCATENATED MODULE: ./src/report/traffic-facts.ts





function factsOf(observed) {
    const { record, slots, autoscaler } = observed;
    return [
        record !== undefined && isUnfinished(record) ? trafficIn(record, observed) : traffic(observed),
        ...Object.values(slots).map(({ metadata, spec }) => `deployment/${metadata.name}: ${(0,counted/* counted */.hS)(spec.replicas ?? 1, 'replica')}, ${spec.template.spec.containers.map(({ image }) => image ?? '').join(', ')}`),
        ...(autoscaler === undefined
            ? []
            : [
                `horizontalpodautoscaler/${autoscaler.metadata.name} scales deployment/${autoscaler.spec.scaleTargetRef.name}`
            ])
    ];
}
function readyOfServing({ record, slots, stable }) {
    const canary = record?.weight === 100 ? slots[record.canary.slot] : undefined;
    return readyReplicas(canary ?? stable.deployment);
}
const traffic_facts_describePods = (deployment, hash) => `deployment/${deployment.metadata.name}: ${readyReplicas(deployment)} of ${(0,counted/* counted */.hS)(wantedReplicas(deployment), 'pod')} ready` +
    (hash === '' ? '' : `, template ${hash}`);
const traffic = ({ service, stable }) => `service/${service.metadata.name} sends all traffic to ${traffic_facts_describePods(stable.deployment, stable.hash)}`;
function trafficIn(record, observed) {
    const { stable, canary, routes = [] } = record;
    const split = splitOf(record);
    const ways = routes.length > 0 ? routes.map(inputs_route/* printRoute */.H).join(', ') : `service/${observed.service.metadata.name}`;
    const sends = `${ways} ${routes.length > 1 ? 'send' : 'sends'}`;
    if (stable.deployment === canary.deployment)
        return `${sends} all traffic to ${traffic_facts_podsOf(canary, observed)}${split.weight === 100 ? '' : ', whose pods are being replaced'}`;
    if (split.weight === 100)
        return `${sends} all traffic to ${traffic_facts_podsOf(canary, observed)}; the way back is ${traffic_facts_podsOf(stable, observed)}`;
    if ((0,routes_split/* isNobody */.uP)(split))
        return `${sends} all traffic to ${traffic_facts_podsOf(stable, observed)}`;
    return `${sends} ${(0,routes_split/* describeSplit */.iO)(split)} to ${traffic_facts_podsOf(canary, observed)}, and everything else to ${traffic_facts_podsOf(stable, observed)}`;
}
function traffic_facts_podsOf({ slot, deployment, hash }, { slots }) {
    const live = slots[slot];
    return live === undefined ? `deployment/${deployment}, which is gone` : traffic_facts_describePods(live, hash);
}

// EXTERNAL MODULE: ./src/report/verdict.ts
var verdict = __webpack_require__(687);
;// CONCATENATED MODULE: ./src/commands/outcome-of.ts











function lookedAt(observed, { inputs, origin, ports }) {
    const { slot, deployment, hash } = observed.stable;
    return {
        ...(0,empty_outcome/* emptyOutcome */.w)(inputs.command, origin, ports.clock.now()),
        result: 'unchanged',
        namespace: observed.namespace,
        workload: observed.workload,
        route: [observed.service, ...observed.companions]
            .map(({ metadata }) => `service/${metadata.name}`)
            .join(', '),
        serving: versionOf(slot, deployment, hash),
        ready: readyReplicas(deployment)
    };
}
const underWay = (record, observed) => ({
    ...(record.weight === 100 ? { serving: record.canary, ready: readyOfServing(observed) } : {}),
    canary: record.canary,
    weight: record.weight,
    shareOf: hasRoutes(record) ? 'requests' : 'connections',
    ...(hasRoutes(record) ? { route: record.routes.map(inputs_route/* printRoute */.H).join(', ') } : {}),
    shifts: record.shiftedAt === undefined ? [] : [{ at: Date.parse(record.shiftedAt), split: splitOf(record) }]
});
function outcomeOf(run, ending, { inputs, origin, ports }) {
    const { canary, stable, ready, release, gap } = run.progress;
    const serving = hasCanaryTheTraffic(run.progress) ? canary : stable;
    return {
        ...(0,empty_outcome/* emptyOutcome */.w)(inputs.command, origin, ports.clock.now()),
        result: ending.result,
        reason: ending.reason,
        namespace: run.namespace,
        workload: run.workload,
        route: [...routeWritersOf(run), ...(run.routes.length > 0 ? [] : run.companions)]
            .map(({ traffic }) => traffic.title)
            .join(', '),
        serving,
        ...(serving === stable && ready !== undefined ? { ready } : {}),
        canary,
        ...previousOf(run.progress, serving),
        weight: serving === canary ? 100 : isUnfinished(release) ? release.weight : 0,
        shareOf: run.routes.length > 0 ? 'requests' : 'connections',
        ...run.journal,
        ...toldBy(ending),
        ...(gap === undefined ? {} : { gapSeconds: gap / 1000 }),
        foreignWrites: trafficsOf(run).flatMap(({ foreignWrites }) => foreignWrites),
        ...(run.initial.sha === undefined ? {} : { commit: run.initial.sha }),
        next: [...ending.next, ...outcome_of_nextSteps(run, ending, serving)]
    };
}
function toldBy(ending) {
    const { failedCheck, restoreSeconds, unexposed, returning, unsettled } = ending;
    return {
        ...(failedCheck === undefined ? {} : { failedCheck }),
        ...(unsettled === true ? { unsettled } : {}),
        ...(restoreSeconds === undefined ? {} : { restoreSeconds }),
        ...(unexposed === true ? { unexposed } : {}),
        ...(returning === true ? { returning } : {})
    };
}
function previousOf({ stable, release }, serving) {
    if (serving !== stable)
        return { previous: stable };
    if (release.previous === undefined)
        return {};
    const { strategy: _, ...previous } = release.previous;
    return { previous: { ...previous, replicas: 0 } };
}
const hasCanaryTheTraffic = ({ release, canary }) => isUnfinished(release)
    ? release.weight === 100
    : release.stable.deployment === canary.deployment && release.stable.hash === canary.hash;
function oldVersion({ stable, canary }) {
    const images = stable.images.join(', ');
    return images === canary.images.join(', ') && stable.hash !== ''
        ? `the template of before, ${stable.hash} (${images} too; what differs is its config or other fields)`
        : images;
}
function withoutData({ settings, journal: { measurements } }, { failedCheck = '' }) {
    if (!(0,verdict/* lacksData */.RU)({ measurements, failedCheck }))
        return [];
    const hasLoad = settings.smokeTests.some(({ kind }) => kind === 'load');
    const load = 'give it some before the switch by a load line in smoke-tests (GET / at 20/s for 2m -> 200), or ';
    return [
        `That there was no data says nothing of the version. Is it scraped? Should nobody have sent it requests, ${hasLoad ? '' : load}let the release wait for data (on-no-data: wait, up to no-data-timeout).`
    ];
}
function outcome_of_nextSteps(run, ending, serving) {
    const { namespace } = run;
    const { canary, release, ready } = run.progress;
    const { result, returning } = ending;
    if (returning === true)
        return [
            `The pods of ${serving.images.join(', ')} come back by themselves: ${sh `kubectl -n ${namespace} rollout status deployment/${serving.deployment}`}`
        ];
    if (result === 'promoted')
        return [`To go back to ${oldVersion(run.progress)}: run the rollback workflow (command: rollback).`];
    if (result === 'waiting')
        return [
            `To go on: run the workflow with command: promote. To put ${oldVersion(run.progress)} back: command: abort.`,
            `Until then nobody watches: ${(0,routes_split/* describeSplit */.iO)(splitOf(release))} stays on ${canary.deployment}.`
        ];
    if (result === 'rolled-back' && release.command === 'deploy') {
        const read = `Read the ${ending.failedCheck === undefined ? 'reason above' : 'failing check'} and the log below`;
        return [
            ready === 0
                ? `Urgent: nobody serves, because no pod of ${serving.deployment} (${serving.images.join(', ')}) is ready: ${sh `kubectl -n ${namespace} describe deployment/${serving.deployment}`}, or scale it up if it is scaled down.`
                : `No action needed: ${serving.images.join(', ')} serves all users.`,
            ...((0,kubernetes_selectors/* selects */.ko)(release.selectors.before, { ...release.selectors.canary })
                ? [`${read}.`]
                : [
                    `${read}, or start one pod of it by hand, which gets no traffic: ${sh `kubectl -n ${namespace} scale deployment/${canary.deployment} --replicas=1`}`
                ]),
            ...withoutData(run, ending),
            'Fix it and push again: the next run releases it from the start.'
        ];
    }
    return [];
}

;// CONCATENATED MODULE: ./src/commands/abort.ts








async function abort(invocation) {
    const { target, origin, ports } = invocation;
    const seen = await observe(target, ports);
    const needs = [...(await needsToEnd(unlessEnded(seen), ports)), ...TEMPLATE_NEEDS];
    return exclusively(invocation, seen, needs, async (observed, lock) => {
        const left = unlessEnded(observed);
        const run = await recover(left, lock, invocation);
        const wasPromoted = run.progress.release.phase === 'promoted';
        const reason = wasPromoted
            ? `release ${left.record.id} had passed and all traffic was on its version: it was finished`
            : `release ${left.record.id} was aborted${origin.actor === undefined ? '' : ` by ${origin.actor}`}`;
        const result = wasPromoted ? 'promoted' : 'aborted';
        return outcomeOf(run, { result, reason, next: [] }, invocation);
    });
}
function unlessEnded(observed) {
    const found = inRelease(observed);
    if (found !== undefined)
        return found;
    const { record, service } = observed;
    const last = record === undefined ? 'there was none yet' : `the last one, ${record.id}, is ${record.phase}`;
    throw new errors/* InputError */.dz([
        {
            input: 'command',
            problem: `nothing to abort: no release of service/${service.metadata.name} is under way; ${last}`,
            example: 'command: rollback brings the previous version back after a release'
        }
    ]);
}

;// CONCATENATED MODULE: ./src/execute/unreferenced-config.ts




async function findUnreferencedConfig({ namespace, workload }, cluster) {
    const listCopies = (kind) => cluster.list({ apiVersion: 'v1', kind, namespace, labels: copySelector(workload), metadataOnly: true });
    const copies = (await Promise.all([listCopies('ConfigMap'), listCopies('Secret')])).flat();
    if (copies.length === 0)
        return [];
    const [deployments, replicaSets] = await Promise.all([
        cluster.list({ ...kubernetes_workload/* DEPLOYMENT */.uH, namespace }),
        cluster.list({ ...kubernetes_workload/* REPLICA_SET */.ew, namespace })
    ]);
    return unreferenced(copies, [...deployments, ...replicaSets].map(({ spec }) => spec.template));
}
async function removeUnreferencedConfig(place, cluster, signal) {
    const removed = [];
    for (const object of await findUnreferencedConfig(place, cluster)) {
        signal.throwIfAborted();
        await cluster.remove(object);
        removed.push(`${object.kind.toLowerCase()}/${object.metadata.name}`);
    }
    return removed;
}
async function tidyConfig(run, { result, unsettled }, signal) {
    const { namespace, workload, ports, lock } = run;
    const { deployment } = run.progress;
    if (result !== 'promoted' || unsettled === true)
        return;
    if (deployment === undefined || !hasCopies(deployment))
        return;
    const stop = AbortSignal.any([signal, lock.lost]);
    try {
        await lock.assure();
        for (const what of await removeUnreferencedConfig({ namespace, workload }, ports.cluster, stop))
            ports.log.line(`${what} was removed: no version refers to it any more`);
    }
    catch (error) {
        if (stop.aborted || (error instanceof errors/* ClusterError */.b$ && error.status === 403))
            return;
        const warning = `config that no version refers to is left for a later run to remove: ${(0,errors/* messageOf */.bD)(error)}`;
        ports.log.warning(warning);
        run.journal.warnings.push(warning);
    }
}
const hasCopies = ({ spec }) => referencesIn(spec.template.spec).some(({ name }) => originalName(name) !== undefined);

;// CONCATENATED MODULE: ./src/commands/chores.ts












const CHORES = [
    {
        isDue: ({ record }) => record !== undefined && isLeft(record),
        needs: needsAfterRun,
        work: endRelease
    },
    {
        isDue: ({ record }) => record?.settle !== undefined,
        needs: ({ record: { settle = {} } }) => needsOf({ steps: planSettle(settle), routes: [] }),
        work: settleRollback
    },
    {
        isDue: (observed) => retirable(observed).versions.length > 0,
        needs: () => needsOf({ steps: planRetirement(0), routes: [] }),
        work: scaleDownKept
    },
    {
        isDue: hasOldConfig,
        needs: () => [...needsOf({ steps: [], routes: [] }), ...CONFIG_REMOVAL_NEEDS],
        work: removeOldConfig
    }
];
async function needsOfChores(observed, ports) {
    const { record } = observed;
    const needs = [];
    let isDue = false;
    for (const chore of CHORES) {
        if (record === undefined || !(await chore.isDue(observed, ports)))
            continue;
        isDue = true;
        needs.push(...(await chore.needs({ ...observed, record }, ports)));
    }
    return isDue ? [...needs, ...TEMPLATE_NEEDS] : undefined;
}
async function needsAfterRun(observed, ports) {
    const toEnd = await needsToEnd(observed, ports);
    return [...toEnd, ...needsOf({ steps: planRetirement(0), routes: [] })];
}
const isLeft = (record) => isUnfinished(record) && record.phase !== 'waiting';
async function endRelease(observed, lock, invocation) {
    const { id, run: where = 'run unknown' } = observed.record;
    const run = await recover(observed, lock, invocation);
    const untidy = untidyEnding(run);
    if (untidy !== undefined)
        return { told: untidy.reason, result: untidy.result, runs: [run] };
    const finished = run.progress.release.phase === 'promoted';
    const told = finished ? 'had passed and was finished' : 'was unfinished and was undone';
    return {
        told: `release ${id} (${where}) ${told}`,
        result: finished ? 'promoted' : 'rolled-back',
        runs: [run]
    };
}
async function settleRollback(observed, lock, invocation) {
    const run = await settleDown(observed, lock, invocation);
    return { told: `rollback ${observed.record.id} was finished`, result: 'rolled-back', runs: [run] };
}
async function scaleDownKept(observed, lock, invocation) {
    const runs = await retireVersions(retirable(observed).versions, observed, lock, invocation);
    return {
        told: runs
            .map(({ progress: { canary } }) => `deployment/${canary.deployment} was scaled down`)
            .join(', '),
        result: 'promoted',
        runs
    };
}
async function hasOldConfig(observed, { cluster }) {
    if (observed.record === undefined)
        return false;
    try {
        if ((await findUnreferencedConfig(observed, cluster)).length === 0)
            return false;
        return (await missingRights(cluster, observed.namespace, CONFIG_REMOVAL_NEEDS)).length === 0;
    }
    catch (error) {
        if (error instanceof errors/* ClusterError */.b$ && error.status === 403)
            return false;
        throw error;
    }
}
async function removeOldConfig(observed, lock, { ports, signal }) {
    await lock.assure();
    const stop = AbortSignal.any([signal, lock.lost]);
    const removed = await removeUnreferencedConfig(observed, ports.cluster, stop);
    return {
        told: `${removed.join(', ')} ${removed.length === 1 ? 'was' : 'were'} removed, which no version refers to`,
        result: 'promoted',
        runs: []
    };
}

;// CONCATENATED MODULE: ./src/commands/cleanup.ts










async function cleanup(invocation) {
    const seen = await observe(invocation.target, invocation.ports);
    const { record } = seen;
    const untouched = (reason) => ({
        ...lookedAt(seen, invocation),
        ...(record !== undefined && isUnfinished(record) ? underWay(record, seen) : {}),
        reason
    });
    if (record?.phase === 'waiting')
        return untouched(`release ${record.id} waits for approval: it is left alone`);
    const [rival] = rivalFaults(seen);
    if (rival !== undefined)
        return untouched(`${rival.problem}: nothing is cleaned up meanwhile`);
    const needs = await needsOfChores(seen, invocation.ports);
    if (needs === undefined)
        return untouched(retirable(seen).left.join('; ') || 'there is nothing to clean up');
    try {
        return await exclusively(invocation, seen, needs, (observed, lock) => doChores(observed, lock, invocation));
    }
    catch (error) {
        if (!(error instanceof LockedError))
            throw error;
        return untouched(error.message);
    }
}
async function doChores(first, lock, invocation) {
    const { target, ports } = invocation;
    const deeds = [];
    let observed = first;
    for (const chore of CHORES) {
        const { record } = observed;
        if (record === undefined || !(await chore.isDue(observed, ports)))
            continue;
        const work = chore.work({ ...observed, record }, lock, invocation);
        const deed = await work.catch((error) => failed(error, deeds));
        deeds.push(deed);
        if (deed.isLast === true)
            break;
        observed = await observe(target, ports);
    }
    return toldOf(deeds, observed, invocation);
}
function failed(error, deeds) {
    if (deeds.length === 0)
        throw error;
    const result = error instanceof errors/* Cancelled */.cJ ? 'aborted' : 'failed';
    return {
        told: `after that it ${result === 'aborted' ? 'was stopped' : 'failed'}: ${(0,errors/* messageOf */.bD)(error)}`,
        result,
        runs: [],
        isLast: true
    };
}
function toldOf(deeds, observed, invocation) {
    const runs = deeds.flatMap((deed) => deed.runs);
    const failure = deeds.find(({ isLast }) => isLast === true);
    const [first] = deeds;
    return {
        ...lookedAt(observed, invocation),
        ...(first === undefined ? {} : { result: (failure ?? first).result }),
        ...(runs[0] === undefined ? {} : { canary: runs[0].progress.canary }),
        reason: deeds.map(({ told }) => told).join('; ') || 'another run has cleaned up meanwhile',
        timeline: runs.flatMap(({ journal: { timeline } }) => timeline),
        shifts: runs.flatMap(({ journal: { shifts } }) => shifts),
        evidence: runs.flatMap(({ journal: { evidence } }) => evidence),
        foreignWrites: runs.flatMap(trafficsOf).flatMap(({ foreignWrites }) => foreignWrites),
        warnings: [...retirable(observed).left, ...runs.flatMap(({ journal: { warnings } }) => warnings)]
    };
}

;// CONCATENATED MODULE: ./src/execute/refused.ts


const refused_LOOK_AGAIN = 5000;
const refused_GRACE = 15_000;
async function untilRefused(run, signal) {
    await Promise.all(run.routes.map((writer) => untilOneRefused(writer, run, signal)));
}
async function untilOneRefused({ route: { refusals = [] }, traffic }, run, signal) {
    if (refusals.length === 0)
        return;
    const [object] = traffic.current();
    const read = () => lastWord(object, refusals, run.ports);
    const before = (await read())?.key;
    let since;
    for (;;) {
        await run.ports.clock.sleep(refused_LOOK_AGAIN, signal).catch(() => undefined);
        if (signal.aborted)
            return;
        const word = await read();
        if (word?.refused !== true || word.key === before) {
            since = undefined;
            continue;
        }
        since ??= run.ports.clock.now();
        if (run.ports.clock.now() - since < refused_GRACE)
            continue;
        const told = `${traffic.title} is not put into practice by its controller: ${word.text}`;
        if (isUnfinished(run.progress.release) && run.progress.release.phase !== 'promoting')
            throw new errors/* ReleaseFailed */.dN(told);
        run.journal.warnings.push(told);
        return;
    }
}
async function lastWord({ kind, metadata: { namespace, name, uid } }, refusals, { cluster }) {
    const fields = `involvedObject.kind=${kind},involvedObject.name=${name}`;
    const found = await cluster
        .list({ apiVersion: 'v1', kind: 'Event', namespace, fields })
        .catch(() => []);
    const own = found.filter(({ involvedObject }) => uid === undefined || (involvedObject.uid ?? uid) === uid);
    const [last] = own.sort((one, other) => refused_timeOf(other) - refused_timeOf(one) || newer(other, one));
    if (last === undefined)
        return undefined;
    const { reason = '', message = '', metadata, count = 1 } = last;
    return {
        key: `${metadata.name} ${count} ${metadata.resourceVersion ?? ''}`,
        refused: refusals.includes(reason),
        text: `${reason}: ${message}`
    };
}
const refused_timeOf = ({ lastTimestamp, eventTime, metadata }) => Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '') || 0;
const newer = (one, other) => Number(one.metadata.resourceVersion ?? 0) - Number(other.metadata.resourceVersion ?? 0);

;// CONCATENATED MODULE: ./src/execute/disturbance.ts



function watchFor(run, cancelled) {
    const traffics = trafficsOf(run);
    const ended = new AbortController();
    const disturbed = new AbortController();
    const broken = traffics.map((traffic) => traffic.broken);
    const signal = AbortSignal.any([cancelled, run.lock.lost, ...broken, disturbed.signal]);
    for (const watch of [practiceOf(run).untilDisturbed, untilRefused])
        watch(run, ended.signal).catch((error) => {
            disturbed.abort(error);
        });
    let since;
    signal.addEventListener('abort', () => (since = run.ports.clock.now()));
    for (const traffic of traffics)
        traffic.guard(AbortSignal.any([ended.signal, run.lock.lost]));
    return {
        signal,
        since: () => since,
        end: () => {
            ended.abort();
        }
    };
}

;// CONCATENATED MODULE: ./src/execute/execute-or-restore.ts







const execute_or_restore_PATIENCE = 120_000;
const execute_or_restore_PATIENCE_OF_CANCELLED = 5000;
const LEAST_PATIENCE = 2000;
async function executeOrRestore(steps, run, cancelled) {
    const disturbance = watchFor(run, cancelled);
    const { signal } = disturbance;
    try {
        await execute(steps, run, signal);
        return { result: endedWell(run.progress), reason: '', next: [] };
    }
    catch (error) {
        const cause = signal.aborted ? signal.reason : error;
        return await afterFailure(cause, disturbance.since() ?? run.ports.clock.now(), run, cancelled);
    }
    finally {
        disturbance.end();
    }
}
function execute_or_restore_remedyFor(cause, { begun, release }) {
    if (!begun)
        return 'nothing';
    if (cause instanceof errors/* TakenOver */.IE)
        return 'leave-to-others';
    return isUnfinished(release) && release.phase !== 'promoting' ? 'restore' : 'keep-canary';
}
async function afterFailure(cause, since, run, cancelled) {
    const failure = failureOf(cause);
    run.ports.log.error(failure.reason);
    switch (execute_or_restore_remedyFor(cause, run.progress)) {
        case 'nothing':
            return { ...failure, result: cause instanceof errors/* Cancelled */.cJ ? 'aborted' : 'failed' };
        case 'leave-to-others':
            return inOtherHands(failure, run);
        case 'keep-canary':
            return {
                ...failure,
                result: endedWell(run.progress),
                next: practiceOf(run).byHand.leftOver(run),
                unsettled: true
            };
        case 'restore':
            return putBack(cause, since, run, cancelled);
    }
}
async function putBack(cause, since, run, cancelled) {
    const failure = failureOf(cause);
    try {
        await restoreWithin(run, patienceFor(cause, run.ports.clock.now() - since));
    }
    catch (error) {
        return withoutRestore(error, failure, run);
    }
    const unsettled = cause instanceof errors/* Cancelled */.cJ || !(await restore_tidy(run, cancelled));
    return {
        ...failure,
        ...practiceOf(run).returnSince(run, since),
        result: restoredBy(cause, run.progress),
        unsettled
    };
}
function restoredBy(cause, { release }) {
    if (cause instanceof errors/* Cancelled */.cJ)
        return 'aborted';
    return release.command === 'rollback' ? 'failed' : 'rolled-back';
}
const patienceFor = (cause, passed) => cause instanceof errors/* Cancelled */.cJ ? Math.max(LEAST_PATIENCE, execute_or_restore_PATIENCE_OF_CANCELLED - passed) : execute_or_restore_PATIENCE;
function endedWell({ release }) {
    if (release.phase === 'waiting')
        return 'waiting';
    return release.command === 'rollback' ? 'rolled-back' : 'promoted';
}
const failureOf = (cause) => ({
    reason: (0,errors/* messageOf */.bD)(cause),
    next: [],
    ...(cause instanceof errors/* ReleaseFailed */.dN && cause.failedCheck !== undefined
        ? { failedCheck: cause.failedCheck }
        : {})
});
const inOtherHands = (failure, run) => ({
    ...failure,
    result: 'failed',
    next: practiceOf(run).byHand.leftToOthers(run),
    unsettled: true
});
async function withoutRestore(error, failure, run) {
    const reason = `${failure.reason}. The traffic could not be put back: ${(0,errors/* messageOf */.bD)(error)}; ${lastKnown(run.progress)}`;
    if (error instanceof errors/* TakenOver */.IE)
        return inOtherHands({ ...failure, reason }, run);
    if (error instanceof errors/* StableCannotServe */.yA && run.progress.release.weight === 100)
        return { ...failure, result: 'failed', reason: `${reason}. ${await giveUpStable(run).catch(errors/* messageOf */.bD)}` };
    return { ...failure, result: 'failed', reason, next: practiceOf(run).byHand.putBack(run), unsettled: true };
}

;// CONCATENATED MODULE: ./src/checks/sampler.ts
function samplerFor({ checks, metrics }, createSampler, routes) {
    const source = metrics ?? routes[0]?.route.metrics ?? 'http';
    return checks.length === 0 ? undefined : createSampler?.(checks, source);
}

;// CONCATENATED MODULE: ./src/plan/exported.ts









function asAuthored(manifests, observed) {
    const read = manifests.map((manifest) => authored(manifest, observed));
    return {
        manifests: read.flatMap(({ manifests }) => manifests),
        faults: read.flatMap(({ faults }) => faults),
        warnings: read.flatMap(({ warnings }) => warnings)
    };
}
function authored({ object, source }, observed) {
    const what = `${source}: ${object.kind} ${object.metadata.name}`;
    if (isMadeByRelease(object)) {
        const warning = `${what} is made and kept by releases themselves: it is left out`;
        return { manifests: [], faults: [], warnings: [warning] };
    }
    const settled = outsideReleases(object, observed);
    if (settled === 'in-release')
        return { manifests: [], faults: [exported_inRelease(what, object)], warnings: [] };
    const bare = withoutMarks(asWritten(settled), observed);
    const marks = exported_marksIn(object).filter((mark) => !exported_marksIn(bare).includes(mark));
    const warnings = marks.map((mark) => `${what} has the ${mark}, which only a release may write: it is left out`);
    const moved = settled === object
        ? []
        : [`${what} was taken in the middle of a release: it is applied as it is outside of one`];
    return { manifests: [{ object: bare, source }], faults: [], warnings: [...warnings, ...moved] };
}
const exported_inRelease = (what, { kind, metadata }) => ({
    input: 'manifests',
    problem: `${what} was taken in the middle of a release (${routes_route/* BEFORE_ANNOTATION */.AY}): applied, it would move traffic`,
    example: `\`${sh `kubectl get ${kind.toLowerCase()} ${metadata.name} -o yaml`}\` when no release is under way, or its file in Git`
});
function isMadeByRelease(object) {
    const { name, labels = {} } = object.metadata;
    return (0,ours/* isOurs */.M)(object) || (object.kind === 'Service' && name.endsWith(`-${labels[SLOT_LABEL] ?? '/'}`));
}
const slotServices = (workload) => [
    slotDeploymentName(workload, 'blue'),
    slotDeploymentName(workload, 'green'),
    `${workload}-plain`
];
function outsideReleases(object, observed) {
    const { otherServices, workload, routes } = observed;
    const isMarked = annotationsOf(object)[routes_route/* BEFORE_ANNOTATION */.AY] !== undefined;
    const ours = otherServices.filter(isSlotService).map(({ metadata }) => metadata.name);
    const named = slotServices(workload).filter((name) => ours.includes(name) && names(object, name));
    if (!isMarked && named.length === 0)
        return object;
    let settled = object;
    let isMember = false;
    for (const canary of slotServices(workload)) {
        const backends = backendsWith(canary, observed);
        for (const { route, object: main, others } of routes) {
            const members = (0,routes_route/* objectsOf */.iZ)(route, main, others, backends);
            if (!members.some((member) => (0,ref/* keyOf */.TN)(member) === (0,ref/* keyOf */.TN)(object)))
                continue;
            isMember = true;
            const written = route.settle((0,routes_route/* withObject */.Ox)(members, settled), backends, 'stable');
            settled = written.find((one) => (0,ref/* keyOf */.TN)(one) === (0,ref/* keyOf */.TN)(object)) ?? settled;
        }
    }
    return isMarked && !isMember ? 'in-release' : settled;
}
const names = (object, name) => JSON.stringify({ ...object, metadata: annotationsOf(object) })
    .split(/[^a-z0-9-]+/)
    .includes(name);
function backendsWith(canary, { namespace, service, workload }) {
    const selector = service.spec.selector ?? {};
    const [stable = ''] = slotServices(workload).filter((name) => name !== canary);
    const selectors = { before: selector, stable: selector, canary: selector };
    return { namespace, apex: service.metadata.name, stable, canary, selectors };
}
const OF_THE_SERVER = new Set([
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'managedFields',
    'selfLink'
]);
function asWritten(object) {
    const { status: _, metadata, ...rest } = object;
    const kept = Object.entries(metadata).filter(([field]) => !OF_THE_SERVER.has(field));
    const written = Object.fromEntries(kept);
    return { ...rest, metadata: exported_without(written, 'annotations', (key) => key === LAST_APPLIED) };
}
const isMark = (key) => key.startsWith('greenlight.dev/');
function withoutMarks(object, observed) {
    const { metadata } = object;
    const bare = {
        ...object,
        metadata: exported_without(exported_without(metadata, 'annotations', isMark), 'labels', isMark)
    };
    const kept = keptSelector(bare, observed);
    return withoutMarksOfPods(kept, isSlotOf(observed, object));
}
function keptSelector(object, { otherServices }) {
    const live = otherServices.find(({ metadata }) => object.kind === 'Service' && metadata.name === object.metadata.name);
    const { spec } = object;
    if (live?.metadata.annotations?.[RECORD_ANNOTATION] === undefined || !(0,kubernetes_tree/* isTree */.x)(spec))
        return object;
    return { ...object, spec: { ...spec, selector: live.spec.selector } };
}
function isTemplated(object) {
    const { spec } = object;
    return (0,kubernetes_tree/* isTree */.x)(spec) && (0,kubernetes_tree/* isTree */.x)(spec.template) && (0,kubernetes_tree/* isTree */.x)(spec.template.metadata);
}
function withoutMarksOfPods(object, isOwn) {
    if (!isTemplated(object))
        return object;
    const { selector, template } = object.spec;
    const asked = (0,kubernetes_tree/* isTree */.x)(selector) && (0,kubernetes_tree/* isTree */.x)(selector.matchLabels) ? selector.matchLabels : {};
    const isFree = (key) => isMark(key) && (isOwn || asked[key] === undefined);
    const metadata = exported_without(exported_without(template.metadata, 'annotations', isMark), 'labels', isFree);
    const found = isOwn && (0,kubernetes_tree/* isTree */.x)(selector) ? { selector: exported_without(selector, 'matchLabels', isMark) } : {};
    const spec = { ...object.spec, ...found, template: { ...template, metadata } };
    return { ...object, spec };
}
function exported_without(owner, map, isLeftOut) {
    const { [map]: found, ...rest } = owner;
    if (!(0,kubernetes_tree/* isTree */.x)(found) || !Object.keys(found).some(isLeftOut))
        return owner;
    const kept = Object.entries(found).filter(([key]) => !isLeftOut(key));
    return (kept.length === 0 ? rest : { ...rest, [map]: Object.fromEntries(kept) });
}
const annotationsOf = ({ metadata }) => (0,kubernetes_tree/* isTree */.x)(metadata.annotations) ? metadata.annotations : {};
function exported_marksIn(object) {
    const of = (owner, whose) => ['annotations', 'labels'].flatMap((map) => Object.keys((0,kubernetes_tree/* isTree */.x)(owner[map]) ? owner[map] : {})
        .filter(isMark)
        .map((key) => `${map.slice(0, -1)} ${key}${whose}`));
    const pods = isTemplated(object) ? of(object.spec.template.metadata, ' of its pods') : [];
    return [...of(object.metadata, ''), ...pods];
}

;// CONCATENATED MODULE: ./src/plan/hooks.ts


const HELM_DELETE_POLICY = 'helm.sh/hook-delete-policy';
const BEFORE = new Set(['pre-upgrade', 'presync']);
const WITH = new Set(['sync']);
const AFTER = new Set(['post-upgrade', 'postsync']);
const ELSEWHERE = new Set([
    ...[
        'pre-install',
        'post-install',
        'crd-install',
        'pre-delete',
        'post-delete',
        'pre-rollback',
        'post-rollback'
    ],
    ...['test', 'test-success', 'test-failure', 'predelete', 'postdelete', 'syncfail', 'skip']
]);
const RUNS_ONCE = new Set(['Job', 'Pod', 'Workflow', 'PipelineRun', 'TaskRun']);
function withoutHooks(given, observed) {
    const faults = [];
    const warnings = [];
    const notes = [];
    const manifests = given.filter((manifest) => {
        const { object } = manifest;
        if (momentsOf(object).length === 0)
            return true;
        if (isSlotOf(observed, object))
            faults.push(workloadFault(manifest));
        else if (isApplied(object))
            return true;
        else if (runsBefore(object))
            faults.push(unrunFault(manifest));
        else if (isElsewhere(object))
            notes.push(hooks_leftOut(manifest));
        else
            warnings.push(hooks_leftOut(manifest));
        return false;
    });
    return { manifests, faults, warnings, notes };
}
function listIn({ metadata }, key) {
    const text = metadata.annotations?.[key];
    if (typeof text !== 'string')
        return [];
    return text.split(',').map((moment) => moment.trim().toLowerCase());
}
const momentsOf = (object) => [
    ...listIn(object, HELM_HOOK),
    ...listIn(object, ARGO_HOOK)
];
const hooks_isBefore = (object) => momentsOf(object).some((moment) => BEFORE.has(moment));
const runsBefore = (object) => RUNS_ONCE.has(object.kind) && hooks_isBefore(object);
function isApplied(object) {
    if (momentsOf(object).some((moment) => WITH.has(moment)))
        return true;
    const isRemoved = listIn(object, HELM_DELETE_POLICY).includes('hook-succeeded');
    return hooks_isBefore(object) && !RUNS_ONCE.has(object.kind) && !isRemoved;
}
const written = ({ metadata }) => [HELM_HOOK, ARGO_HOOK]
    .flatMap((key) => {
    const value = metadata.annotations?.[key];
    return value === undefined ? [] : [`${key}: ${value}`];
})
    .join(', ');
const hooks_nameOf = ({ kind, metadata }) => `${kind} ${metadata.name}`;
const workloadFault = ({ object, source }) => ({
    input: 'manifests',
    problem: `${source}: ${hooks_nameOf(object)} is the workload itself, and a hook (${written(object)}): it would be no part of a release`,
    example: `${hooks_nameOf(object)} without that annotation`
});
const unrunFault = ({ object, source }) => ({
    input: 'manifests',
    problem: `${source}: ${hooks_nameOf(object)} is a hook (${written(object)}) that has to be done before the new version starts, and a release does not run it`,
    example: `run it in a step before this one, for example by kubectl create and kubectl wait, and leave it out here: helm template --no-hooks`
});
const isElsewhere = (object) => hooks_isBefore(object) || momentsOf(object).every((moment) => ELSEWHERE.has(moment));
function hooks_leftOut({ object, source }) {
    const what = `${source}: ${hooks_nameOf(object)} is a hook (${written(object)}) and is not applied`;
    if (hooks_isBefore(object))
        return `${what}: after an upgrade nothing is left of it`;
    if (isElsewhere(object))
        return `${what}, as in an upgrade`;
    if (momentsOf(object).some((moment) => AFTER.has(moment)))
        return `${what}: what has to be done after a release is for a step of its own after this one; helm template --no-hooks leaves it out`;
    return `${what}: a release is no moment for it; helm template --no-hooks leaves it out`;
}

;// CONCATENATED MODULE: ./src/plan/unwatched.ts
const RUNS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob']);
function unwatched(tried) {
    const found = tried.filter((one) => RUNS.has(one.manifest.object.kind) && !staysAsItIs(one));
    if (found.length === 0)
        return [];
    const names = found.map(({ manifest: { object, source } }) => `${object.kind} ${object.metadata.name} (${source})`);
    const are = found.length === 1 ? 'is' : 'are';
    return [
        `${names.join(', ')} ${are} applied at once and not watched; only the workload is released step by step`
    ];
}
function staysAsItIs({ kept }) {
    if (kept === undefined)
        return false;
    const { metadata, status } = kept;
    return metadata.generation !== undefined && status?.observedGeneration === metadata.generation;
}

;// CONCATENATED MODULE: ./src/plan/repeated.ts


function repeatedFaults(manifests, namespace) {
    const first = new Map();
    return manifests.flatMap((manifest) => {
        const { object, source } = manifest;
        const { kind, metadata } = object;
        const key = [(0,ref/* groupOf */.F8)(object.apiVersion), kind, metadata.namespace ?? namespace, metadata.name].join(' ');
        const known = first.get(key);
        first.set(key, known ?? manifest);
        if (known === undefined || (0,canonical/* canonical */.$)(known.object) === (0,canonical/* canonical */.$)(object))
            return [];
        const problem = `${source}: ${kind} ${metadata.name} is at ${known.source} as well, and not the same there`;
        return [{ input: 'manifests', problem, example: 'a pattern that takes in one of the two files' }];
    });
}

;// CONCATENATED MODULE: ./src/base/unified-diff.ts
const CONTEXT = 3;
const MOST_CELLS = 4_000_000;
const unified_diff_marked = (mark, lines) => lines.map((text) => ({ mark, text }));
function unifiedDiff(before, after) {
    const lines = compare(before, after);
    const near = lines.map((_, at) => lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ mark }) => mark !== ' '));
    const starts = lines.flatMap((_, at) => (near[at] === true && near[at - 1] !== true ? [at] : []));
    return starts.flatMap((start) => {
        const end = near.indexOf(false, start);
        return hunk(lines, start, end < 0 ? lines.length : end);
    });
}
function hunk(lines, start, end) {
    const shown = lines.slice(start, end);
    const range = (other) => {
        const first = lines.slice(0, start).filter(({ mark }) => mark !== other).length;
        const count = shown.filter(({ mark }) => mark !== other).length;
        return `${count === 0 ? first : first + 1},${count}`;
    };
    return [`@@ -${range('+')} +${range('-')} @@`, ...shown.map(({ mark, text }) => mark + text)];
}
function compare(before, after) {
    const shorter = Math.min(before.length, after.length);
    let head = 0;
    while (head < shorter && before[head] === after[head])
        head += 1;
    let tail = 0;
    while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail))
        tail += 1;
    return [
        ...unified_diff_marked(' ', before.slice(0, head)),
        ...compareMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
        ...unified_diff_marked(' ', before.slice(before.length - tail))
    ];
}
function compareMiddle(before, after) {
    if (before.length * after.length > MOST_CELLS)
        return [...unified_diff_marked('-', before), ...unified_diff_marked('+', after)];
    const common = commonLengths(before, after);
    const lines = [];
    let [at, other] = [0, 0];
    while (at < before.length && other < after.length) {
        const [gone = '', come = ''] = [before[at], after[other]];
        if (gone === come) {
            lines.push({ mark: ' ', text: gone });
            at += 1;
            other += 1;
        }
        else if (common(at + 1, other) >= common(at, other + 1)) {
            lines.push({ mark: '-', text: gone });
            at += 1;
        }
        else {
            lines.push({ mark: '+', text: come });
            other += 1;
        }
    }
    return [...lines, ...unified_diff_marked('-', before.slice(at)), ...unified_diff_marked('+', after.slice(other))];
}
function commonLengths(before, after) {
    const width = after.length + 1;
    const table = new Uint32Array((before.length + 1) * width);
    const length = (at, other) => table[at * width + other] ?? 0;
    for (let at = before.length - 1; at >= 0; at -= 1)
        for (let other = after.length - 1; other >= 0; other -= 1)
            table[at * width + other] =
                before[at] === after[other]
                    ? length(at + 1, other + 1) + 1
                    : Math.max(length(at + 1, other), length(at, other + 1));
    return length;
}

;// CONCATENATED MODULE: ./src/preflight/preview.ts




function preview_changeOf(object, before, after) {
    const hide = createHider();
    const [live, tried] = [before === undefined ? [] : preview_linesOf(before, hide), preview_linesOf(after, hide)];
    const diff = unifiedDiff(live, tried);
    if (before === undefined)
        return { object, state: 'new', diff };
    return { object, state: diff.length === 0 ? 'same' : 'changed', diff };
}
function withoutSlot({ metadata, spec, ...rest }, slotLabels) {
    const { replicas: _, paused: __, selector: ___, template, ...kept } = spec;
    const labels = (0,kubernetes_selectors/* withoutKeys */.Pe)((0,kubernetes_selectors/* templateLabels */.MN)(template), kubernetes_workload/* HASH_LABEL */.mE, ...slotLabels);
    return {
        ...rest,
        metadata: { ...metadata, labels: (0,kubernetes_selectors/* withoutKeys */.Pe)(metadata.labels ?? {}, ...slotLabels) },
        spec: { ...kept, template: { ...template, metadata: { ...template.metadata, labels } } }
    };
}
function withoutSelector(object) {
    const { spec, ...rest } = object;
    const { selector: _, ...kept } = spec;
    return { ...rest, spec: kept };
}
function createHider() {
    const values = new Map();
    return (name, value) => {
        const known = values.get(name) ?? [];
        values.set(name, known);
        if (!known.includes(value))
            known.push(value);
        const index = known.indexOf(value);
        return index === 0 ? '(hidden)' : `(hidden, another value${index > 1 ? ` ${index}` : ''})`;
    };
}
function preview_linesOf(object, hide) {
    const options = { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false };
    return (0,dist/* stringify */.As)(shown(object, hide), options).trimEnd().split('\n');
}
const BOOKKEEPING = /^(?:deployment\.kubernetes\.io\/|kubectl\.kubernetes\.io\/last-applied|meta\.helm\.sh\/|greenlight\.dev\/)/;
function shown(object, hide) {
    const { metadata, apiVersion, kind, ...rest } = object;
    if (kind === 'Secret' && apiVersion === 'v1')
        return secretShown(rest, hide);
    const { status: _, ...parts } = rest;
    const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => !BOOKKEEPING.test(key));
    const named = {
        ...(Object.keys(metadata.labels ?? {}).length === 0 ? {} : { labels: metadata.labels }),
        ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) })
    };
    return preview_hidden({ ...(Object.keys(named).length === 0 ? {} : { metadata: named }), ...parts }, hide);
}
function secretShown(secret, hide) {
    const { type, data, stringData } = secret;
    const keys = (values) => Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [key, hide(key, value)]));
    return { type, data: { ...keys(data), ...keys(stringData) } };
}
const SECRET_NAME = /token|secret|passw|credential|authorization|(?:api|access|private)[-_]?key/i;
function preview_hidden(value, hide) {
    if (Array.isArray(value))
        return value.map((item) => preview_hidden(item, hide));
    if (typeof value !== 'object' || value === null)
        return value;
    const { name, value: given } = value;
    const isSecret = typeof name === 'string' && typeof given === 'string' && SECRET_NAME.test(name);
    const entries = Object.entries(value)
        .filter(([, one]) => one !== undefined && one !== null)
        .map(([key, one]) => [key, isSecret && key === 'value' ? hide(name, given) : preview_hidden(one, hide)]);
    return Object.fromEntries(entries);
}

;// CONCATENATED MODULE: ./src/preflight/changes.ts







async function changeOfManifest({ manifest, kept }, observed, cluster) {
    const { kind, metadata } = manifest.object;
    const object = `${kind} ${metadata.name}`;
    try {
        const served = kept && (await servedBefore(kept, observed, cluster));
        if (kept !== undefined && served !== undefined) {
            const { name } = served.metadata;
            const where = name === metadata.name ? '' : `, in place of ${name}`;
            return preview_changeOf(`${object}${where}`, contentAlone(served), contentAlone(kept));
        }
        const live = kept && (await cluster.get((0,ref/* refOf */.H8)(kept)));
        const isRoute = kind === 'Service' && changes_isOf(metadata.name, observed);
        const asShown = (one) => (isRoute ? withoutSelector(one) : one);
        return preview_changeOf(object, live && asShown(live), asShown(kept ?? manifest.object));
    }
    catch (error) {
        if (error instanceof errors/* ClusterError */.b$ && error.status === 403)
            return { object, state: 'unknown', diff: [], why: lackIn(error, metadata.namespace) };
        throw error;
    }
}
function lackIn({ message }, namespace) {
    const right = rightIn(message);
    return right === undefined ? message : describeMissing(right, namespace);
}
const changes_isOf = (service, { service: first, companions }) => [first, ...companions].some(({ metadata }) => metadata.name === service);
async function servedBefore(object, observed, cluster) {
    const ref = servedInPlaceOf(object, observed);
    return ref && (await cluster.get(ref));
}
async function unapplied(tried, observed, cluster) {
    const theirs = tried.filter(({ manifest }) => manifest.object.metadata.labels?.[SLOT_LABEL] === undefined);
    const changes = await Promise.all(theirs.map((one) => changeOfManifest(one, observed, cluster)));
    const missed = changes.filter(({ state }) => state === 'new' || state === 'changed');
    const unseen = changes.flatMap(({ object, why }) => why === undefined
        ? []
        : [`whether the manifests would change ${object} cannot be told: these credentials ${why}`]);
    if (missed.length === 0)
        return unseen;
    const names = missed.map(({ object, state }) => `${object} (${state})`);
    return [
        `the version that would be released serves already, so that nothing of the manifests was applied: ${names.join(', ')}. That comes with the next version`,
        ...unseen
    ];
}

;// CONCATENATED MODULE: ./src/observe/rollouts.ts



const GROUP = 'argoproj.io';
async function readRollouts(namespace, rules, cluster) {
    if (!(0,kubernetes_needs/* need */.$)(GROUP, 'rollouts', 'list').every((right) => rights_covers(rules, right)))
        return [];
    try {
        return await cluster.list({ apiVersion: `${GROUP}/v1alpha1`, kind: 'Rollout', namespace });
    }
    catch (error) {
        if (error instanceof errors/* ClusterError */.b$)
            return [];
        throw error;
    }
}

;// CONCATENATED MODULE: ./src/plan/owners.ts



const MANAGED_BY_ROLLOUT = 'argo-rollouts.argoproj.io/managed-by-rollouts';
function ownerFindings(observed, release) {
    const scaled = release.autoscaler === observed.autoscaler?.metadata.name && observed.autoscaler !== undefined
        ? [observed.autoscaler]
        : [];
    const traffic = methodOf(release).movesTrafficOn(observed);
    const findings = [...traffic, observed.stable.deployment, ...scaled].map((object) => findingOf(object, observed));
    return {
        faults: [...findings.flatMap(({ faults }) => faults), ...flaggerFaults(observed)],
        warnings: findings.flatMap(({ warnings }) => warnings)
    };
}
const titleOf = ({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`;
const isOfFlagger = ({ kind, apiVersion = '' }) => kind === 'Canary' && apiVersion.startsWith('flagger.app/');
function findingOf(object, observed) {
    const { ownerReferences = [], annotations = {} } = object.metadata;
    const rollout = annotations[MANAGED_BY_ROLLOUT];
    if (rollout !== undefined)
        return owners_refused(byRollout(titleOf(object), rollout));
    const owner = ownerReferences.find(isOfFlagger) ?? ownerReferences.find(({ controller }) => controller);
    if (owner === undefined)
        return errors/* NO_FINDINGS */.BU;
    if (isOfFlagger(owner))
        return owners_refused(byFlagger(titleOf(object), owner.name));
    if (owner.kind === 'Rollout')
        return owners_refused(byRollout(titleOf(object), owner.name));
    if (owner.kind === 'ScaledObject')
        return owners_refused(byKeda(object, owner.name, observed));
    return {
        faults: [],
        warnings: [
            `${titleOf(object)} is controlled by ${owner.kind} ${owner.name} (${owner.apiVersion ?? 'unknown'}), which may change it back in the middle of a release or after it: it must leave alone what a release changes (selector of the Service, replicas of the Deployments, target of the autoscaler, the route)`
        ]
    };
}
const owners_refused = (fault) => ({ faults: [fault], warnings: [] });
const byFlagger = (title, canary) => ({
    input: 'workload',
    problem: `${title} is controlled by Canary ${canary} of Flagger, which moves the traffic of this workload and scales its Deployments itself: the two would undo each other's work`,
    example: `release it through Flagger, by a new image in the Canary's target, or remove the Canary first: kubectl delete canary ${canary}`
});
const byRollout = (title, rollout) => ({
    input: 'workload',
    problem: `${title} belongs to Rollout ${rollout} of Argo Rollouts, which writes selectors and numbers of pods itself: the two would undo each other's work`,
    example: `release it through Argo Rollouts, by a new image in the Rollout, or remove the Rollout ${rollout} first`
});
function byKeda(object, name, { stable, namespace }) {
    const deployment = stable.deployment.metadata.name;
    return {
        input: 'workload',
        problem: `${titleOf(object)} is controlled by ScaledObject ${name} of KEDA, which points it back to deployment/${deployment} in seconds and scales that up again: ` +
            `the new version would have no autoscaler, and the old one would run on`,
        example: `strategy: rolling, which keeps the Deployment; or pause it, kubectl -n ${namespace} annotate scaledobject ${name} autoscaling.keda.sh/paused=true, and set its scaleTargetRef.name to the Deployment that serves after the release`
    };
}
function flaggerFaults({ service, otherServices, stable }) {
    const { name, ownerReferences = [] } = service.metadata;
    const target = /^(.+)-canary$/.exec(name)?.[1];
    if (target === undefined || ownerReferences.some(isOfFlagger))
        return [];
    const labels = (0,kubernetes_selectors/* templateLabels */.MN)(stable.deployment.spec.template);
    const primary = otherServices.find(({ metadata, spec }) => {
        const isNamed = metadata.name === `${target}-primary`;
        return isNamed && !(0,kubernetes_selectors/* selects */.ko)(spec.selector, labels);
    });
    return primary === undefined ? [] : [byShape(service, primary)];
}
const byShape = (service, primary) => ({
    input: 'route',
    problem: `${titleOf(service)} is the canary's Service of a Flagger Canary: users come to the pods of ${titleOf(primary)} (${(0,kubernetes_selectors/* printSelector */.vJ)(primary.spec.selector)}), ` +
        'which Flagger copies from this workload. A release here would reach nobody, and say promoted',
    example: 'release it through Flagger, or name the Service that users come through, with its own workload'
});
const rolloutFaults = (rollouts, { metadata }) => rollouts
    .filter(({ spec }) => spec?.workloadRef?.kind === 'Deployment' && spec.workloadRef.name === metadata.name)
    .map((rollout) => byRollout(`deployment/${metadata.name}`, rollout.metadata.name));

;// CONCATENATED MODULE: ./src/plan/harm.ts



const harmToOthers = (observed, change) => [
    ...ownerFindings(observed, change.release).faults,
    ...rivalFaults(observed),
    ...neighbourFaults(observed, change)
];
function neighbourFaults(observed, { canary, leftovers = [] }) {
    const { stable, slots, neighbours } = observed;
    const besides = Object.entries(slots).flatMap(([slot, deployment]) => slot !== stable.slot && isTouched(deployment, canary, leftovers) ? [deployment] : []);
    const replaced = new Set(servedOnlyBy(neighbours, besides));
    const ended = servedOnlyBy(neighbours, [stable.deployment, ...besides]).filter((service) => !replaced.has(service) && !(0,kubernetes_selectors/* selects */.ko)(service.spec.selector, (0,kubernetes_selectors/* templateLabels */.MN)(canary.spec.template)));
    const serving = stable.deployment.metadata.name;
    const deed = serving === canary.metadata.name ? 'gives other labels' : 'ends';
    return [
        ...[...replaced].map((service) => faultOf(service, besides, 'ends or replaces', observed)),
        ...ended.map((service) => faultOf(service, [stable.deployment], deed, observed))
    ];
}
const isTouched = ({ metadata }, canary, leftovers) => metadata.name === canary.metadata.name || leftovers.includes(metadata.name);
function faultOf(service, deployments, deed, observed) {
    const { name } = service.metadata;
    const pods = deployments.map(({ metadata }) => `deployment/${metadata.name}`).join(' and ');
    return {
        input: 'route',
        problem: `service/${name} (${(0,kubernetes_selectors/* printSelector */.vJ)(service.spec.selector)}) in namespace ${observed.namespace} sends its users to pods of ${pods} alone, ` +
            `which this release ${deed}: nobody would serve behind it`,
        example: `one more line in route, service/${name}, so that it follows together with service/${observed.service.metadata.name}`
    };
}

;// CONCATENATED MODULE: ./src/plan/scraping.ts



function scraping_targetOf(deployment) {
    const { labels = {}, annotations = {} } = deployment.spec.template.metadata ?? {};
    const scraping = Object.entries(annotations).filter(([key]) => /prometheus|scrape|metric|monitor|telemetry/i.test(key));
    return JSON.stringify({
        annotations: scraping.sort(),
        labels: Object.keys(labels)
            .filter((key) => key !== SLOT_LABEL && key !== kubernetes_workload/* HASH_LABEL */.mE)
            .sort(),
        containers: listeningIn(deployment.spec.template.spec).map(({ name, ports = [] }) => [
            name,
            ports.map((port) => [port.name, port.containerPort])
        ])
    });
}
const isScrapedAlike = (one, other) => scraping_targetOf(one) === scraping_targetOf(other);

;// CONCATENATED MODULE: ./src/plan/together.ts



function sharedClaims({ canary, release }, { stable }) {
    if (release.strategy === 'recreate' || wantedReplicas(stable.deployment) === 0)
        return [];
    const before = claimsOf(stable.deployment);
    return [...new Set(claimsOf(canary))].filter((name) => before.includes(name));
}
const claimsIn = (manifests) => manifests.map(({ object }) => object).filter(({ kind }) => kind === 'PersistentVolumeClaim');
const claimsOf = ({ spec }) => (spec.template.spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
function clashesOf(wanted, serving, claims) {
    const { canary, release } = wanted;
    if (release.strategy === 'recreate' || wantedReplicas(serving.stable.deployment) === 0)
        return { faults: [], warnings: [] };
    const found = sharedClaims(wanted, serving).map((name) => together_judge(name, wanted, serving, claims));
    const faults = found.flatMap(({ fault }) => fault ?? []);
    const warnings = found.flatMap(({ warning }) => warning ?? []);
    const name = `deployment/${canary.metadata.name}`;
    const recreates = isRecreated(wanted, serving) && faults.length === 0
        ? [
            `${name} has strategy.type: Recreate, so somebody did not want two versions at the same time, and ${wayOf(release)} runs both; strategy: recreate does not`
        ]
        : [];
    return { faults, warnings: [...recreates, ...warnings] };
}
const isRecreated = ({ canary, after }, { stable }) => (after ?? rolloutOf(canary).strategy ?? rolloutOf(stable.deployment).strategy)?.type === 'Recreate';
const wayOf = ({ strategy, steps }) => `strategy: ${strategy ?? (steps === undefined ? 'blue-green' : 'canary')}`;
const FOR_ONE_POD = 'ReadWriteOncePod';
const FOR_MANY = ['ReadWriteMany', 'ReadOnlyMany'];
function together_judge(name, wanted, serving, claims) {
    const { canary, release } = wanted;
    const modes = claims.find(({ metadata }) => metadata.name === name)?.spec?.accessModes;
    const claim = `persistentvolumeclaim/${name}`;
    const mounts = `deployment/${canary.metadata.name} mounts ${claim} (${modes?.join(', ') ?? 'its accessModes cannot be read, which takes get on persistentvolumeclaims'})`;
    const asFault = (why) => ({
        fault: { input: 'strategy', problem: `${mounts}${why}`, example: 'strategy: recreate' }
    });
    if (modes?.some((mode) => FOR_MANY.includes(mode)))
        return {};
    if (modes?.includes(FOR_ONE_POD))
        return release.strategy === 'rolling' && surgeOf(canary) === 0
            ? {}
            : asFault(`, which one pod can have at a time: with ${wayOf(release)} no new pod could start while the old one runs`);
    if (isRecreated(wanted, serving))
        return asFault(` and has strategy.type: Recreate: with ${wayOf(release)} both versions would run at the same time, and write to one volume or wait for it on another node`);
    if (release.strategy === 'rolling')
        return {};
    if (modes === undefined && wantedReplicas(serving.stable.deployment) > 1)
        return {};
    const unless = modes === undefined ? ' unless it is for many nodes' : '';
    return {
        warning: `${mounts}: with ${wayOf(release)} both versions have it at the same time, and pods on another node wait for it until the release is undone${unless}; strategy: recreate does without both`
    };
}

;// CONCATENATED MODULE: ./src/preflight/claims.ts




const RESOURCE = 'persistentvolumeclaims';
async function findClashes(prepared, observed, rules, cluster) {
    const { namespace } = observed;
    const mayGet = (0,kubernetes_needs/* need */.$)('', RESOURCE, 'get').every((right) => rights_covers(rules, right));
    const names = mayGet ? sharedClaims(prepared, observed) : [];
    const read = await Promise.all(names.map((name) => readClaim(name, namespace, cluster)));
    return clashesOf(prepared, observed, [...read.flat(), ...claimsIn(prepared.manifests)]);
}
async function readClaim(name, namespace, cluster) {
    const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name };
    try {
        const claim = await cluster.get(ref);
        return claim === undefined ? [] : [claim];
    }
    catch (error) {
        if (error instanceof errors/* ClusterError */.b$ && error.status === 403)
            return [];
        throw error;
    }
}

;// CONCATENATED MODULE: ./src/preflight/connections.ts


const connections_GRACE = 30;
function connectionWarnings({ stable, canary, service, strategy }) {
    const ends = [stable, canary].flatMap((deployment) => graceProblem(deployment, service));
    const pauses = strategy === 'rolling' ? [stable, canary].flatMap((deployment) => pauseProblem(deployment, service)) : [];
    return [
        ...unservedPorts(service, [stable, canary]),
        ...byDeployment([...readinessProblem(canary, service), ...ends, ...pauses])
    ];
}
const unservedPorts = ({ metadata, spec }, versions) => (spec.ports ?? [])
    .filter((port) => versions.every((version) => !leadsTo(port, version)))
    .map(({ port, targetPort = '', protocol = 'TCP' }) => `service/${metadata.name}: port ${port} leads to the port named ${targetPort}${protocol === 'TCP' ? '' : ` (${protocol})`}, which neither version has: nobody is served through it`);
function byDeployment(problems) {
    const texts = [...new Set(problems.map(({ text }) => text))];
    return texts.map((text) => {
        const names = problems.filter((one) => one.text === text).map(({ deployment }) => deployment);
        return `${[...new Set(names)].map((name) => `deployment/${name}`).join(' and ')}: ${text}`;
    });
}
function servingContainers(deployment, { spec }) {
    const targets = (spec.ports ?? []).map(({ targetPort, port }) => targetPort ?? port);
    const containers = containersOf(deployment);
    const serving = listeningIn(deployment.spec.template.spec).filter(({ ports = [] }) => ports.some(({ name, containerPort }) => targets.includes(containerPort) || targets.includes(name ?? '')));
    return serving.length > 0 ? serving : containers;
}
function readinessProblem(deployment, service) {
    const { readinessGates = [] } = podOf(deployment);
    const serving = servingContainers(deployment, service);
    const tells = ({ readinessProbe, startupProbe }) => (readinessProbe ?? startupProbe) !== undefined;
    const [first] = serving;
    if (first === undefined || serving.some(tells) || readinessGates.length > 0)
        return [];
    const text = `container ${first.name} has no readinessProbe: its pods count as ready as soon as they run, so that users may come before anything listens; add for example readinessProbe: {httpGet: {path: /health, port: ${first.ports?.[0]?.name ?? first.ports?.[0]?.containerPort ?? 8080}}}`;
    return [{ deployment: deployment.metadata.name, text }];
}
function graceProblem(deployment, service) {
    const { terminationGracePeriodSeconds: grace = connections_GRACE } = podOf(deployment);
    const pause = Math.max(0, ...servingContainers(deployment, service).map(pauseOf));
    const tell = (text) => [{ deployment: deployment.metadata.name, text }];
    if (grace <= 1)
        return tell(`terminationGracePeriodSeconds: ${grace} kills its pods in the middle of requests on connections that are kept open; set terminationGracePeriodSeconds: ${connections_GRACE}, or what the longest request takes`);
    if (pause < grace)
        return [];
    return tell(`its preStop hook sleeps ${pause} s of terminationGracePeriodSeconds: ${grace}, so that its pods are killed before they can end their requests; set terminationGracePeriodSeconds: ${pause + connections_GRACE}`);
}
function pauseOf({ lifecycle }) {
    const { sleep, exec } = lifecycle?.preStop ?? {};
    const [command] = /\bsleep (\d+)/.exec(exec?.command?.join(' ') ?? '')?.slice(1) ?? [];
    return sleep?.seconds ?? Number(command ?? 0);
}
function pauseProblem(deployment, service) {
    const unpaused = servingContainers(deployment, service).find(({ lifecycle }) => lifecycle?.preStop === undefined);
    if (unpaused === undefined)
        return [];
    const text = `container ${unpaused.name} has no preStop hook: in place its pods end while proxies still send them requests, which fail unless it goes on answering for some seconds after SIGTERM; add lifecycle: {preStop: {sleep: {seconds: 10}}}`;
    return [{ deployment: deployment.metadata.name, text }];
}
const podOf = ({ spec }) => spec.template.spec;

;// CONCATENATED MODULE: ./src/plan/dependents.ts

function dependentWarnings(canary, stable, autoscalers, budgets) {
    if (canary.metadata.name === stable.metadata.name)
        return [];
    const [old, next] = [stable, canary].map(({ metadata }) => `deployment/${metadata.name}`);
    const lost = autoscalers.some((one) => isFor(one, canary))
        ? []
        : autoscalers.filter((one) => isFor(one, stable));
    const [was, is] = [stable, canary].map(({ spec }) => (0,kubernetes_selectors/* templateLabels */.MN)(spec.template));
    const narrow = budgets.some((one) => protects(one, is)) ? [] : budgets.filter((one) => protects(one, was));
    return [
        ...lost.map(({ metadata }) => `verticalpodautoscaler/${metadata.name} is for ${old}, which has no pods after the release: those of ${next} keep the requests of their template. Make one for ${next} too, or take strategy: rolling, which keeps the Deployment`),
        ...narrow.map(({ metadata }) => `poddisruptionbudget/${metadata.name} selects the pods of ${old} and not those of ${next}: when a node is drained after the release, all of the new ones may end at once. Leave the label that tells the two apart out of its selector`)
    ];
}
const isFor = ({ spec }, { metadata }) => spec?.targetRef?.kind === 'Deployment' && spec.targetRef.name === metadata.name;
function protects({ spec }, labels = {}) {
    const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {};
    return (spec?.selector !== undefined &&
        Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
        matchExpressions.every(({ key, operator, values = [] }) => {
            const value = labels[key];
            const isAmong = value !== undefined && values.includes(value);
            if (operator === 'In')
                return isAmong;
            if (operator === 'NotIn')
                return !isAmong;
            return (value !== undefined) === (operator === 'Exists');
        }));
}

;// CONCATENATED MODULE: ./src/preflight/dependents.ts




async function findDependents({ canary }, { namespace, stable }, rules, cluster) {
    const list = async ([group, version], kind, resource) => {
        if (!(0,kubernetes_needs/* need */.$)(group, resource, 'list').every((right) => rights_covers(rules, right)))
            return [];
        return unlessAbsent(cluster.list({ apiVersion: `${group}/${version}`, kind, namespace }));
    };
    const [autoscalers, budgets] = await Promise.all([
        list(['autoscaling.k8s.io', 'v1'], 'VerticalPodAutoscaler', 'verticalpodautoscalers'),
        list(['policy', 'v1'], 'PodDisruptionBudget', 'poddisruptionbudgets')
    ]);
    return dependentWarnings(canary, stable.deployment, autoscalers, budgets);
}
async function unlessAbsent(listed) {
    try {
        return await listed;
    }
    catch (error) {
        if (error instanceof errors/* ClusterError */.b$)
            return [];
        throw error;
    }
}

;// CONCATENATED MODULE: ./src/plan/as-written.ts
const METADATA = new Set([
    'annotations',
    'clusterName',
    'creationTimestamp',
    'deletionGracePeriodSeconds',
    'deletionTimestamp',
    'finalizers',
    'generateName',
    'generation',
    'labels',
    'managedFields',
    'name',
    'namespace',
    'ownerReferences',
    'resourceVersion',
    'selfLink',
    'uid'
]);
function as_written_asWritten(canary, written) {
    const { metadata, spec, status: _, ...rest } = written;
    const strange = Object.entries(metadata).filter(([key]) => !METADATA.has(key));
    const sizes = Object.entries({ replicas: spec.replicas, paused: spec.paused }).filter(([, value]) => value !== undefined);
    return {
        ...rest,
        ...canary,
        metadata: { ...Object.fromEntries(strange), ...canary.metadata },
        spec: { ...canary.spec, ...Object.fromEntries(sizes) }
    };
}

;// CONCATENATED MODULE: ./src/preflight/dry-run.ts







async function tryCanary(canary, written, cluster) {
    const source = written?.source ?? `deployment/${canary.metadata.name}`;
    const { options, warned } = listening(source, written !== undefined);
    try {
        const whole = written === undefined ? canary : as_written_asWritten(canary, written.object);
        const { resourceVersion, ...metadata } = whole.metadata;
        const tried = { ...whole, metadata };
        const kept = resourceVersion === undefined ? cluster.create(tried, options) : cluster.replace(tried, options);
        return { canary: await kept, warned };
    }
    catch (error) {
        if (isConflict(error))
            return { canary: undefined, warned };
        const refusal = refusalIn(error, canary);
        const problem = written === undefined ? refusal.problem : `${source}: ${ofTheirs(refusal.problem, written)}`;
        return { canary: undefined, warned, refusal: { ...refusal, problem } };
    }
}
const ofTheirs = (problem, { object }) => problem.replace(/^cannot (?:create|update) deployment\/(\S+?)(?= in namespace|:)/, (whole, tried) => tried === object.metadata.name
    ? whole
    : `Deployment ${object.metadata.name}, released as ${tried}, is refused`);
function listening(source, strict) {
    const warned = [];
    return { warned, options: { dryRun: true, strict, onWarning: (text) => warned.push({ source, text }) } };
}
async function tryManifest(manifest, cluster) {
    const { options, warned } = listening(manifest.source, true);
    try {
        const kept = await applied(manifest.object, cluster, options);
        const left = removals(kept);
        if (left === undefined)
            return { manifest, warned, kept };
        return { manifest, warned, kept: await cluster.patch((0,ref/* refOf */.H8)(kept), left, { dryRun: true }) };
    }
    catch (error) {
        if (error instanceof errors/* ClusterError */.b$ && error.status === 404)
            return { manifest, warned, kept: undefined, lacking: error.message };
        return { manifest, warned, kept: undefined, refusal: refusalIn(error, manifest.object) };
    }
}
async function applied(object, cluster, options) {
    try {
        return await cluster.apply(object, options);
    }
    catch (error) {
        const live = isInvalid(error) ? await cluster.get((0,ref/* refOf */.H8)(object)) : undefined;
        if (live === undefined || takeOverFirst(live) === undefined)
            throw error;
        return cluster.replace(object, options).catch(() => {
            throw error;
        });
    }
}
function refusalIn(error, { metadata }) {
    if (!(error instanceof errors/* ClusterError */.b$) || error.status === 0)
        throw error;
    const { message, status } = error;
    const right = status === 403 ? rightIn(message) : undefined;
    const namespace = message.includes('at the cluster scope') ? undefined : metadata.namespace;
    return { problem: message, lack: right && { right, namespace } };
}
function apiWarnings(warned) {
    const places = new Map();
    for (const { text, source } of warned)
        places.set(text, [...(places.get(text) ?? []), source]);
    return [...places].map(([text, sources]) => `${[...new Set(sources)].join(', ')}: the API server warns: ${text}`);
}
const canaryFaults = ({ refusal }, isTold) => refusal === undefined || (refusal.lack !== undefined && isTold(refusal.lack))
    ? []
    : [{ input: 'manifests', problem: refusal.problem }];
const absenceFaults = (tried) => tried.flatMap(({ manifest, lacking }, at) => {
    const earlier = tried.slice(0, at).map((one) => one.manifest.object);
    if (lacking === undefined || earlier.some((object) => brings(object, manifest.object)))
        return [];
    const { kind, metadata } = manifest.object;
    return [{ input: 'manifests', problem: `${manifest.source}: ${kind} ${metadata.name}: ${lacking}` }];
});
function brings(earlier, { apiVersion, kind, metadata }) {
    if (earlier.kind === 'Namespace')
        return earlier.metadata.name === metadata.namespace;
    if (earlier.kind !== 'CustomResourceDefinition')
        return false;
    const { spec } = earlier;
    return (0,kubernetes_tree/* isTree */.x)(spec) && (0,kubernetes_tree/* isTree */.x)(spec.names) && spec.names.kind === kind && spec.group === (0,ref/* groupOf */.F8)(apiVersion);
}
function manifestFaults(tried, isTold) {
    const lacks = new Map();
    const faults = [];
    for (const { manifest, refusal } of tried) {
        if (refusal === undefined)
            continue;
        const { problem, lack } = refusal;
        if (lack === undefined)
            faults.push({ input: 'manifests', problem: `${manifest.source}: ${problem}` });
        else if (!isTold(lack)) {
            const missing = describeMissing(lack.right, lack.namespace, ['create', 'patch']);
            lacks.set(missing, [...(lacks.get(missing) ?? []), manifest.source]);
        }
    }
    const missing = [...lacks].map(([problem, sources]) => ({
        input: 'kubeconfig',
        problem: `${[...new Set(sources)].join(', ')}: ${problem}`
    }));
    return [...faults, ...missing];
}

;// CONCATENATED MODULE: ./src/preflight/edits.ts




function editsOf(steps, { release, routes, steps: shares }, observed) {
    const { service, stable, slots, autoscaler, namespace } = observed;
    const { selectors } = release;
    const becomes = [
        selectors.stable,
        selectors.canary,
        ...(selectors.both === undefined ? [] : [selectors.both])
    ];
    const selecting = methodOf(release)
        .movesTrafficOn(observed)
        .filter(({ kind }) => kind === 'Service')
        .map((object) => ({ object, field: '/spec/selector', becomes }));
    const backends = backendsOf(release, namespace, service.metadata.name);
    const splits = [...shares.map(({ split }) => split), { weight: 100 }];
    return [
        ...selecting,
        ...steps.flatMap((step) => {
            if (step.kind === 'scale-down' && step.side === 'stable')
                return [{ object: stable.deployment, field: '/spec/replicas' }];
            if (step.kind === 'retire')
                return slotNamed(step.deployment, slots).map((object) => ({ object, field: '/spec/replicas' }));
            if (step.kind === 'replace')
                return [{ object: stable.deployment, field: '/spec/template' }];
            if (step.kind === 'point-autoscaler' && autoscaler !== undefined)
                return [{ object: autoscaler, field: '/spec/scaleTargetRef' }];
            if (step.kind !== 'start')
                return [];
            return slotNamed(step.deployment.metadata.name, slots).flatMap((object) => ['/spec/replicas', '/spec/template'].map((field) => ({ object, field })));
        }),
        ...routes.flatMap((route) => routeEdits(route, backends, splits))
    ];
}
const slotNamed = (name, slots) => Object.values(slots).filter(({ metadata }) => metadata.name === name);
function routeEdits({ route, objects }, backends, splits) {
    const fields = (object) => [
        ...splits.flatMap((split) => route.split(objects, backends, split)),
        ...(route.follow?.(objects, backends) ?? [])
    ]
        .filter((written) => (0,ref/* keyOf */.TN)(written) === (0,ref/* keyOf */.TN)(object))
        .flatMap((written) => changes(object, written).map(({ path }) => path));
    return objects.flatMap((object) => [...new Set(fields(object))].filter(edits_isOthers).map((field) => ({ object, field })));
}
const edits_isOthers = (field) => field !== '/metadata/resourceVersion' &&
    field !== '/metadata/annotations' &&
    !field.startsWith('/metadata/annotations/greenlight.dev');

;// CONCATENATED MODULE: ./src/preflight/gitops-findings.ts



const RESPECT = 'RespectIgnoreDifferences=true';
function judgeOwner(owner, live, edits) {
    const kept = edits.filter(({ object, field, becomes }) => declares(object, owner, field, becomes) !== false);
    if (kept.length === 0)
        return errors/* NO_FINDINGS */.BU;
    const certain = kept.filter(({ object, field, becomes }) => declares(object, owner, field, becomes) === true);
    switch (owner.kind) {
        case 'Application':
            return judgeApplication(owner, live, kept, certain);
        case 'Kustomization':
            return judgeKustomization(owner, live, kept, certain);
        case 'HelmRelease':
            return judgeHelmRelease(owner, live, kept, certain);
    }
}
const gitops_findings_fault = (problem, example) => ({
    faults: [{ input: 'workload', problem, example }],
    warnings: []
});
const warning = (text) => ({ faults: [], warnings: [text] });
function judgeApplication(owner, live, kept, certain) {
    const name = owner.name === '' ? 'an Application of Argo CD' : `Application ${owner.name} of Argo CD`;
    const { ignoreDifferences = [], syncPolicy = {} } = live?.spec ?? {};
    const open = kept.filter((edit) => !ignoreDifferences.some((ignored) => isIgnored(edit, ignored)));
    const respects = syncPolicy.syncOptions?.includes(RESPECT) === true;
    const remedy = `spec.ignoreDifferences: [${argoLines(open)}] and spec.syncPolicy.syncOptions: [${RESPECT}] in it`;
    if (live === undefined)
        return warning(`${name} has ${print(open)} in Git, and whether it would revert the release cannot be read (get applications in namespace ${owner.namespace}): it has to have ${remedy}`);
    if (open.length === 0)
        return respects
            ? errors/* NO_FINDINGS */.BU
            : warning(`${name} ignores what the release changes, but its next sync would revert it: add spec.syncPolicy.syncOptions: [${RESPECT}] to it`);
    const { automated } = syncPolicy;
    const heals = automated?.selfHeal === true && automated.enabled !== false;
    return heals && open.some((edit) => certain.includes(edit))
        ? gitops_findings_fault(`${name} has selfHeal and would revert the release in seconds: in Git it has ${print(open)}`, remedy)
        : warning(`the next sync of ${name} would revert the release: in Git it has ${print(open)}; add ${remedy}`);
}
const groupOf = ({ apiVersion }) => apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
const gitops_findings_matches = (pattern, value) => pattern === undefined || pattern === '' || pattern === '*' || pattern === value;
function isIgnored({ object, field }, ignored) {
    const { name, namespace = '' } = object.metadata;
    const { group = '', jsonPointers = [], jqPathExpressions = [], managedFieldsManagers = [] } = ignored;
    return ((group === '*' || group === groupOf(object)) &&
        gitops_findings_matches(ignored.kind, object.kind) &&
        gitops_findings_matches(ignored.name, name) &&
        gitops_findings_matches(ignored.namespace, namespace) &&
        (managedFieldsManagers.includes('greenlight') ||
            [...jsonPointers, ...jqPathExpressions.map(asPointer)].some((path) => touches(path, field))));
}
const asPointer = (expression) => (/^[.\w]+/.exec(expression)?.[0] ?? '').replaceAll('.', '/');
const touches = (path, field) => path !== '' && path !== '/' && (`${field}/`.startsWith(`${path}/`) || path.startsWith(`${field}/`));
function judgeKustomization(owner, live, kept, certain) {
    const { suspend = false, ignore = [] } = live?.spec ?? {};
    const open = kept.filter((edit) => !ignore.some((rule) => isExempt(edit, rule)));
    if (suspend || open.length === 0)
        return errors/* NO_FINDINGS */.BU;
    const name = `Kustomization ${owner.name} of Flux (namespace ${owner.namespace})`;
    const objects = [...new Set(open.map(gitops_findings_titleOf))].map((title) => sh `${title}`).join(' ');
    const namespace = open[0]?.object.metadata.namespace ?? '';
    const remedy = `${sh `kubectl -n ${namespace} annotate`} ${objects} kustomize.toolkit.fluxcd.io/reconcile=disabled, and the same annotation in Git`;
    return open.some((edit) => certain.includes(edit))
        ? gitops_findings_fault(`${name} would revert the release at its next interval: it applies ${print(open)}`, remedy)
        : warning(`${name} may revert the release at its next interval, if Git has ${print(open)}: ${remedy}`);
}
function judgeHelmRelease(owner, live, kept, certain) {
    const { suspend = false, driftDetection = {} } = live?.spec ?? {};
    const open = kept.filter((edit) => !(driftDetection.ignore ?? []).some((rule) => isExempt(edit, rule)));
    if (suspend || open.length === 0)
        return errors/* NO_FINDINGS */.BU;
    const name = `HelmRelease ${owner.name} of Flux (namespace ${owner.namespace})`;
    const corrects = driftDetection.mode === 'enabled';
    return corrects && open.some((edit) => certain.includes(edit))
        ? gitops_findings_fault(`${name} corrects drift and would revert the release at its next interval: its chart has ${print(open)}`, `spec.driftDetection.ignore: [${open.map(fluxRule).join(', ')}] in it`)
        : warning(`the next upgrade of ${name} would revert the release: its chart has ${print(open)}; leave these out of the chart`);
}
const isExempt = ({ object, field }, { paths = [], target = {} }) => gitops_findings_matches(target.kind, object.kind) &&
    gitops_findings_matches(target.name, object.metadata.name) &&
    gitops_findings_matches(target.namespace, object.metadata.namespace ?? '') &&
    paths.some((path) => touches(path, field));
const gitops_findings_titleOf = ({ object }) => `${object.kind.toLowerCase()}/${object.metadata.name}`;
const print = (edits) => edits.map((edit) => `${edit.field} of ${gitops_findings_titleOf(edit)}`).join(', ');
const argoLines = (edits) => [...new Set(edits.map(gitops_findings_titleOf))]
    .map((title) => {
    const those = edits.filter((edit) => gitops_findings_titleOf(edit) === title);
    const [{ object } = { object: undefined }] = those;
    if (object === undefined)
        return '';
    const group = groupOf(object) === '' ? '""' : groupOf(object);
    const fields = those.map(({ field }) => field).join(', ');
    return `{group: ${group}, kind: ${object.kind}, name: ${object.metadata.name}, jsonPointers: [${fields}]}`;
})
    .join(', ');
const fluxRule = ({ object, field }) => `{paths: [${field}], target: {kind: ${object.kind}, name: ${object.metadata.name}}}`;

;// CONCATENATED MODULE: ./src/preflight/gitops.ts



const versions = {
    Application: 'argoproj.io/v1alpha1',
    Kustomization: 'kustomize.toolkit.fluxcd.io/v1',
    HelmRelease: 'helm.toolkit.fluxcd.io/v2'
};
async function gitOpsFindings(edits, cluster) {
    const owners = new Map();
    for (const edit of edits) {
        const owner = gitOpsOwnerOf(edit.object);
        if (owner === undefined)
            continue;
        const key = JSON.stringify(owner);
        owners.set(key, { owner, edits: [...(owners.get(key)?.edits ?? []), edit] });
    }
    const findings = await Promise.all([...owners.values()].map(async ({ owner, edits: own }) => judgeOwner(owner, await readOwner(owner, cluster), own)));
    return {
        faults: findings.flatMap(({ faults }) => faults),
        warnings: findings.flatMap(({ warnings }) => warnings)
    };
}
async function readOwner({ kind, name, namespace }, cluster) {
    if (name === '')
        return undefined;
    try {
        return await cluster.get({ apiVersion: versions[kind], kind, namespace, name });
    }
    catch (error) {
        if (error instanceof errors/* ClusterError */.b$ && error.status !== 0)
            return undefined;
        throw error;
    }
}

;// CONCATENATED MODULE: ./src/preflight/measured-stable.ts


function measuredStable(observed) {
    const { namespace, workload, service, stable, routes } = observed;
    const { name } = service.metadata;
    const { servicePort } = entranceOf(observed, routes, stable.deployment);
    const [route] = routes;
    return {
        namespace,
        workload,
        slot: stable.slot,
        service: name,
        side: 'stable',
        deployment: stable.deployment.metadata.name,
        backend: {
            service: name,
            port: servicePort?.port,
            ...(servicePort?.name === undefined ? {} : { portName: servicePort.name })
        },
        ...(route === undefined ? {} : { route: route.name }),
        ...(stable.hash === '' ? {} : { replicaSet: `${stable.deployment.metadata.name}-${stable.hash}` }),
        pods: stable.pods.map(({ metadata }) => ({
            name: metadata.name,
            createdAt: Date.parse(metadata.creationTimestamp ?? '')
        })),
        probes: probesOf(stable.deployment),
        releaseStartedAt: 0
    };
}

;// CONCATENATED MODULE: ./src/preflight/quota-demand.ts



const limited = {
    pods: 'pods',
    'count/pods': 'pods',
    cpu: ['requests', 'cpu'],
    'requests.cpu': ['requests', 'cpu'],
    'limits.cpu': ['limits', 'cpu'],
    memory: ['requests', 'memory'],
    'requests.memory': ['requests', 'memory'],
    'limits.memory': ['limits', 'memory']
};
const ONE = parseQuantity(1) ?? 1n;
const quotaFaults = (demand, quotas, limitRanges, ending = []) => quotas
    .filter(({ spec }) => (spec?.scopes ?? []).length === 0 && spec?.scopeSelector === undefined)
    .flatMap((quota) => Object.keys(quota.status?.hard ?? {}).flatMap((name) => excess({ ...demand, defaults: defaultsIn(limitRanges), ending }, quota, name)));
function excess({ deployment, before, moments, retired = [], defaults, ending }, { metadata, status }, name) {
    const hard = parseQuantity(status?.hard?.[name] ?? '');
    const used = parseQuantity(status?.used?.[name] ?? 0);
    const what = limited[name];
    if (what === undefined || hard === undefined || used === undefined)
        return [];
    const usage = (spec) => (what === 'pods' ? ONE : podUsage(spec, ...what, defaults));
    const each = usage(deployment.spec.template.spec);
    const more = each - (before === undefined ? each : usage(before));
    const wanted = moments
        .map(({ added, replaced }) => BigInt(added) * each + BigInt(replaced) * more)
        .reduce((most, one) => (one > most ? one : most), 0n);
    const gone = [
        ...ending.map(({ spec }) => usage(spec)),
        ...retired.map((one) => BigInt(wantedReplicas(one)) * usage(one.spec.template.spec))
    ];
    const freed = gone.reduce((total, one) => total + one, 0n);
    if (wanted <= 0n || used - freed + wanted <= hard)
        return [];
    const print = (nanos) => printQuantity(nanos, name.endsWith('memory') ? 'bytes' : 'units');
    return [
        {
            input: 'workload',
            problem: `deployment/${deployment.metadata.name} does not fit into resourcequota/${metadata.name} in namespace ${metadata.namespace ?? ''}: ${name}: ${print(wanted)} more are wanted (${print(each)} a pod), ${print(used)} of ${print(hard)} are in use`,
            example: `${name}: ${JSON.stringify(print(used + wanted))} in spec.hard of that quota`
        }
    ];
}
const limitFaults = ({ deployment }, limitRanges) => limitRanges.flatMap(({ metadata, spec }) => (spec?.limits ?? []).flatMap(({ type, max = {} }) => Object.entries(max).flatMap(([resource, most]) => tooLarge(deployment, { type, resource, most: parseQuantity(most) }, defaultsIn(limitRanges)).map(([what, found]) => ({
    input: 'workload',
    problem: `${what} of deployment/${deployment.metadata.name} would have ${found}, and limitrange/${metadata.name} in namespace ${metadata.namespace ?? ''} allows ${resource} up to ${most}`,
    example: `a limit of ${most} or less, or a larger max in that LimitRange`
})))));
function tooLarge({ spec }, { type, resource, most }, defaults) {
    const pod = spec.template.spec;
    const print = (nanos) => printQuantity(nanos, resource === 'memory' ? 'bytes' : 'units');
    if (most === undefined)
        return [];
    if (type === 'Pod') {
        const sum = podUsage(pod, 'limits', resource, defaults);
        return sum > most ? [['a pod', `limits.${resource} of ${print(sum)}`]] : [];
    }
    if (type !== 'Container')
        return [];
    return allContainers(pod)
        .flatMap((container) => ['limits', 'requests'].flatMap((side) => {
        const found = quantityIn(container, side, resource, defaults);
        return found !== undefined && found > most
            ? [[`container ${container.name}`, `${side}.${resource} of ${print(found)}`]]
            : [];
    }))
        .slice(0, 1);
}

;// CONCATENATED MODULE: ./src/preflight/quota.ts






async function roomFaults(prepared, observed, rules, cluster) {
    const { namespace } = observed;
    const demand = methodOf(prepared.release).demand(prepared, observed);
    const listed = async (kind, resource) => {
        if (!(0,kubernetes_needs/* need */.$)('', resource, 'list').every((right) => rights_covers(rules, right)))
            return [];
        try {
            return await cluster.list({ apiVersion: 'v1', kind, namespace });
        }
        catch (error) {
            if (error instanceof errors/* ClusterError */.b$ && error.status === 403)
                return [];
            throw error;
        }
    };
    const [quotas, limitRanges] = await Promise.all([
        listed('ResourceQuota', 'resourcequotas'),
        listed('LimitRange', 'limitranges')
    ]);
    const tight = quotaFaults(demand, quotas, limitRanges);
    const limits = limitFaults(demand, limitRanges);
    if (tight.length === 0)
        return limits;
    const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace });
    return [...quotaFaults(demand, quotas, limitRanges, pods.filter(isEnding)), ...limits];
}

;// CONCATENATED MODULE: ./src/preflight/preflight.ts

















async function preflight_preflight(candidate, sampler, ports, signal) {
    const { prepared, observed } = candidate;
    const [{ namespace }, { cluster }] = [observed, ports];
    const rules = readRules(cluster, namespace);
    const [missing, room, others, undo, canary, manifests, checks] = await Promise.all([
        rules.then((known) => missingRights(cluster, namespace, neededBy(candidate), known)),
        rules.then((known) => roomFaults(prepared, observed, known, cluster)),
        rules.then((known) => findingsOfOthers(candidate, known, cluster)),
        undoFaults(prepared.release, observed, ports),
        tryCanary(prepared.canary, prepared.written, cluster),
        Promise.all(prepared.manifests.map((manifest) => tryManifest(manifest, cluster))),
        sampler?.preflight(measuredStable(observed), signal, needIn(candidate, ports)) ?? errors/* NO_FINDINGS */.BU
    ]);
    const isTold = (lack) => lack.namespace === namespace && missing.some((right) => isSame(right, lack.right));
    return {
        faults: [
            ...rightsFaults(missing, namespace),
            ...undo,
            ...canaryFaults(canary, isTold),
            ...manifestFaults(manifests, isTold),
            ...absenceFaults(manifests),
            ...checks.faults
        ],
        obstacles: [...room, ...others.faults],
        warnings: [
            ...checks.warnings,
            ...others.warnings,
            ...apiWarnings([canary, ...manifests].flatMap(({ warned }) => warned)),
            ...connectionsOf(candidate, canary.canary ?? prepared.canary)
        ],
        canary: canary.canary,
        manifests
    };
}
function needIn({ inputs, observed, prepared }, { log }) {
    const isMeasuredFirst = inputs.smokeTests.some(({ kind }) => kind === 'load');
    if (inputs.onNoData !== 'fail' || isMeasuredFirst)
        return undefined;
    return {
        alike: isScrapedAlike(observed.stable.deployment, prepared.canary),
        tell: (text) => {
            log.line(text);
        }
    };
}
async function findingsOfOthers({ prepared, steps, observed }, rules, cluster) {
    const [owners, clashes, rollouts, dependents] = await Promise.all([
        gitOpsFindings(editsOf(steps, prepared, observed), cluster),
        findClashes(prepared, observed, rules, cluster),
        readRollouts(observed.namespace, rules, cluster),
        findDependents(prepared, observed, rules, cluster)
    ]);
    return {
        faults: [
            ...rolloutFaults(rollouts, observed.stable.deployment),
            ...harmToOthers(observed, prepared),
            ...clashes.faults,
            ...owners.faults
        ],
        warnings: [
            ...owners.warnings,
            ...clashes.warnings,
            ...dependents,
            ...ownerFindings(observed, prepared.release).warnings
        ]
    };
}
const neededBy = ({ prepared, steps, observed, inputs }) => needsOf({
    steps: [...steps, ...wayBack(prepared.release)],
    routes: prepared.routes.map(({ route }) => route),
    smokeTests: inputs.smokeTests,
    services: [observed.service, ...observed.companions, ...observed.otherServices]
});
const isSame = (one, other) => one.verb === other.verb &&
    one.group === other.group &&
    one.resource === other.resource &&
    one.subresource === other.subresource;
const connectionsOf = ({ prepared, observed }, canary) => connectionWarnings({
    stable: observed.stable.deployment,
    canary,
    service: observed.service,
    strategy: prepared.release.strategy
});
async function undoFaults(release, { namespace }, { cluster }) {
    const needed = methodOf(release).bringsBack(release);
    const found = await Promise.all(needed.map((version) => readReplicaSet(namespace, version, cluster)));
    return needed
        .filter((_, at) => found[at] === undefined)
        .map(({ deployment, hash }) => ({
        input: 'workload',
        problem: `replicaset/${deployment}-${hash} in namespace ${namespace} is gone: it held the template that serves, without which nothing could be undone`,
        example: `revisionHistoryLimit: 2 in deployment/${deployment}`
    }));
}

;// CONCATENATED MODULE: ./src/commands/require-shape.ts


async function requireShape(manifests, namespace, cluster) {
    const faults = await shapeFaults(manifests, namespace, cluster);
    (0,errors/* refuse */.TR)(faults);
}
async function shapeFaults(manifests, namespace, cluster) {
    const faults = await Promise.all(manifests.map(async ({ object, source }) => {
        const wrong = misshapen(object);
        if (wrong === undefined)
            return [];
        const problem = `${source}: ${object.kind} ${object.metadata.name} cannot be read: ${wrong}`;
        const words = await require_shape_refusalOf({ ...object, metadata: { namespace, ...object.metadata } }, cluster);
        return [{ input: 'manifests', problem: words === undefined ? problem : `${source}: ${words}` }];
    }));
    return faults.flat();
}
async function require_shape_refusalOf(object, cluster) {
    if (object.kind === 'Secret')
        return undefined;
    try {
        await cluster.create(object, { dryRun: true, strict: true });
        return undefined;
    }
    catch (error) {
        if (!(error instanceof errors/* ClusterError */.b$))
            throw error;
        return [400, 422].includes(error.status) ? error.message : undefined;
    }
}

;// CONCATENATED MODULE: ./src/commands/prepare-release.ts
















async function prepareRelease(invocation, observed) {
    const { inputs, origin, createSampler, ports, signal } = invocation;
    const given = await readGiven(invocation, observed);
    const method = methodFor(inputs.strategy);
    const prepared = method.prepare(inputs, observed, given.manifests, origin);
    if ('length' in prepared)
        throw new errors/* InputError */.dz([...given.faults, ...prepared]);
    const plan = method.plan(prepared, inputs, drainOf(prepared.routes));
    const sampler = samplerFor(inputs, createSampler, prepared.routes);
    const candidate = { prepared, steps: plan, observed, inputs };
    const { faults, obstacles, warnings, ...tried } = await preflight_preflight(candidate, sampler, ports, signal);
    if (tried.canary !== undefined && isUnchanged(tried.canary, prepared.serving, slotLabelsOf(observed))) {
        (0,errors/* refuse */.TR)(faults);
        return nothingNew(tried.manifests, observed, ports);
    }
    const late = patienceFaults(prepared.canary, inputs.timeout);
    (0,errors/* refuse */.TR)([...given.faults, ...faults, ...deletedFaults(prepared, observed), ...obstacles, ...late]);
    const found = [...nobodyServes(observed), ...strayAutoscaler(observed, prepared.release)];
    const told = [...found, ...given.warnings, ...warnings, ...prepared.warnings, ...unwatched(tried.manifests)];
    for (const note of given.notes)
        ports.log.line(note);
    for (const warning of told)
        ports.log.warning(warning);
    return { ...prepared, plan, sampler, warnings: told, tried };
}
async function readGiven({ manifests, ports }, observed) {
    await requireShape(manifests, observed.namespace, ports.cluster);
    requireRoutes(observed);
    const authored = asAuthored(manifests, observed);
    (0,errors/* refuse */.TR)(authored.faults);
    const given = withoutHooks(authored.manifests, observed);
    const repeated = repeatedFaults(given.manifests, observed.namespace);
    if (repeated.length > 0)
        throw new errors/* InputError */.dz([...given.faults, ...repeated]);
    return { ...given, warnings: [...authored.warnings, ...given.warnings] };
}
const deletedFaults = ({ live }, { service, companions, stable }) => endingFaults([service, ...companions, stable.deployment, ...(live === undefined ? [] : [live])]);
async function nothingNew(tried, observed, { cluster, log }) {
    const warnings = [...(await unapplied(tried, observed, cluster)), ...strayAutoscaler(observed)];
    for (const warning of warnings)
        log.warning(warning);
    return { unapplied: warnings };
}

;// CONCATENATED MODULE: ./src/commands/turned-down.ts








async function turnedDown(error, invocation, isTouched) {
    const { origin, target, ports, inputs } = invocation;
    const observed = await turned_down_look(error, invocation);
    const known = observed === undefined
        ? {
            ...(0,empty_outcome/* emptyOutcome */.w)(inputs.command, origin, ports.clock.now()),
            namespace: target.namespace,
            workload: target.workload
        }
        : { ...lookedAt(observed, invocation), ...leftIn(observed) };
    return { ...known, ...endOf(error), ...(isTouched ? { touched: true } : {}) };
}
const endOf = (error) => ({
    result: error instanceof errors/* Cancelled */.cJ ? 'aborted' : 'failed',
    reason: (0,errors/* messageOf */.bD)(error)
});
async function turned_down_look(error, { target, ports, signal }) {
    if (signal.aborted || (error instanceof errors/* ClusterError */.b$ && error.status === 0))
        return undefined;
    return observe(target, ports).catch(() => undefined);
}
function leftIn(observed) {
    const record = inRelease(observed)?.record;
    if (record === undefined)
        return {};
    const { id, phase, canary } = record;
    const next = `Release ${id} still waits for approval, with ${(0,routes_split/* describeSplit */.iO)(splitOf(record))} on ${canary.deployment}, and nobody watches: command: promote goes on with it, command: abort puts stable back.`;
    return { ...underWay(record, observed), ...(phase === 'waiting' ? { next: [next] } : {}) };
}
function turnedDownAfter(error, run, invocation) {
    const { result, reason } = endOf(error);
    const told = `release ${run.initial.id}, which its run had left, was ${practiceOf(run).recovered(run)}. Nothing was begun after that:\n${reason}`;
    return outcomeOf(run, { result, reason: told, next: [] }, invocation);
}

;// CONCATENATED MODULE: ./src/commands/deploy.ts













async function deploy(invocation) {
    const { target, ports, signal } = invocation;
    const observed = await observe(target, ports);
    const left = inRelease(observed);
    if (left !== undefined)
        return afterRecovery(invocation, left);
    const prepared = await prepareRelease(invocation, observed);
    if ('unapplied' in prepared)
        return { ...lookedAt(observed, invocation), warnings: prepared.unapplied };
    return withLock(invocation, observed, async (lock) => {
        const run = deploy_begin(prepared, observed, lock, invocation);
        const ending = await executeOrRestore(prepared.plan, run, signal);
        await tidyConfig(run, ending, signal);
        return outcomeOf(run, ending, invocation);
    });
}
function deploy_begin(prepared, observed, lock, { inputs, ports }) {
    const stable = observed.stable.deployment;
    const run = beginRun({ ...observed, ...prepared, stable, lock, begun: false }, ports, inputs);
    const { id, stable: before, canary } = prepared.release;
    const ways = trafficsOf(run).map(({ title }) => title);
    ports.log.quote(`release ${id} in namespace ${run.namespace}: ${before.images.join(', ')} on ${before.deployment} → ${canary.images.join(', ')} on ${canary.deployment}, users come through ${ways.join(', ')}`);
    run.journal.warnings.push(...prepared.warnings);
    return run;
}
async function afterRecovery(invocation, seen) {
    const needs = await needsToEnd(seen, invocation.ports);
    const run = await exclusively(invocation, seen, needs, async (observed, lock) => {
        const left = inRelease(observed);
        return left === undefined ? undefined : recover(left, lock, invocation);
    });
    if (run === undefined)
        return deploy(invocation);
    const untidy = untidyEnding(run);
    if (untidy !== undefined)
        return outcomeOf(run, untidy, invocation);
    return deploy(invocation).catch((error) => turnedDownAfter(error, run, invocation));
}

;// CONCATENATED MODULE: ./src/commands/noting.ts

function noting(cluster) {
    let touched = false;
    const writing = async (kind, dryRun, write) => {
        const counts = dryRun !== true && kind !== 'Lease' && !kind.endsWith('Review');
        try {
            const written = await write();
            touched ||= counts;
            return written;
        }
        catch (error) {
            touched ||= counts && (!(error instanceof errors/* ClusterError */.b$) || error.status === 0);
            throw error;
        }
    };
    return {
        isTouched: () => touched,
        cluster: {
            ...cluster,
            create: (object, options) => writing(object.kind, options?.dryRun, () => cluster.create(object, options)),
            replace: (object, options) => writing(object.kind, options?.dryRun, () => cluster.replace(object, options)),
            patch: (ref, patch, options) => writing(ref.kind, options?.dryRun, () => cluster.patch(ref, patch, options)),
            apply: (object, options) => writing(object.kind, options?.dryRun, () => cluster.apply(object, options)),
            remove: (object) => writing(object.kind, false, () => cluster.remove(object))
        }
    };
}

;// CONCATENATED MODULE: ./src/commands/plan.ts












async function plan(invocation) {
    const { target, ports } = invocation;
    const seen = await observe(target, ports);
    const left = inRelease(seen);
    const observed = left === undefined ? seen : whenEnded(seen, left.record);
    const notes = left === undefined ? [] : [unfinished(left.record)];
    for (const note of notes)
        ports.log.warning(note);
    if (left !== undefined)
        await requireRights(seen, await needsToEnd(left, ports), ports);
    const ready = await prepareRelease(invocation, observed);
    const looked = { ...lookedAt(observed, invocation), ...plan_routeOf(observed) };
    if ('unapplied' in ready)
        return { ...looked, warnings: [...notes, ...ready.unapplied] };
    const preview = await previewOf(observed, ready, ports);
    plan_tell(preview, ports);
    return {
        ...looked,
        result: 'planned',
        canary: { ...ready.release.canary, replicas: ready.canary.spec.replicas ?? 1 },
        plan: preview,
        measurements: await measureNow(invocation, observed, ready),
        warnings: [...notes, ...ready.warnings],
        finishedAt: ports.clock.now()
    };
}
const plan_routeOf = ({ routes }) => routes.length === 0 ? {} : { route: routes.map(({ name }) => (0,inputs_route/* printRoute */.H)(name)).join(', ') };
const unfinished = ({ id, phase, run }) => `release ${id} (${run ?? 'run unknown'}) is ${phase}: while its run is alive, nothing else can be released. ` +
    `Otherwise it ${phase === 'promoting' ? 'is finished' : 'is undone'} before anything else, and this plan is for what serves after that`;
async function previewOf(observed, ready, { cluster }) {
    const names = { stable: ready.release.stable.deployment, canary: ready.release.canary.deployment };
    const changes = await Promise.all(ready.tried.manifests.map((tried) => changeOfManifest(tried, observed, cluster)));
    return {
        steps: ready.plan.map((step) => step_describe(step, names)),
        changes: [workloadChange(ready, observed), ...changes]
    };
}
function workloadChange({ tried, canary }, observed) {
    const { name } = canary.metadata;
    const serving = observed.stable.deployment;
    const where = name === serving.metadata.name ? '' : `, beside ${serving.metadata.name}`;
    const object = `Deployment ${name}${where}`;
    if (tried.canary === undefined)
        return { object, state: 'unknown', diff: [] };
    const labels = slotLabelsOf(observed);
    const [before, after] = [withoutSlot(serving, labels), withoutSlot(tried.canary, labels)];
    const copies = tried.manifests.map(({ manifest }) => manifest.object);
    const change = preview_changeOf(object, withOriginalNames(before, copies), withOriginalNames(after, copies));
    return change.state === 'same' ? preview_changeOf(object, before, after) : change;
}
const plan_WINDOW = 300_000;
async function measureNow({ ports, signal }, observed, { sampler }) {
    if (sampler === undefined)
        return [];
    const step = { name: 'now, on what serves', startedAt: ports.clock.now() - plan_WINDOW };
    return sampler.measure(step, measuredStable(observed), signal);
}
function plan_tell({ steps, changes }, { log }) {
    log.group('What a release would do');
    log.quote(steps.map((step, at) => `${at + 1}. ${step}`).join('\n'));
    log.endGroup();
    for (const { object, state, diff, why } of changes) {
        log.group(`${object}: ${state}`);
        if (why !== undefined)
            log.quote(`the credentials ${why}`);
        if (diff.length > 0)
            log.quote(diff.join('\n'));
        log.endGroup();
    }
}

;// CONCATENATED MODULE: ./src/commands/promote.ts

























async function promote(invocation) {
    const { target, ports } = invocation;
    const seen = await observe(target, ports);
    const needs = await needsToGoOn(waitingIn(seen), invocation);
    return exclusively(invocation, seen, needs, async (observed, lock) => {
        const waiting = waitingIn(observed);
        const live = await readTested(waiting, invocation);
        await refuseAnother(waiting, live, invocation);
        return goOn(waiting, live, lock, invocation);
    });
}
async function needsToGoOn({ namespace, record }, { inputs, ports }) {
    const { smokeTests, bake, previous, images, manifests } = inputs;
    const release = watched(record, inputs);
    const { found } = await readRemaining(record.routes ?? [], namespace, ports.cluster);
    const progress = { steps: stepsIn(record), checks: true, bake, previous, drain: 0 };
    const needs = needsOf({
        steps: [...planRest((record.step ?? 0) + 1, progress, release), ...wayBack(release)],
        routes: found.map(({ route }) => route),
        smokeTests
    });
    const trying = images.length > 0 || manifests.length > 0 ? (0,kubernetes_needs/* need */.$)('apps', 'deployments', 'update') : [];
    return [...needs, ...TEMPLATE_NEEDS, ...trying];
}
function waitingIn(observed) {
    const { record, service } = observed;
    if (record?.phase === 'waiting')
        return { ...observed, record };
    const last = record === undefined ? 'there was none yet' : `the last one, ${record.id}, is ${record.phase}`;
    const problem = `nothing to promote: no release of service/${service.metadata.name} waits for approval; ${last}`;
    throw promote_refused(problem, 'steps: 50% until approved, and command: deploy');
}
const promote_refused = (problem, example) => new errors/* InputError */.dz([{ input: 'command', problem, ...(example === undefined ? {} : { example }) }]);
const ABORT = 'command: abort, and release what is wanted from the start';
async function readTested({ namespace, slots, record: { canary } }, { ports }) {
    const live = Object.values(slots).find(({ metadata }) => metadata.name === canary.deployment);
    const tested = await readReplicaSet(namespace, canary, ports.cluster);
    if (live === undefined || tested === undefined) {
        const what = `what was tested ran as replicaset/${canary.deployment}-${canary.hash}`;
        throw promote_refused(`${what} in namespace ${namespace}, which is gone`, ABORT);
    }
    const lines = difference(tested.spec.template, live.spec.template);
    if (lines.length === 0)
        return live;
    const problem = `deployment/${canary.deployment} in namespace ${namespace} was changed since it was tested`;
    throw promote_refused(`${problem}: ${lines.join('; ')}`, ABORT);
}
async function refuseAnother(observed, live, invocation) {
    const { inputs, origin, ports } = invocation;
    const used = invocation.manifests.filter(({ object }) => isSlotOf(observed, object) || isConfig(object));
    await requireShape(used, observed.namespace, ports.cluster);
    const { manifests } = withoutHooks(asAuthored(used, observed).manifests, observed);
    if (inputs.images.length === 0 && manifests.length === 0)
        return;
    const template = { ...inputs, strategy: 'blue-green', steps: [], route: [] };
    const prepared = prepare(template, { ...observed, routes: [] }, manifests, origin);
    if ('length' in prepared)
        throw new errors/* InputError */.dz(prepared);
    const tried = await tryCanary(prepared.canary, prepared.written, ports.cluster);
    if (tried.canary === undefined)
        throw new errors/* InputError */.dz(canaryFaults(tried, () => false));
    const lines = difference(live.spec.template, tried.canary.spec.template);
    if (lines.length === 0)
        return;
    throw promote_refused(`the inputs ask for another version than the one that was tested: ${lines.join('; ')}`, ABORT);
}
async function goOn(observed, live, lock, invocation) {
    const { record } = observed;
    const { inputs, origin, ports, signal } = invocation;
    const routes = await routesOf(record, observed.service, ports);
    const sampler = samplerFor(inputs, invocation.createSampler, routes);
    const report = await sampler?.preflight(measuredStable(observed), signal);
    const entrance = entranceOf(observed, routes, live);
    const faults = [...(report?.faults ?? []), ...smokePortFaults(inputs.smokeTests, entrance, observed)];
    (0,errors/* refuse */.TR)(faults);
    const release = { ...watched(record, inputs), holder: origin.holder };
    const stable = observed.stable.deployment;
    const pods = await readyPods({ ports, namespace: observed.namespace, initial: release }, 'canary');
    const taken = { routes, stable, release, entrance, lock, sampler, begun: true, readUnderLock: true };
    const run = beginRun({ ...observed, ...taken, deployment: live, pods }, ports, inputs);
    run.journal.warnings.push(...(report?.warnings ?? []), ...promote_unwatched(record, inputs), ...unmeasured(record, inputs));
    const { bake, previous, checks } = inputs;
    const progress = { steps: stepsIn(record), checks: checks.length > 0, bake, previous, drain: drainIn(run) };
    const plan = planRest((record.step ?? 0) + 1, progress, release);
    const ending = await executeOrRestore(plan, run, signal);
    await tidyConfig(run, ending, signal);
    return outcomeOf(run, ending, { ...invocation, origin: { ...origin, release: record.id } });
}
const watched = ({ watchdog: _, ...record }, { watchdog }) => ({
    ...record,
    ...(watchdog === undefined ? {} : { watchdog })
});
const promote_unwatched = ({ id, watchdog }, inputs) => watchdog === undefined || inputs.watchdog !== undefined
    ? []
    : [`release ${id} began with a watchdog and goes on without one; watchdog: ${watchdog} starts it again`];
const unmeasured = ({ id, checks = [] }, inputs) => checks.length === 0 || inputs.checks.length > 0
    ? []
    : [
        `release ${id} began with checks (${checks.join(', ')}) and goes on without any: the inputs of this run have none. Nothing is measured from here on; give promote the same checks and prometheus as the release`
    ];
function stepsIn({ id, steps = [], step = 0 }) {
    const unreadable = (problem) => promote_refused(`the steps of release ${id} on record cannot be carried out: ${problem}`, ABORT);
    const items = steps.map((line, index) => {
        const parsed = (0,inputs_step/* parseStep */.kq)(line);
        if ('problem' in parsed)
            throw unreadable(`step ${index + 1}: ${parsed.problem}`);
        return { line: index + 1, value: parsed.value };
    });
    const [fault] = (0,inputs_step/* stepsFaults */.hg)(items, items.length);
    if (fault !== undefined)
        throw unreadable(`step ${fault.line ?? 0}: ${fault.problem}`);
    if (step >= items.length)
        throw unreadable(`it waits in step ${step + 1} of ${items.length}`);
    return items.map(({ value }) => value);
}

// EXTERNAL MODULE: ./src/inputs/version-name.ts
var version_name = __webpack_require__(377);
;// CONCATENATED MODULE: ./src/plan/choose-version.ts


function chooseVersion(name, known, observed) {
    const called = known.filter(({ version }) => isVersion(version, name));
    const usable = called.filter((one) => one.template !== undefined && one.version.served !== false && !isUnproved(one.version));
    const [first] = usable;
    if (first === undefined)
        return unusable(name, called, known, observed);
    if (usable.some(({ template }) => template.essence !== first.template.essence))
        return ambiguous(name, usable);
    return usable.find(({ template }) => template.live !== observed.stable.deployment) ?? first;
}
const isUnproved = ({ phase }) => phase !== undefined && phase !== 'promoting';
const isVersion = ({ release, revision, images }, name) => release === name || String(revision) === name || images.some((image) => (0,version_name/* isCalled */.A)(image, name));
const MOST_LISTED = 10;
function choose_version_print({ release, images, deployment, revision, serves }) {
    const facts = [
        ...images,
        ...(revision === undefined ? [] : [`${deployment ?? ''} revision ${revision}`]),
        ...(serves ? ['serves now'] : [])
    ].join(', ');
    return release === undefined ? facts : `${release} (${facts})`;
}
const list = (known) => known
    .slice(0, MOST_LISTED)
    .map(({ version }) => choose_version_print(version))
    .join('; ') + (known.length > MOST_LISTED ? `; and ${known.length - MOST_LISTED} more` : '');
const ambiguous = (name, usable) => ({
    input: 'to',
    problem: `${(0,inputs_parsed/* quote */.h)(name)} means several versions: ${list(usable)}`,
    example: usable.find(({ version }) => version.release !== undefined)?.version.release ?? 'a whole image'
});
function unusable(name, called, known, observed) {
    const failed = called.find(({ version }) => version.served === false)?.version;
    if (failed !== undefined)
        return neverServed(failed);
    const open = called.find(({ version }) => isUnproved(version))?.version;
    if (open !== undefined)
        return notPromotedYet(open);
    const [gone] = called;
    if (gone !== undefined)
        return templateGone(gone.version, observed);
    const there = known.filter(({ version }) => version.kept && version.served !== false && !isUnproved(version));
    return {
        input: 'to',
        problem: `${(0,inputs_parsed/* quote */.h)(name)} is no release, revision or image of deployment/${observed.workload} in namespace ${observed.namespace}; ` +
            (there.length === 0 ? 'there is none to go back to' : `there are ${list(there)}`),
        ...(there[0]?.version.release === undefined ? {} : { example: there[0].version.release })
    };
}
const neverServed = ({ release = '', command, images, run }) => ({
    input: 'to',
    problem: `${release} (${images.join(', ')}) was never promoted: ` +
        `the ${command ?? 'release'} failed and its version was rolled back${run === undefined ? '' : ` (${run})`}`,
    example: `command: deploy, which tests it, with images: ${images[0] ?? 'shop/web:2'}`
});
const notPromotedYet = ({ release = '', images, phase }) => ({
    input: 'to',
    problem: `${release} (${images.join(', ')}) has not been promoted yet: its release ` +
        (phase === 'waiting' ? 'waits for approval' : 'is under way'),
    example: phase === 'waiting'
        ? 'command: promote goes on with it'
        : 'command: abort undoes it, should its run be gone'
});
function templateGone({ release = '', images, deployment, hash = '' }, observed) {
    const { namespace, stable } = observed;
    const where = deployment === undefined || hash === ''
        ? 'the record does not say where its template is'
        : `its template was that of replicaset/${deployment}-${hash} in namespace ${namespace}, which is gone`;
    return {
        input: 'to',
        problem: `${release} (${images.join(', ')}) cannot be brought back: ${where}`,
        example: `command: deploy with images: ${images[0] ?? 'shop/web:2'}; revisionHistoryLimit in deployment/${deployment ?? stable.deployment.metadata.name} says how many templates are kept`
    };
}

;// CONCATENATED MODULE: ./src/plan/versions.ts



const REVISION = 'deployment.kubernetes.io/revision';
function knownVersions(observed, replicaSets) {
    const templates = templatesOf(observed, replicaSets);
    const served = new Set(observed.record?.history.flatMap((entry) => (entry.served ? [versions_nameOf(entry)] : [])));
    const recorded = (observed.record?.history ?? []).map((entry) => [entry, templates.find((template) => versions_isOf(entry, template, served))]);
    const released = new Set(recorded.map(([, template]) => template));
    const known = [
        ...recorded.map(([entry, template]) => knownBy(observed, template, entry)),
        ...templates.filter((template) => !released.has(template)).map((one) => knownBy(observed, one))
    ];
    return known.sort((one, other) => Date.parse(other.version.at) - Date.parse(one.version.at));
}
const versions_nameOf = ({ version }) => `${version?.deployment ?? ''}-${version?.hash ?? ''}`;
function templatesOf(observed, replicaSets) {
    const marks = slotLabelsOf(observed);
    return replicaSets.flatMap((replicaSet) => {
        const hash = (0,kubernetes_workload/* templateHash */.tv)(replicaSet);
        const found = Object.entries(observed.slots).find(([, { metadata }]) => `${metadata.name}-${hash}` === replicaSet.metadata.name);
        if (found === undefined)
            return [];
        const [slot, live] = found;
        return [{ replicaSet, live, slot, hash, essence: essenceOf(replicaSet.spec.template, marks) }];
    });
}
function versions_isOf(entry, { replicaSet, live }, served) {
    const { version, images } = entry;
    if (version?.deployment !== live.metadata.name)
        return false;
    if (version.hash !== '')
        return versions_nameOf(entry) === replicaSet.metadata.name;
    return sameImages(images, imagesOf(replicaSet)) && !served.has(replicaSet.metadata.name);
}
const imagesOf = ({ spec }) => spec.template.spec.containers.map(({ image }) => image ?? '');
const sameImages = (one, other) => one.length === other.length && one.every((image, at) => image === other[at]);
function knownBy(observed, template, entry) {
    const { version: place, ...facts } = entry ?? {};
    if (template === undefined)
        return { version: { at: '', images: [], ...facts, ...place, kept: false, serves: false } };
    const { replicaSet, live, slot, hash, essence } = template;
    const { annotations = {}, creationTimestamp = '' } = replicaSet.metadata;
    const revision = Number(annotations[REVISION]);
    const version = {
        at: creationTimestamp,
        images: imagesOf(replicaSet),
        ...(entry === undefined ? versions_underWay(observed, template) : facts),
        slot,
        deployment: live.metadata.name,
        hash,
        ...(revision > 0 ? { revision } : {}),
        kept: true,
        serves: essence === servingEssence(observed)
    };
    return { version, template };
}
function versions_underWay({ record }, { live, hash }) {
    if (record === undefined || !isUnfinished(record))
        return {};
    const { id, command, run, phase, canary } = record;
    if (hash !== canary.hash || live.metadata.name !== canary.deployment)
        return {};
    const where = run === undefined ? {} : { run };
    return phase === 'promoted' || phase === 'rolled-back' ? {} : { release: id, command, phase, ...where };
}
const servingEssence = (observed) => essenceOf(observed.stable.deployment.spec.template, slotLabelsOf(observed));

;// CONCATENATED MODULE: ./src/commands/read-versions.ts


const readVersions = async (observed, cluster) => knownVersions(observed, await cluster.list({ ...kubernetes_workload/* REPLICA_SET */.ew, namespace: observed.namespace }));

;// CONCATENATED MODULE: ./src/commands/previous.ts




async function findPrevious(observed, to, cluster) {
    if (to === undefined)
        return versionBefore(observed, cluster);
    const known = await findVersion(observed, to, cluster);
    if (known.version.serves)
        throw serving(known, observed);
    return previous_previousOf(known, observed);
}
async function findVersion(observed, to, cluster) {
    const found = chooseVersion(to, await readVersions(observed, cluster), observed);
    if ('problem' in found)
        throw new errors/* InputError */.dz([found]);
    return found;
}
const serving = ({ version }, { stable }) => new errors/* InputError */.dz([
    {
        input: 'to',
        problem: `${version.release ?? version.images.join(', ')} serves already: deployment/${stable.deployment.metadata.name} (${version.images.join(', ')}) has all the traffic`,
        example: 'command: status lists what there is to go back to'
    }
]);
function previous_previousOf({ version, template }, observed) {
    const { stable } = observed;
    const { slot, live, hash, replicaSet } = template;
    const ownPlaceServes = live.metadata.name === stable.deployment.metadata.name;
    return {
        version: { slot, deployment: live.metadata.name, images: version.images, hash, replicas: 0 },
        live,
        replicaSet,
        inPlace: ownPlaceServes ? strategyOfStable(observed) : undefined
    };
}
function strategyOfStable({ record, stable }) {
    if (record?.previous === undefined)
        return record?.strategy;
    const { deployment, strategy } = record.previous;
    return deployment === stable.deployment.metadata.name ? strategy : undefined;
}
async function versionBefore(observed, cluster) {
    const { record, namespace, slots, service, stable } = observed;
    const version = record?.previous;
    if (version === undefined) {
        const last = record?.history[0];
        throw nothing(`service/${service.metadata.name} in namespace ${namespace} has no previous version on record` +
            (last === undefined
                ? ': Greenlight has not released it yet'
                : ` (the last thing that happened: ${last.command ?? 'release'} ${last.release} of ${last.images.join(', ')}); command: status lists what \`to\` can name`));
    }
    if (version.deployment === stable.deployment.metadata.name && version.hash === stable.hash) {
        throw nothing(`deployment/${version.deployment} (${version.images.join(', ')}) has all the traffic already`);
    }
    const live = slots[version.slot];
    const replicaSet = live === undefined ? undefined : await readReplicaSet(namespace, version, cluster);
    if (live === undefined || replicaSet === undefined) {
        throw nothing(`the previous version (${version.images.join(', ')}) ran as replicaset/${version.deployment}-${version.hash} in namespace ${namespace}, which is gone`);
    }
    const ownPlaceServes = version.deployment === stable.deployment.metadata.name;
    return { version, live, replicaSet, inPlace: ownPlaceServes ? (version.strategy ?? 'rolling') : undefined };
}
const nothing = (problem) => new errors/* InputError */.dz([
    {
        input: 'command',
        problem: `nothing to roll back to: ${problem}`,
        example: 'command: deploy with the image that should serve'
    }
]);

;// CONCATENATED MODULE: ./src/commands/rollback.ts






















async function rollback(invocation) {
    const { target, ports } = invocation;
    const seen = await observe(target, ports);
    const needs = await needsToReturn(invocation, seen);
    return exclusively(invocation, seen, needs, (observed, lock) => {
        const left = inRelease(observed);
        return left === undefined ? back(invocation, observed, lock) : backFromUnfinished(invocation, left, lock);
    });
}
async function needsToReturn(invocation, seen) {
    const { inputs, ports } = invocation;
    const left = inRelease(seen);
    const toEnd = left === undefined ? needsOf({ steps: [], routes: [] }) : await needsToEnd(left, ports);
    await requireRights(seen, [...toEnd, ...TEMPLATE_NEEDS], ports);
    if (left === undefined)
        return needsOfWay(invocation, seen);
    if (left.record.phase !== 'promoting' && inputs.to === undefined)
        return [];
    return needsOfWay(invocation, { ...whenEnded(seen, left.record), record: rollback_ended(left.record, ports) });
}
const rollback_ended = (left, { clock }) => left.phase === 'promoting' ? promoted(left, clock.now()) : restored(left, clock.now());
async function needsOfWay(invocation, observed) {
    try {
        const { routes, release, plan } = await findWay(invocation, observed);
        return needsOf({
            steps: [...plan(0), ...wayBack(release)],
            routes: routes.map(({ route }) => route),
            services: [observed.service, ...observed.companions, ...observed.otherServices]
        });
    }
    catch (error) {
        if (error instanceof errors/* InputError */.dz)
            return [];
        throw error;
    }
}
async function backFromUnfinished(invocation, observed, lock) {
    const { inputs, target, ports } = invocation;
    const wanted = inputs.to === undefined ? undefined : await findVersion(observed, inputs.to, ports.cluster);
    const run = await recover(observed, lock, invocation);
    const isAnother = wanted !== undefined && !wanted.version.serves;
    const untidy = isAnother ? untidyEnding(run) : undefined;
    if (untidy !== undefined)
        return outcomeOf(run, untidy, invocation);
    if (run.progress.release.phase === 'promoted' || isAnother)
        return observe(target, ports)
            .then((now) => back(invocation, now, lock))
            .catch((error) => turnedDownAfter(error, run, invocation));
    const reason = `release ${observed.record.id} was unfinished: it was undone`;
    return outcomeOf(run, { result: 'rolled-back', reason, next: [] }, invocation);
}
async function back(invocation, observed, lock) {
    const { inputs, ports, signal } = invocation;
    const { service, companions, stable, workload } = observed;
    const { routes, release, plan } = await findWay(invocation, observed);
    const beginning = {
        routes,
        release,
        service,
        companions,
        stable: stable.deployment,
        autoscaler: observed.autoscaler,
        workload,
        begun: false,
        lock
    };
    const run = beginRun(beginning, ports, { ...inputs, checks: [], smokeTests: [] });
    const ending = await executeOrRestore(plan(drainIn(run)), run, signal);
    const { commit: _, ...outcome } = outcomeOf(run, ending, invocation);
    const { sha } = observed.record ?? {};
    return sha === undefined ? outcome : { ...outcome, commit: sha };
}
async function findWay(invocation, observed) {
    const previous = await findPrevious(observed, invocation.inputs.to, invocation.ports.cluster);
    return previous.inPlace === undefined
        ? wayBeside(invocation, observed, previous)
        : wayInPlace(invocation, observed, { ...previous, inPlace: previous.inPlace });
}
async function wayBeside(invocation, observed, previous) {
    requireRoutes(observed);
    const named = await routesToRollBack(observed, invocation.ports);
    const prepared = prepareRollback({ ...observed, routes: named }, previous, invocation.origin);
    const { canary, release, routes, faults } = prepared;
    (0,errors/* refuse */.TR)(ofChoice([...faults, ...harmToOthers(observed, { canary, release })], invocation));
    const rollback = { ...prepared, previous: invocation.inputs.previous };
    return { routes, release, plan: (drain) => planRollback({ ...rollback, drain }, release) };
}
async function wayInPlace(invocation, observed, previous) {
    const { canary, release, after, faults } = prepareReturn(observed, previous, invocation.origin);
    (0,errors/* refuse */.TR)(ofChoice([...faults, ...harmToOthers(observed, { canary, release })], invocation));
    (0,errors/* refuse */.TR)(await undoFaults(release, observed, invocation.ports));
    const replacement = { canary, manifests: [], checks: false, smokeTests: false, bake: 0, after };
    return { routes: [], release, plan: () => planInPlace(replacement) };
}
const ofChoice = (faults, { inputs }) => faults.map((fault) => ({ ...fault, input: inputs.to === undefined ? 'command' : 'to' }));
async function routesToRollBack({ routes, record, namespace }, { cluster }) {
    const named = new Set(routes.map(({ name }) => (0,inputs_route/* printRoute */.H)(name)));
    const more = (record?.routes ?? []).filter((name) => !named.has((0,inputs_route/* printRoute */.H)(name)));
    return [...routes, ...(await readRoutes(more, namespace, cluster))];
}

// EXTERNAL MODULE: ./src/report/history.ts
var report_history = __webpack_require__(4518);
;// CONCATENATED MODULE: ./src/commands/runner.ts



async function lookForRunner(place, ports, signal) {
    try {
        return (await isHeld(workloadLease(place), ports, signal)) ? 'alive' : 'gone';
    }
    catch (error) {
        if (error instanceof errors/* ClusterError */.b$ && error.status === 403)
            return 'unknown';
        throw error;
    }
}
const PROMOTE_OR_ABORT = 'command: promote goes on with it, command: abort puts stable back.';
const UNDO = 'command: abort undoes it; so does the next deploy or rollback, before anything else.';
function nextIn({ phase, run = 'run unknown' }, runner) {
    if (phase === 'waiting')
        return [PROMOTE_OR_ABORT];
    if (runner === 'alive')
        return [
            `A run is at work on it (${run}): wait for it. Cancelled, it puts stable back by itself; until it has ended every other run is refused, command: abort too.`
        ];
    if (runner === 'gone')
        return [`Urgent: nobody watches it any more. ${phase === 'promoting' ? FINISH : UNDO}`];
    return [`Should its run (${run}) be gone: ${UNDO}`];
}
const FINISH = 'Its version has passed and has all traffic: command: cleanup finishes it; so does the next deploy or rollback, before anything else.';

;// CONCATENATED MODULE: ./src/commands/status.ts












async function status_status(invocation) {
    const { target, ports, signal } = invocation;
    const observed = await observe(target, ports);
    const { record } = observed;
    const left = inRelease(observed)?.record;
    const runner = left === undefined || left.phase === 'waiting' ? undefined : await lookForRunner(observed, ports, signal);
    if (runner === 'gone' && !isSameState(left, (await observe(target, ports)).record))
        return status_status(invocation);
    const known = await readVersions(observed, ports.cluster);
    const versions = known.map(({ version }) => asItStands(version, left, runner));
    for (const line of [...factsOf(observed), ...(0,report_history/* versionLines */.Y)(versions)])
        ports.log.quote(line);
    const warnings = strayAutoscaler(observed);
    for (const warning of warnings)
        ports.log.warning(warning);
    const previous = previousIn(observed, known);
    return {
        ...lookedAt(observed, invocation),
        reason: record === undefined ? 'Greenlight has not released this workload yet' : describeRecord(record, runner),
        versions,
        warnings,
        ...(previous === undefined ? {} : { previous }),
        ...(left === undefined ? {} : { ...underWay(left, observed), next: nextIn(left, runner) }),
        ...(runner === undefined ? {} : { runner })
    };
}
const isSameState = (one, other) => one?.id === other?.id && one?.phase === other?.phase && one?.weight === other?.weight;
function asItStands(version, left, runner) {
    if (left === undefined)
        return version;
    const is = ({ deployment, hash }) => version.deployment === deployment && version.hash === hash;
    return {
        ...version,
        ...(left.weight === 100 ? { serves: is(left.canary) } : {}),
        ...(runner === 'gone' && version.phase !== undefined ? { abandoned: true } : {})
    };
}
function previousIn(observed, known) {
    const { record, slots } = observed;
    if (record === undefined)
        return undefined;
    const wayBack = isUnfinished(record) && record.weight === 100 ? record.stable : record.previous;
    if (wayBack === undefined)
        return undefined;
    const found = known.find(({ template }) => template?.live.metadata.name === wayBack.deployment && template.hash === wayBack.hash);
    if (found?.template === undefined)
        return undefined;
    const { live, slot, essence } = found.template;
    const isThere = essenceOf((slots[slot] ?? live).spec.template, slotLabelsOf(observed)) === essence;
    const { slot: place, deployment, images, hash } = wayBack;
    return { slot: place, deployment, images, hash, replicas: isThere ? wantedReplicas(live) : 0 };
}
function describeRecord(release, runner) {
    const { id, command, startedAt, run, actor } = release;
    const by = actor === undefined ? '' : ` by ${actor}`;
    const where = run === undefined ? '' : ` (${run})`;
    return `the last ${command}, ${id}${by}${where}, began at ${startedAt} and ${status_stateOf(release, runner)}`;
}
function status_stateOf(release, runner) {
    const { phase } = release;
    if (!isUnfinished(release))
        return `ended: ${phase}`;
    const share = `with ${(0,routes_split/* describeSplit */.iO)(splitOf(release))} on the new version`;
    if (runner === 'gone')
        return `was left when it was ${phase}, ${share}: its run is gone, and nobody watches or ends it`;
    return runner === 'unknown'
        ? `is ${phase}, ${share}; whether its run lives cannot be told, these credentials may not get leases`
        : `is ${phase}, ${share}`;
}

;// CONCATENATED MODULE: ./src/run.ts









const COMMANDS = {
    deploy: deploy,
    promote: promote,
    abort: abort,
    rollback: rollback,
    status: status_status,
    plan: plan,
    cleanup: cleanup
};
async function run(invocation) {
    const { cluster, isTouched } = noting(invocation.ports.cluster);
    try {
        const command = COMMANDS[invocation.inputs.command];
        return await command({ ...invocation, ports: { ...invocation.ports, cluster } });
    }
    catch (error) {
        return turnedDown(error, invocation, isTouched());
    }
}

;// CONCATENATED MODULE: ./src/wiring.ts











function openPorts(inputs, log, mask) {
    const { config, namespace, namespaceFrom, identity } = connect(inputs);
    (0,masking/* maskKubeconfig */.C)(config.exportConfig(), mask);
    const onSecret = (secret) => {
        (0,masking/* maskSecret */.$)(secret, mask);
    };
    const cluster = createCluster(config, { clock: clock/* systemClock */.m, onSecret });
    const entry = inputs.probe === undefined ? {} : { entry: openEntry(inputs.probe) };
    return {
        ports: { cluster, clock: clock/* systemClock */.m, log, ...entry },
        namespace,
        ...(namespaceFrom && { namespaceFrom }),
        identity
    };
}
function openSamplers({ prometheus, prometheusHeaders: headers }, { cluster, clock }) {
    if (prometheus === undefined)
        return undefined;
    const metrics = openPrometheus(prometheus, { headers, cluster });
    return (checks, source) => createSampler(metrics, clock, checks, source);
}


/***/ })

};
