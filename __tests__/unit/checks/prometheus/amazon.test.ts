import { afterEach, describe, expect, it } from '@jest/globals'
import { amazonSecrets, amazonSigner, signed, type Sign } from '../../../../src/checks/prometheus/amazon.ts'
import { openPrometheus } from '../../../../src/checks/prometheus/prometheus.ts'
import { parsePrometheus } from '../../../../src/inputs/prometheus.ts'
import type { Cluster } from '../../../../src/kubernetes/cluster.ts'
import { AWS_ENVIRONMENT, AWS_SECRET, AWS_TOKEN, isSigned } from '../../../support/amazon.ts'
import { bodyOf, listen, scalarOne, type Listening } from './http-server.ts'

describe("the vectors of AWS' test suite for Signature Version 4", () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  it.each([
    [
      'get-vanilla',
      { url: 'https://example.amazonaws.com/', headers: {} },
      undefined,
      'host;x-amz-date',
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'
    ],
    [
      'get-vanilla-query-order-key-case',
      { url: 'https://example.amazonaws.com/?Param2=value2&Param1=value1', headers: {} },
      undefined,
      'host;x-amz-date',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500'
    ],
    [
      'post-x-www-form-urlencoded',
      { method: 'POST', url: 'https://example.amazonaws.com/', headers: form, body: 'Param1=value1' },
      undefined,
      'content-type;host;x-amz-date',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a'
    ],
    [
      'post-sts-header-before',
      { method: 'POST', url: 'https://example.amazonaws.com/', headers: {} },
      AWS_TOKEN,
      'host;x-amz-date;x-amz-security-token',
      '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead'
    ]
  ])('%s', (_, question, sessionToken, names, signature) => {
    const { headers } = signed(question, {
      service: 'service',
      region: 'us-east-1',
      credentials: {
        accessKeyId: 'AKIDEXAMPLE',
        secretAccessKey: AWS_SECRET,
        ...(sessionToken !== undefined && { sessionToken })
      },
      at: Date.UTC(2015, 7, 30, 12, 36)
    })
    expect(headers.Authorization).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`
    )
    expect(headers['X-Amz-Security-Token']).toBe(sessionToken)
  })
})

const servers: Listening[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Answers what is signed, as Amazon does. */
async function amazon(): Promise<string> {
  const server = await listen((request, response) => {
    void bodyOf(request).then((body) => {
      const isGood = isSigned(request, body)
      response.writeHead(isGood ? 200 : 403).end(isGood ? scalarOne : '{"message":"Signature is wrong"}')
    })
  })
  servers.push(server)
  return `${server.url}/workspaces/ws-1`
}

const noCluster = {} as Cluster
const ask = (url: string, sign: Sign | undefined, promql: string, headers = {}) =>
  openPrometheus({ kind: 'url', url }, { headers, cluster: noCluster, sign }).query(promql)
const signer = (variables: Readonly<Record<string, string>>): Sign =>
  amazonSigner('eu-central-1', variables, () => Date.UTC(2026, 0, 2))

describe('Amazon Managed Service for Prometheus', () => {
  it.each([
    ['a word', 'up'],
    ['all that URLs take badly', `sum(rate(x{a=~"b|c+ d*('e')", f!="ü%20&=/?#"}[5m])) or vector(1)`],
    ['a query that goes as a form', `x{a="${'ü &=+'.repeat(600)}"}`]
  ])('answers what is signed: %s', async (_, promql) => {
    expect(await ask(await amazon(), signer(AWS_ENVIRONMENT), promql)).toHaveLength(1)
  })

  it('says what to look at when it refuses the signature', async () => {
    const url = await amazon()
    await expect(
      ask(url, signer({ ...AWS_ENVIRONMENT, AWS_SECRET_ACCESS_KEY: 'wrong' }), 'up')
    ).rejects.toMatchObject({
      fault: 'refused',
      message: expect.stringMatching(
        /refuses access \(HTTP 403\): \{"message":"Signature is wrong"\}; check the credentials in AWS_ACCESS_KEY_ID, .*aps:QueryMetrics/
      )
    })
  })

  it.each([
    ['none', {}],
    ['an empty one', { ...AWS_ENVIRONMENT, AWS_SECRET_ACCESS_KEY: '' }]
  ])('is not asked without credentials: %s', async (_, variables) => {
    await expect(ask('http://127.0.0.1:1', signer(variables), 'up')).rejects.toMatchObject({
      fault: 'refused',
      message:
        "Amazon's Prometheus is asked with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and they are not set; " +
        'run aws-actions/configure-aws-credentials before this step'
    })
  })

  it('gets no signature where the headers authorize', async () => {
    const seen: unknown[] = []
    const server = await listen((request, response) => {
      seen.push(request.headers.authorization, request.headers['x-amz-security-token'])
      response.end(scalarOne)
    })
    servers.push(server)
    await ask(server.url, signer(AWS_ENVIRONMENT), 'up', { authorization: 'Bearer mine' })
    expect(seen).toEqual(['Bearer mine', undefined])
  })

  it.each([
    ['https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-1/', 'eu-central-1'],
    ['https://aps-workspaces-fips.us-east-1.amazonaws.com/workspaces/ws-1', 'us-east-1'],
    ['https://vpce-0a-1b.aps-workspaces.us-east-1.vpce.amazonaws.com/workspaces/ws-1', 'us-east-1'],
    ['https://aps-workspaces.us-east-1.api.aws/workspaces/ws-1', 'us-east-1'],
    ['https://aps-workspaces.cn-north-1.amazonaws.com.cn/workspaces/ws-1', 'cn-north-1'],
    ['https://aps-workspaces.us-east-1.amazonaws.com.example.com/workspaces/ws-1', undefined],
    ['https://example.com/aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1', undefined]
  ])('is told by its host: %s', (url, region) => {
    const parsed = parsePrometheus(url)
    expect(parsed).toEqual({
      value: { kind: 'url', url: url.replace(/\/$/, ''), ...(region !== undefined && { region }) }
    })
  })

  it.each([
    'http://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1',
    'https://aps-workspaces.us-east-1.amazonaws.com',
    'https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/query'
  ])('is asked by https for a workspace, not at %s', (url) => {
    expect(parsePrometheus(url)).toMatchObject({
      problem: expect.stringContaining('of a workspace, by https')
    })
  })

  it('has its credentials masked', () => {
    expect(amazonSecrets(AWS_ENVIRONMENT)).toEqual(['AKIDEXAMPLE', AWS_SECRET, AWS_TOKEN])
    expect(amazonSecrets({})).toEqual([])
  })
})
