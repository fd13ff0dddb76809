import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  fullRepository,
  parseImage,
  parseImageRule,
  printImage,
  printImageRule,
  withImages,
  type ImageReference,
  type ImageRule
} from '../../../src/inputs/image.ts'
import type { PodSpec } from '../../../src/kubernetes/objects.ts'

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`

function rule(text: string): ImageRule {
  const parsed = parseImageRule(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.value
}

describe('parseImage', () => {
  it.each<[string, ImageReference]>([
    ['nginx', { repository: 'nginx' }],
    ['nginx:1.27', { repository: 'nginx', tag: '1.27' }],
    ['reg.local:5000/app', { repository: 'reg.local:5000/app' }],
    ['reg.local:5000/app:2', { repository: 'reg.local:5000/app', tag: '2' }],
    [`ghcr.io/acme/web@${digest}`, { repository: 'ghcr.io/acme/web', digest }],
    [`ghcr.io/acme/a__b/c--d:V1_x@${digest}`, { repository: 'ghcr.io/acme/a__b/c--d', tag: 'V1_x', digest }],
    ['[::1]:5000/app:2', { repository: '[::1]:5000/app', tag: '2' }],
    ['localhost/app', { repository: 'localhost/app' }]
  ])('reads %s', (text, image) => {
    expect(parseImage(text)).toEqual({ value: image })
  })

  it.each([
    '',
    'nginx:',
    'nginx@',
    'nginx:1.27:2',
    'nginx@sha256:abc',
    'nginx@md5:0123456789abcdef0123456789abcdef',
    '/nginx',
    'nginx/',
    'a//b',
    'my image',
    'https://reg.local/app',
    '-app',
    'app.',
    'nginx:-1',
    `nginx:${'1'.repeat(129)}`
  ])('refuses %j', (text) => {
    expect(parseImage(text)).toHaveProperty('problem', expect.stringContaining('is not an image reference'))
  })

  it('says that upper case is the trouble', () => {
    expect(parseImage('ghcr.io/Acme/Web:1')).toHaveProperty(
      'problem',
      '"ghcr.io/Acme/Web:1" is not an image reference: repositories are written in lower case'
    )
  })

  it('is the inverse of printImage', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,5}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}$/)
    const registry = fc.stringMatching(/^[a-zA-Z0-9]{1,5}(?:[.-][a-zA-Z0-9]{1,5}){0,2}(?::\d{1,5})?$/)
    const parts = fc.tuple(fc.option(registry), fc.array(part, { minLength: 1, maxLength: 3 }))
    const image = fc.record(
      {
        repository: parts.map(([host, path]) => [...(host === null ? [] : [host]), ...path].join('/')),
        tag: fc.stringMatching(/^\w[\w.-]{0,10}$/),
        digest: fc.constant(digest)
      },
      { requiredKeys: ['repository'] }
    )
    fc.assert(
      fc.property(image, (value) => {
        expect(parseImage(printImage(value))).toEqual({ value })
      })
    )
  })
})

describe('fullRepository', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx'],
    ['docker.io/nginx', 'docker.io/library/nginx'],
    ['index.docker.io/library/nginx', 'docker.io/library/nginx'],
    ['acme/web', 'docker.io/acme/web'],
    ['localhost/web', 'localhost/web'],
    ['reg:5000/web', 'reg:5000/web'],
    ['ghcr.io/acme/web', 'ghcr.io/acme/web']
  ])('takes %s for %s', (repository, full) => {
    expect(fullRepository(repository)).toBe(full)
  })
})

describe('parseImageRule', () => {
  it.each([
    ['web=nginx:1.27', 'name', 'web'],
    ['web = nginx:1.27', 'name', 'web'],
    ['acme/web=nginx:1.27', 'repository', 'acme/web'],
    ['reg.local:5000/web=nginx:1.27', 'repository', 'reg.local:5000/web'],
    ['nginx:1.27', 'repository', 'nginx']
  ])('reads %s', (text, match, target) => {
    expect(parseImageRule(text)).toEqual({
      value: { match, target, image: { repository: 'nginx', tag: '1.27' } }
    })
  })

  it.each([
    ['web=', '"" is not an image reference'],
    ['ghcr.io/acme/web:', '"ghcr.io/acme/web:" is not an image reference'],
    ['ghcr.io/acme/web', '"ghcr.io/acme/web" names an image with neither tag nor digest'],
    ['web=nginx', '"web=nginx" names an image with neither tag nor digest'],
    [
      'nginx:1.26=nginx:1.27',
      '"nginx:1.26" is neither a container nor a repository; a repository is written without tag and digest'
    ],
    [
      '=nginx:1.27',
      '"" is neither a container nor a repository; a repository is written without tag and digest'
    ]
  ])('refuses %s', (text, problem) => {
    expect(parseImageRule(text)).toHaveProperty('problem', problem)
  })

  it.each(['web=nginx:1', 'nginx:1', 'acme/web=nginx:1', `reg:5000/web@${digest}`])(
    'prints %s back',
    (text) => {
      expect(printImageRule(rule(text))).toBe(text)
    }
  )

  it('never throws', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[\w./:@=-]{0,40}$/))
    fc.assert(
      fc.property(text, (line) => {
        const parsed = parseImageRule(line)
        if ('value' in parsed) expect(parseImageRule(printImageRule(parsed.value))).toEqual(parsed)
      })
    )
  })
})

describe('withImages', () => {
  const images = (spec: PodSpec): (string | undefined)[] => spec.containers.map(({ image }) => image)
  const pod = (containers: Readonly<Record<string, string>>): PodSpec => ({
    containers: Object.entries(containers).map(([name, image]) => ({ name, image }))
  })

  it('leaves a sidecar from the same registry alone', () => {
    const spec = pod({ app: 'reg.local:5000/app:1', proxy: 'reg.local:5000/proxy:7' })
    const result = withImages(spec, [rule('reg.local:5000/app:2')])
    expect(result).toEqual({
      spec: pod({ app: 'reg.local:5000/app:2', proxy: 'reg.local:5000/proxy:7' }),
      unmatched: []
    })
  })

  it.each([
    ['docker.io/library/nginx:2', 'docker.io/library/nginx:2'],
    ['docker.io/nginx:2', 'docker.io/nginx:2'],
    ['nginx:2', 'nginx:2'],
    [`nginx@${digest}`, `nginx@${digest}`]
  ])('knows %s as nginx and writes it as the user did', (text, image) => {
    expect(images(withImages(pod({ web: 'nginx:1' }), [rule(text)]).spec)).toEqual([image])
  })

  it.each<[string, string[], string[]]>([
    ['a container by its name', ['app=acme/app:2'], ['acme/app:2', 'nginx:1']],
    ['a repository by another image', ['docker.io/library/nginx=acme/fork:1'], ['acme/app:1', 'acme/fork:1']],
    ['a repository by a plain name that no container has', ['nginx=nginx:2'], ['acme/app:1', 'nginx:2']],
    ['each by the rule that names it first', ['acme/app:3', 'app=acme/app:2'], ['acme/app:2', 'nginx:1']]
  ])('sets %s', (_, texts, expected) => {
    expect(images(withImages(pod({ app: 'acme/app:1', proxy: 'nginx:1' }), texts.map(rule)).spec)).toEqual(
      expected
    )
  })

  it('takes a plain name for the container, where there is one', () => {
    const { spec } = withImages(pod({ nginx: 'acme/app:1', proxy: 'nginx:1' }), [rule('nginx=acme/app:2')])
    expect(images(spec)).toEqual(['acme/app:2', 'nginx:1'])
  })

  it('names the rules that set nothing', () => {
    const rules = ['acme/app:2', 'app=acme/app:3', 'reg.local/other:1', 'nope=x:1'].map(rule)
    expect(withImages(pod({ app: 'acme/app:1' }), rules).unmatched.map(printImageRule)).toEqual([
      'acme/app:2',
      'reg.local/other:1',
      'nope=x:1'
    ])
  })

  it('sets init containers too and keeps everything else', () => {
    const spec = {
      serviceAccountName: 'web',
      containers: [{ name: 'app', image: 'acme/app:1', env: [{ name: 'A', value: 'b' }] }, { name: 'bare' }],
      initContainers: [{ name: 'migrate', image: 'acme/app:1' }]
    }
    expect(withImages(spec, [rule('acme/app:2')]).spec).toEqual({
      serviceAccountName: 'web',
      containers: [{ name: 'app', image: 'acme/app:2', env: [{ name: 'A', value: 'b' }] }, { name: 'bare' }],
      initContainers: [{ name: 'migrate', image: 'acme/app:2' }]
    })
  })

  it('adds nothing of its own', () => {
    const spec = pod({ app: 'not an image' })
    expect(withImages(spec, [])).toStrictEqual({ spec, unmatched: [] })
  })
})
