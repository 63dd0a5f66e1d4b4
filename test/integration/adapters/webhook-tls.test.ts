import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type Certificates, makeCertificates } from '@sluice/test-kit/certificates'
import { httpsPost } from '../../../lib/notification/adapters/https.ts'

describe('a webhook over TLS', () => {
  let certificates: Certificates
  let server: Server
  const hosts: unknown[] = []

  before(async () => {
    certificates = await makeCertificates()
    server = createServer({ cert: certificates.cert, key: certificates.key }, (request, response) => {
      hosts.push(request.headers.host)
      response.end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  after(async () => {
    server?.close()
    await certificates?.remove()
  })

  const port = () => (server.address() as AddressInfo).port
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  const post = (host: string, ca?: string) => {
    const send = httpsPost({ resolve, ...(ca === undefined ? {} : { ca }) })
    const url = `https://${host}:${port()}/`
    return send({ url, headers: {}, body: '{}', timeoutMs: 5_000, allowPrivate: true })
  }

  it('given a certificate for its name, then it is called by that name at the checked address', async () => {
    assert.deepEqual(await post('localhost', certificates.ca), { kind: 'status', status: 200 })
    assert.deepEqual(hosts, [`localhost:${port()}`])
  })

  const wrong: [given: string, host: string, ca: () => string | undefined, code: RegExp][] = [
    ['an unknown authority', 'localhost', () => undefined, /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED/],
    [
      'a certificate for another name',
      'other.example',
      () => certificates.ca,
      /ERR_TLS_CERT_ALTNAME_INVALID/,
    ],
    ['an address, for which it is not', '127.0.0.1', () => certificates.ca, /ERR_TLS_CERT_ALTNAME_INVALID/],
  ]
  for (const [given, host, ca, code] of wrong)
    it(`given ${given}, then nothing is sent, and it may be tried again`, async () => {
      const before = hosts.length
      const answer = await post(host, ca())
      assert.equal(answer.kind, 'no-answer')
      assert.match((answer as { why: string }).why, /^has a certificate that is not accepted \(/)
      assert.match((answer as { why: string }).why, code)
      assert.equal(hosts.length, before)
    })

  it('given a server without TLS behind https, then it fails with a reason', async () => {
    const plain = (await import('node:http')).createServer(() => {})
    plain.listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const url = `https://localhost:${(plain.address() as AddressInfo).port}/`
    const answer = await httpsPost({ resolve })({
      url,
      headers: {},
      body: '{}',
      timeoutMs: 5_000,
      allowPrivate: true,
    })
    plain.close()
    assert.match(JSON.stringify(answer), /"no-answer","why":"failed \((ERR_SSL|EPROTO)/)
  })
})
