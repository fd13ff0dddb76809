import { expect, it } from '@jest/globals'
import { isCalled, parseVersionName } from '../../../src/inputs/version-name.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

it.each([
  '123456-1',
  '7',
  'shop/web:2',
  'v2.4.0-RC1',
  DIGEST,
  `shop/web@${DIGEST}`,
  'registry.example.com:5000/shop/web:2'
])('a version can be called %s', (name) => {
  expect(parseVersionName(name)).toEqual({ value: name })
})

it.each(['shop/Web:2', 'shop/web:2 shop/db:3', '.hidden', 'https://ci/7'])(
  'no version is called %s',
  (name) => {
    expect(parseVersionName(name)).toEqual({
      problem: `"${name}" is neither a release id, a revision nor an image`,
      example: '123456-1'
    })
  }
)

it.each<[string, string, boolean]>([
  ['shop/web:2', 'shop/web:2', true],
  ['shop/web:2', 'docker.io/shop/web:2', true],
  ['docker.io/library/nginx:1', 'nginx:1', true],
  ['index.docker.io/nginx:1', 'nginx:1', true],
  ['shop/web:2', '2', true],
  ['shop/web:2', 'shop/web:20', false],
  ['shop/web:20', '2', false],
  ['shop/web:2', 'ghcr.io/shop/web:2', false],
  ['shop/web:2', 'shop/web', false],
  ['shop/web', 'shop/web', true],
  [`shop/web@${DIGEST}`, DIGEST, true],
  [`shop/web:2@${DIGEST}`, 'shop/web:2', true],
  [`shop/web:2@${DIGEST}`, `shop/web@${DIGEST}`, true],
  [`shop/web:2@${DIGEST}`, `shop/web:3@${DIGEST}`, false],
  ['shop/web:2', `shop/web:2@${DIGEST}`, false],
  ['not an image', 'not', false]
])('the image %s is called %s: %p', (image, name, expected) => {
  expect(isCalled(image, name)).toBe(expected)
})
