import { execFileSync } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer as createProxy, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { connect, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// The credentials of AWS' test suite for Signature Version 4.
export const AWS_SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
export const AWS_TOKEN =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=='
/** As aws-actions/configure-aws-credentials sets it. */
export const AWS_ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: AWS_SECRET,
  AWS_SESSION_TOKEN: AWS_TOKEN
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** The signature of a request as it came in, computed as AWS documents it for who answers. */
function signatureOf({ method = '', url = '', headers }: IncomingMessage, body: string): string {
  const [, scope = '', names = ''] =
    /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+),/.exec(headers.authorization ?? '') ?? []
  const [path = '', query = ''] = url.split('?')
  const pairs = query.split('&').filter((pair) => pair !== '')
  const canonical = [
    method,
    path.split('/').map(encoded).join('/'),
    pairs
      .map((pair) =>
        pair
          .split('=')
          .map((part) => encoded(decodeURIComponent(part)))
          .join('=')
      )
      .sort()
      .join('&'),
    ...names.split(';').map((name) => `${name}:${String(headers[name])}`),
    '',
    names,
    hash(body)
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, hash(canonical)].join('\n')
  const key = scope.split('/').reduce<string | Buffer>((made, part) => hmac(made, part), `AWS4${AWS_SECRET}`)
  return hmac(key, text).toString('hex')
}

/** Whether a request is signed by these credentials. */
export const isSigned = (request: IncomingMessage, body: string): boolean =>
  request.headers.authorization?.endsWith(`Signature=${signatureOf(request, body)}`) === true &&
  request.headers['x-amz-security-token'] === AWS_TOKEN

export interface AmazonStandIn {
  /** What makes a process take it for that host. */
  readonly environment: Readonly<Record<string, string>>
  close(): void
}

/** Certificate and key of a host that signs for itself. */
function certificateOf(host: string): { readonly cert: Buffer; readonly key: Buffer; readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'amazon-'))
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2'
      ],
      ...[
        '-keyout',
        keyFile,
        '-out',
        certFile,
        '-subj',
        '/CN=stand-in',
        '-addext',
        `subjectAltName=DNS:${host}`
      ]
    ],
    { stdio: 'pipe' }
  )
  return { cert: readFileSync(certFile), key: readFileSync(keyFile), path: certFile }
}

async function listenAt(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Speaks TLS as a host of Amazon, behind a proxy that leads there. */
export async function amazonAt(host: string, answer: RequestListener): Promise<AmazonStandIn> {
  const { cert, key, path } = certificateOf(host)
  const server = createServer({ cert, key }, answer)
  const port = await listenAt(server)
  const proxy = createProxy().on('connect', (request: IncomingMessage, socket) => {
    if (request.url !== `${host}:443`) return socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    const through = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      through.pipe(socket).pipe(through)
    })
    through.on('error', () => socket.destroy())
    return socket.on('error', () => through.destroy())
  })
  const proxyPort = await listenAt(proxy)
  return {
    environment: { https_proxy: `http://127.0.0.1:${proxyPort}`, NODE_EXTRA_CA_CERTS: path },
    close: () => {
      for (const one of [server, proxy]) {
        one.closeAllConnections()
        one.close()
      }
    }
  }
}
