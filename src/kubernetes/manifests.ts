import { LineCounter, parseAllDocuments } from 'yaml'
import type { Document, Tags } from 'yaml'

import { messageOf } from '../errors.ts'
import type { Fault } from '../errors.ts'
import type { KubernetesObject } from './objects.ts'

/** One object of the user's manifests, and where it stands. */
export interface Manifest {
  readonly object: KubernetesObject
  /** `k8s/web.yaml, line 12` */
  readonly source: string
}

export interface ParsedManifests {
  readonly manifests: readonly Manifest[]
  readonly faults: readonly Fault[]
}

/**
 * Reads the objects of one file as kubectl would: several documents, empty ones skipped, Lists unfolded.
 * YAML 1.1, as Kubernetes reads it: `0644` is an octal number there and a decimal one in YAML 1.2.
 */
export function parseManifests(text: string, file: string): ParsedManifests {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {
    version: '1.1',
    customTags: kubernetesTags,
    lineCounter: lines,
    // Warnings quote the file on a way of their own, past everything that makes text safe for the log.
    logLevel: 'error'
  })
  const parsed = [...documents].map((document) => parseDocument(document as Document, file, lines))
  return {
    manifests: parsed.flatMap(({ manifests }) => manifests),
    faults: parsed.flatMap(({ faults }) => faults)
  }
}

/** Dates and numbers with colons in them are text to Kubernetes, as they are in JSON. */
const kubernetesTags = (tags: Tags): Tags =>
  tags.filter(
    (tag) =>
      typeof tag === 'string' ||
      (!tag.tag.endsWith(':timestamp') && !('format' in tag && tag.format === 'TIME'))
  )

function parseDocument(document: Document, file: string, lines: LineCounter): ParsedManifests {
  const [error] = document.errors
  if (error !== undefined)
    return fault(`${file}, line ${lines.linePos(error.pos[0]).line}: ${withoutText(error.message)}`)
  const source = `${file}, line ${lines.linePos(document.contents?.range?.[0] ?? 0).line}`
  try {
    return unfold(document.toJS(), source)
  } catch (error) {
    // An alias without its anchor, or so many of them that they would fill the memory.
    return fault(`${source}: ${withoutText(messageOf(error))}`)
  }
}

/** The first line, and no word of the file: it may be a password that lacks quotes. */
const withoutText = (message: string): string =>
  (message.split('\n')[0] ?? '').replace(
    /^(Unresolved alias .*\)|Block scalar header .* characters): .*?( at line \d.*)?$/,
    '$1$2'
  )

function unfold(value: unknown, source: string): ParsedManifests {
  if (value === null || value === undefined) return { manifests: [], faults: [] }
  if (isList(value)) {
    const parts = value.items.map((item, index) => unfold(item, `${source}, item ${index + 1}`))
    return {
      manifests: parts.flatMap(({ manifests }) => manifests),
      faults: parts.flatMap(({ faults }) => faults)
    }
  }
  const missing = missingField(value)
  if (missing !== undefined) return fault(`${source}: ${missing}`)
  return { manifests: [{ object: value as KubernetesObject, source }], faults: [] }
}

const isList = (value: unknown): value is { items: readonly unknown[] } => {
  const { kind, items } = value as { kind?: unknown; items?: unknown }
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
}

function missingField(value: unknown): string | undefined {
  if (typeof value !== 'object') return 'this is not a Kubernetes object'
  const { apiVersion, kind, metadata } = value as {
    apiVersion?: unknown
    kind?: unknown
    metadata?: { name?: unknown } | null
  }
  if (typeof apiVersion !== 'string') return 'the object has no apiVersion'
  if (typeof kind !== 'string') return 'the object has no kind'
  return typeof metadata?.name === 'string' ? undefined : `the ${kind} has no metadata.name`
}

const fault = (problem: string): ParsedManifests => ({
  manifests: [],
  faults: [{ input: 'manifests', problem, example: 'rendered YAML, as `kubectl apply -f` takes it' }]
})
