import { expect, it } from '@jest/globals'
import { refusal } from '../../../../src/kubernetes/api/refusal.ts'

const SECRET = 'hunter2'
const env = { containers: [{ name: 'web', env: [{ name: 'DB_PASSWORD', value: SECRET }] }] }
const template = { metadata: { labels: { app: 'web' } }, spec: env, more: 'x'.repeat(300) }

const call = {
  ...{ verb: 'patch', group: 'argoproj.io', resource: 'rollouts', name: 'web' },
  ...{ kind: 'Rollout', namespace: 'shop' }
}
const said = (message: string): string =>
  refusal(call, {
    status: 422,
    headers: {},
    body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code: 422 })
  }).message

it.each([
  [
    'a patch whose result has a field that nobody knows',
    `"" is invalid: patch: Invalid value: ${JSON.stringify(JSON.stringify({ kind: 'Rollout', spec: { template } }))}: strict decoding error: unknown field "spec.strategy.blueGreen.autoPromotionEnable"`,
    /"" is invalid: patch: Invalid value: the object: strict decoding error: unknown field "spec\.strategy\.blueGreen\.autoPromotionEnable"$/
  ],
  [
    'a template that must not change, as JSON',
    `Job.batch "x" is invalid: spec.template: Invalid value: ${JSON.stringify(template)}: field is immutable`,
    /spec\.template: Invalid value: the object: field is immutable$/
  ],
  [
    'a template that must not change, as Go prints it',
    `Job.batch "x" is invalid: spec.template: Invalid value: core.PodTemplateSpec{Spec:core.PodSpec{Containers:[]core.Container{core.Container{Env:[]core.EnvVar{core.EnvVar{Name:"DB_PASSWORD", Value:"${SECRET}}", ValueFrom:(*core.EnvVarSource)(nil)}}, Image:"${'x'.repeat(200)}"}}}}: field is immutable`,
    /spec\.template: Invalid value: the object: field is immutable$/
  ]
])('%s is told without what else the object holds', (_, message, told) => {
  expect(said(message)).toMatch(told)
  expect(said(message)).not.toContain(SECRET)
})

it.each([
  'Service "web" is invalid: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
  'Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"web"}}: field is immutable',
  'Pod "web" is invalid: metadata.name: Invalid value: "We{b": a lowercase name is wanted'
])('what was wrong is quoted where it is short: %s', (message) => {
  expect(said(message)).toBe(`cannot patch rollout/web in namespace shop: ${message}`)
})
