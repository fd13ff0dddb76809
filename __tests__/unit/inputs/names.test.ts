import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { choice, isHeaderName, isName, isSubdomain, parseWorkload } from '../../../src/inputs/names.ts'
import { nearest } from '../../../src/inputs/nearest.ts'
import { quote } from '../../../src/inputs/parsed.ts'

describe('isName', () => {
  it.each(['web', 'a', '0', 'web-2', 'x'.repeat(63)])('accepts %s', (name) => {
    expect(isName(name)).toBe(true)
  })

  it.each(['', 'Web', 'web_1', '-web', 'web-', 'web.v1', 'web\n', 'wéb', 'x'.repeat(64)])(
    'refuses %j',
    (name) => {
      expect(isName(name)).toBe(false)
    }
  )
})

describe('isSubdomain', () => {
  it.each(['web', 'shop.example.com', `${'x'.repeat(63)}.y`])('accepts %s', (name) => {
    expect(isSubdomain(name)).toBe(true)
  })

  it.each(['', 'a..b', '.web', 'web.', 'Web.a', 'a/b', 'ab.'.repeat(84) + 'abc'])('refuses %j', (name) => {
    expect(isSubdomain(name)).toBe(false)
  })
})

describe('isHeaderName', () => {
  it.each(['x-version', 'X_Version', 'a'])('accepts %s', (name) => {
    expect(isHeaderName(name)).toBe(true)
  })

  it.each(['', 'x version', 'x-version:', 'x\n', 'é'])('refuses %j', (name) => {
    expect(isHeaderName(name)).toBe(false)
  })
})

describe('parseWorkload', () => {
  it.each([
    'web',
    'deployment/web',
    'deployments/web',
    'deploy/web',
    'Deployment/web',
    'deployment.apps/web',
    'deployments.apps/web',
    'deployment.v1.apps/web'
  ])('reads %s', (text) => {
    expect(parseWorkload(text)).toEqual({ value: { kind: 'deployment', name: 'web' } })
  })

  it.each(['web.v1', 'deployment.apps/web.v1'])('reads %s, a name with a dot', (text) => {
    expect(parseWorkload(text)).toEqual({ value: { kind: 'deployment', name: 'web.v1' } })
  })

  it.each([
    'rollout/web',
    'Rollouts/web',
    'ro/web',
    'rollout.argoproj.io/web',
    'ro.v1alpha1.argoproj.io/web'
  ])('reads %s, which Argo Rollouts releases', (text) => {
    expect(parseWorkload(text)).toEqual({ value: { kind: 'rollout', name: 'web' } })
  })

  it.each(['canary/web', 'Canaries/web', 'canary.flagger.app/web', 'canaries.v1beta1.flagger.app/web'])(
    'reads %s, which Flagger releases',
    (text) => {
      expect(parseWorkload(text)).toEqual({ value: { kind: 'canary', name: 'web' } })
    }
  )

  it('refuses a Rollout without a name', () => {
    expect(parseWorkload('rollout/')).toMatchObject({ example: 'rollout/web' })
    expect(parseWorkload('rollout.apps/web')).toMatchObject({
      problem: '"rollout.apps/web" cannot be released, only Deployments, Rollouts and Canaries can'
    })
  })

  it.each([
    ['deployment.example.com/web', expect.stringContaining('only Deployments, Rollouts and Canaries can')],
    ['deployment/web.', expect.stringContaining('"web." is not a name')],
    ['statefulset/db', '"statefulset/db" cannot be released, only Deployments, Rollouts and Canaries can'],
    ['deployment/Web', expect.stringContaining('"Web" is not a name: lower-case letters')],
    ['deployment/a/b', expect.stringContaining('"a/b" is not a name')],
    ['deployment/', expect.stringContaining('"" is not a name')]
  ])('refuses %s', (text, problem) => {
    expect(parseWorkload(text)).toEqual({ problem, example: 'deployment/web' })
  })
})

describe('choice', () => {
  const parse = choice('deploy', 'rollback', 'status')

  it('reads a word', () => {
    expect(parse('rollback')).toEqual({ value: 'rollback' })
  })

  it('asks what was meant', () => {
    const problem = '"depoly" is not one of deploy, rollback, status; did you mean deploy?'
    expect(parse('depoly')).toEqual({ problem, example: 'deploy' })
  })

  it.each(['release', 'Deploy', ''])('refuses %j', (text) => {
    expect(parse(text)).toHaveProperty('problem', expect.stringContaining('deploy, rollback, status'))
  })
})

describe('nearest', () => {
  it.each([
    ['kep', 'keep'],
    ['KEEP', 'keep'],
    ['keeep', 'keep'],
    ['scaledown', 'scale-down'],
    ['scael-donw', 'scale-down'],
    ['delete', undefined],
    ['', undefined]
  ])('takes %j for %s', (word, meant) => {
    expect(nearest(word, ['scale-down', 'keep'])).toBe(meant)
  })

  it('is never more than two letters longer or shorter', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (word, candidates) => {
        const meant = nearest(word, candidates) ?? word
        expect(Math.abs(meant.length - word.length)).toBeLessThanOrEqual(2)
      })
    )
  })
})

describe('quote', () => {
  it('shortens', () => {
    expect(quote('x '.repeat(250))).toHaveLength(123)
    expect(quote(`${'x '.repeat(55)}t0ken-of-some-length`)).toBe(`"${'x '.repeat(55)}…"`)
  })

  it('leaves credentials out', () => {
    expect(quote('GET https://user:p/a ss@example.com/ -> 200')).toBe('"GET https://***@example.com/ -> 200"')
  })
})
