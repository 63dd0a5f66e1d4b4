import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { OAuthTokens } from '../../access/oauth-token.ts'

describe('a token from an endpoint', () => {
  let server: Server
  let tokenEndpoint: string
  let answer: { status: number; body: string | Buffer; encoding?: string }
  const requests: { authorization: string | undefined; body: string }[] = []
  before(async () => {
    server = createServer(async (request, response) => {
      requests.push({ authorization: request.headers.authorization, body: await text(request) })
      response.statusCode = answer.status
      if (answer.encoding) response.setHeader('content-encoding', answer.encoding)
      response.end(answer.body)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    tokenEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
  })
  beforeEach(() => {
    requests.length = 0
    answer = { status: 200, body: '{"access_token":"token-1","expires_in":100}' }
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const tokens = (now?: () => number) =>
    new OAuthTokens({ tokenEndpoint, clientId: 'a client', clientSecret: 'p:w+1', scope: 'kafka' }, now)

  it('given client credentials, then they are sent as the standard says', async () => {
    assert.equal(await tokens().token(), 'token-1')
    const [, encoded = ''] = requests[0]?.authorization?.split(' ') ?? []
    assert.equal(Buffer.from(encoded, 'base64').toString(), 'a+client:p%3Aw%2B1')
    assert.equal(requests[0]?.body, 'grant_type=client_credentials&scope=kafka')
  })

  it('given a lifetime, then it is used for most of it', async () => {
    let nowMs = 0
    const own = tokens(() => nowMs)
    await own.token()
    nowMs = 79_000
    assert.equal(await own.token(), 'token-1')
    assert.equal(requests.length, 1)
    answer.body = '{"access_token":"token-2"}'
    nowMs = 80_000
    assert.equal(await own.token(), 'token-2')
  })

  it('given an answer that is compressed and too long, then it is not kept', async () => {
    answer = {
      status: 200,
      body: gzipSync(`{"access_token":"token-1"}${' '.repeat(5 * 1024 ** 2)}`),
      encoding: 'gzip',
    }
    await assert.rejects(tokens().token(), { name: 'AccessError' })
  })

  it('reports the reason of a refusal without the secret', async () => {
    answer = { status: 401, body: '{"error":"invalid_client","error_description":"unknown client"}' }
    await assert.rejects(tokens().token(), {
      name: 'AccessError',
      message: `custom.mskTrigger.sasl: no token from ${tokenEndpoint}: it answered 401, invalid_client, unknown client`,
    })
  })

  it('reports an answer of another service', async () => {
    answer.body = '<html>'
    await assert.rejects(tokens().token(), /no token from .*: its answer has no access_token$/)
    const nowhere = new OAuthTokens({
      tokenEndpoint: 'http://127.0.0.1:9/',
      clientId: 'c',
      clientSecret: 's',
    })
    await assert.rejects(nowhere.token(), {
      name: 'AccessError',
      message: /no token from http:\/\/127\.0\.0\.1:9\/: /,
    })
  })

  it('given a token in the settings, then nothing is asked', async () => {
    assert.equal(await new OAuthTokens({ token: 'mine' }).token(), 'mine')
    assert.equal(requests.length, 0)
  })
})
