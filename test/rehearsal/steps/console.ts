import assert from 'node:assert/strict'
import type { Rehearsal } from '../rehearsal.ts'

/** Asks the console through the HTTP API, with and without a token. */
export async function askConsole({ emulator, longLived }: Rehearsal): Promise<void> {
  const { items } = await emulator.rest('apigateway', '/v2/apis')
  const [api, ...more] = items as readonly { readonly apiId: string }[]
  assert.ok(api && more.length === 0, 'there is one HTTP API')
  const ask = (headers: Record<string, string>) =>
    fetch(`${emulator.endpoint}/_aws/execute-api/${api.apiId}/$default/api/environment`, { headers })
  assert.equal((await ask({})).status, 401)
  const answer = await ask({ authorization: `Bearer ${longLived.consoleToken}` })
  assert.equal(answer.status, 200)
  assert.equal(((await answer.json()) as { readonly env: string }).env, 'dev')
}
