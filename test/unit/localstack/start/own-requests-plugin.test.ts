import assert from 'node:assert/strict'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import OwnRequestsPlugin from '../../../../localstack/start/own-requests-plugin.ts'

describe('a server that is started after the plugin', () => {
  let server: Server
  let handled = 0
  before(async () => {
    new OwnRequestsPlugin().hooks['before:offline:start']()
    server = createServer((_, response) => response.end(`${++handled}`))
    server.on('checkContinue', (_, response) => response.end(`${++handled}`))
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  })
  after(() => server.close())

  const runForStatus = (headers: Readonly<Record<string, string>>) =>
    new Promise<number | undefined>((done, fail) => {
      const { port } = server.address() as AddressInfo
      request({ port, host: '127.0.0.1', method: 'POST', headers, agent: false }, response => {
        response.resume()
        done(response.statusCode)
      })
        .on('error', fail)
        .end()
    })

  const FOREIGN: [name: string, headers: Readonly<Record<string, string>>][] = [
    ['a page', { origin: 'https://evil.example' }],
    ['a page without an origin, such as a file', { origin: 'null' }],
    ['a page of another server of this machine', { origin: 'http://localhost:8080' }],
    ['a page whose request has no origin', { 'sec-fetch-site': 'cross-site' }],
    ['a page that has its own name lead here', { host: 'evil.example:3002' }],
    ['a page whose name begins like this machine', { host: '127.0.0.1.evil.example' }],
    ['a page that asks to continue', { origin: 'https://evil.example', expect: '100-continue' }],
  ]
  for (const [name, headers] of FOREIGN)
    it(`given ${name}, then the request is refused, and no function sees it`, async () => {
      const before = handled
      assert.equal(await runForStatus(headers), 403)
      assert.equal(handled, before)
    })

  it('given a program of this machine, by whatever name of it, then it is answered', async () => {
    const before = handled
    const own = [{}, { host: 'localhost:3002' }, { host: '[::1]:3002' }, { expect: '100-continue' }]
    for (const headers of own) assert.equal(await runForStatus(headers), 200, JSON.stringify(headers))
    assert.equal(handled, before + own.length)
  })
})
