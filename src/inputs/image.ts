import type { Container, PodSpec } from '../kubernetes/objects.ts'
import { isName } from './names.ts'
import { quote, refusal, type Parsed } from './parsed.ts'

/** `registry:port/path/name:tag@digest`, every part as it was written. */
export interface ImageReference {
  /** With the registry, if one was written. */
  readonly repository: string
  readonly tag?: string
  readonly digest?: string
}

/** One line of `images`: which containers get which image. */
export interface ImageRule {
  /** `name`: the containers of that name or, if there are none, of that repository. `repository`: only those. */
  readonly match: 'name' | 'repository'
  readonly target: string
  readonly image: ImageReference
}

const WORD = '[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*'
const REGISTRY = `(?:${WORD}(?:\\.${WORD})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const DIGEST = 'sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}'
const REFERENCE = new RegExp(
  `^((?:${REGISTRY}/)?${COMPONENT}(?:/${COMPONENT})*)(?::(\\w[\\w.-]{0,127}))?(?:@(${DIGEST}))?$`
)

const IMAGE_EXAMPLE = 'ghcr.io/acme/web:1.4.2'

/** Reads an image reference by the rules of the `docker` command. */
export function parseImage(text: string): Parsed<ImageReference> {
  const [, repository, tag, digest] = REFERENCE.exec(text) ?? []
  if (repository === undefined) {
    const hint = REFERENCE.test(text.toLowerCase()) ? ': repositories are written in lower case' : ''
    return refusal(`${quote(text)} is not an image reference${hint}`, IMAGE_EXAMPLE)
  }
  return {
    value: { repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }
  }
}

export const printImage = ({ repository, tag, digest }: ImageReference): string =>
  repository + (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`)

/**
 * The repository with everything that `docker` would add: `nginx` and `docker.io/nginx` are
 * `docker.io/library/nginx`. For comparing only; what is written to the cluster is the user's text.
 */
export function fullRepository(repository: string): string {
  const slash = repository.indexOf('/')
  const first = repository.slice(0, Math.max(slash, 0))
  const named = /[.:A-Z]/.test(first) || first === 'localhost'
  const host = named ? first.replace(/^index\.docker\.io$/, 'docker.io') : 'docker.io'
  const path = named ? repository.slice(slash + 1) : repository
  return host === 'docker.io' && !path.includes('/') ? `docker.io/library/${path}` : `${host}/${path}`
}

function parseTarget(text: string): Parsed<Pick<ImageRule, 'match' | 'target'>> {
  if (isName(text)) return { value: { match: 'name', target: text } }
  const image = parseImage(text)
  if ('value' in image && printImage(image.value) === image.value.repository) {
    return { value: { match: 'repository', target: text } }
  }
  return refusal(
    `${quote(text)} is neither a container nor a repository; a repository is written without tag and digest`,
    `web=${IMAGE_EXAMPLE}`
  )
}

/** Reads an image that is to run: without tag and digest, an empty variable would bring `latest`. */
export function parseTaggedImage(text: string, line = text): Parsed<ImageReference> {
  const image = parseImage(text)
  if ('problem' in image || printImage(image.value) !== image.value.repository) return image
  return refusal(`${quote(line)} names an image with neither tag nor digest`, IMAGE_EXAMPLE)
}

/**
 * Reads one line of `images`: `container=ref`, `repository=ref`, or `ref` alone for the containers that run the
 * same repository.
 */
export function parseImageRule(text: string): Parsed<ImageRule> {
  const equals = text.indexOf('=')
  const image = parseTaggedImage(text.slice(equals + 1).trim(), text)
  if ('problem' in image) return image
  if (equals < 0)
    return { value: { match: 'repository', target: image.value.repository, image: image.value } }
  const target = parseTarget(text.slice(0, equals).trim())
  return 'problem' in target ? target : { value: { ...target.value, image: image.value } }
}

/** The line that reads back as this rule. */
export const printImageRule = ({ match, target, image }: ImageRule): string =>
  match === 'repository' && target === image.repository ? printImage(image) : `${target}=${printImage(image)}`

function runsRepository(container: Container, repository: string): boolean {
  const image = parseImage(container.image ?? '')
  return 'value' in image && fullRepository(image.value.repository) === fullRepository(repository)
}

const matches = (rule: ImageRule, container: Container, names: ReadonlySet<string>): boolean =>
  rule.match === 'name' && names.has(rule.target)
    ? container.name === rule.target
    : runsRepository(container, rule.target)

/**
 * The pod spec with the rules carried out on containers and init containers. A container is set by at most one
 * rule: the one that names it, else the first that matches its repository. `unmatched` are the rules that set
 * nothing. Everything else in the spec stays as it is.
 */
export function withImages<Spec extends PodSpec>(
  spec: Spec,
  rules: readonly ImageRule[]
): { readonly spec: Spec; readonly unmatched: readonly ImageRule[] } {
  const names = new Set([...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name))
  const used = new Set<ImageRule>()
  const set = (container: Container): Container => {
    const candidates = rules.filter((rule) => matches(rule, container, names))
    const rule =
      candidates.find(({ match, target }) => match === 'name' && names.has(target)) ?? candidates[0]
    if (rule === undefined) return container
    used.add(rule)
    return { ...container, image: printImage(rule.image) }
  }
  const { containers, initContainers } = spec
  const images = {
    containers: containers.map(set),
    ...(initContainers && { initContainers: initContainers.map(set) })
  }
  return { spec: { ...spec, ...images }, unmatched: rules.filter((rule) => !used.has(rule)) }
}
