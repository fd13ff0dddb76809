import type { Inputs } from './inputs.ts'
import type { Probe } from './probe.ts'
import type { SmokeTest } from './smoke-test.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** Shorter ones are tenant numbers and the like; masking them would blank out half the log. */
const SHORTEST_SECRET = 4

/** Other request headers of a probe say where it goes or what it asks for. */
const CREDENTIAL_HEADER = /auth|cookie|token|secret|passw|key|credential|session/i

const probeCredentials = (probe: Probe | undefined): string[] =>
  Object.entries(probe?.requestHeaders ?? {})
    .filter(([name]) => CREDENTIAL_HEADER.test(name))
    .map(([, value]) => value)

const urlsOf = (checks: Inputs['checks']): string[] =>
  checks.flatMap((check) => ('metric' in check && check.metric.kind === 'web' ? [check.metric.url] : []))

/** @param values of headers @param urls of which a query parameter may be called like a secret */
export function credentialsIn(values: readonly string[], urls: readonly string[]): readonly string[] {
  const parameters = urls.flatMap((url) =>
    [...new URL(url).searchParams].filter(([name]) => CREDENTIAL_HEADER.test(name)).map(([, value]) => value)
  )
  const all = [...values, ...parameters]
  // "Bearer <token>" and "Basic <credentials>": logs of others show the second word alone.
  const credentials = all.map((value) => /^\S+\s+(\S+)$/.exec(value)?.[1] ?? '')
  return [...all, ...credentials].filter((secret) => secret.length >= SHORTEST_SECRET)
}

/** Every value that must not be printed, for the runner to mask. The credentials in a kubeconfig are not here. */
export function secretsOf(inputs: Inputs): readonly string[] {
  const { githubToken, prometheusHeaders, checkHeaders, checks, probe } = inputs
  const values = [
    ...Object.values(prometheusHeaders),
    ...Object.values(checkHeaders).flatMap((headers) => Object.values(headers)),
    ...probeCredentials(probe)
  ]
  const token = [githubToken ?? ''].filter((secret) => secret.length >= SHORTEST_SECRET)
  return [...new Set([...token, ...credentialsIn(values, urlsOf(checks))])]
}

/** Shorter values are words like `true`: nobody guesses a secret of that length, and hiding them would blot out reports. */
const SHORTEST_DELICATE = 8

/**
 * Values in the inputs that may be secrets, beside those that certainly are: queries and bodies of smoke tests, words
 * of commands and the variables that commands name, values of header steps. Reports do not need any of them.
 */
export function delicateIn(inputs: Inputs, variables: Variables): readonly string[] {
  const { smokeTests, steps } = inputs
  const values = [
    ...smokeTests.flatMap((test) =>
      test.kind === 'command' ? inCommand(test.run, variables) : inRequest(test)
    ),
    ...steps.flatMap(({ split }) => (split.header === undefined ? [] : [split.header.value]))
  ]
  return [...secretsOf(inputs), ...new Set(values.filter((value) => value.length >= SHORTEST_DELICATE))]
}

function inRequest({ target, body }: Exclude<SmokeTest, { kind: 'command' }>): readonly string[] {
  const { search, searchParams } = new URL(target, 'http://pod')
  const raw = search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1))
  return [
    ...raw,
    ...searchParams.values(),
    ...(body === undefined ? [] : [body, ...textsIn(JSON.parse(body))])
  ]
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/** Of the runner, not of the user. */
const OF_RUNNER = /^(?:GREENLIGHT|GITHUB_(?!TOKEN)|RUNNER_)|^(?:PATH|HOME|PWD|USER|SHELL|LANG|HOSTNAME)$/u

/** Words with letters and digits in them, and what the variables hold that it names. */
const inCommand = (run: string, variables: Variables): readonly string[] => [
  ...run
    .split(/[\s"'`=:&?,;|<>(){}[\]$\\]+/u)
    .filter((word) => /^(?=\D*\d)(?=[^a-z]*[a-z])[^/]+$/iu.test(word)),
  ...[...run.matchAll(/\$\{?([a-z_]\w*)/giu)].flatMap(([, name = '']) =>
    OF_RUNNER.test(name) ? [] : [variables[name] ?? '']
  )
]
