import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Rehearsal } from '../rehearsal.ts'

/** Asks the console through the HTTP API, with and without a token. */
export async function askConsole({ emulator, longLived }: Rehearsal): Promise<void> {
  const { items } = await emulator.rest('apigateway', '/v2/apis')
  const [api, ...more] = items as readonly { readonly apiId: string }[]
  assert.ok(api && more.length === 0, 'there is one HTTP API')
  // The request has the console's name, the only one it accepts; without the port, as API Gateway sends it.
  const host = `${api.apiId}.execute-api.localhost`
  const ask = async (headers: Readonly<Record<string, string>>) => {
    const request = get(`${emulator.endpoint}/api/environment`, { headers: { ...headers, host } })
    const [answer]: IncomingMessage[] = await once(request, 'response')
    assert.ok(answer)
    return { status: answer.statusCode, body: await text(answer) }
  }
  assert.equal((await ask({})).status, 401)
  const { status, body } = await ask({ authorization: `Bearer ${longLived.consoleToken}` })
  assert.equal(status, 200, body)
  assert.equal(JSON.parse(body).env, 'dev')
}
