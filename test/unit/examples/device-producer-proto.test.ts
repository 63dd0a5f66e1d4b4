import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHttpServer } from '@sluice/test-kit/http-server'
// @ts-expect-error The example is JavaScript without types.
import { registered } from '../../../examples/device-producer-proto/registry.mjs'

for (const [given, status, answer, outcome] of [
  ['the page of another path', 404, '<html>', /is not the API .*\/apis\/ccompat\/v7$/],
  ['an unknown resource', 404, '{"message":"no resource"}', /is not the API/],
  [
    'a refusal',
    422,
    '{"message":"incompatible"}',
    /^the schema registry at http:.* refuses s: 422 incompatible$/,
  ],
  ['an id', 200, '{"id":7}', /^7$/],
] as const)
  it(`given ${given} of the registry, then the producer has the id, or the address and what to do`, async () => {
    const { url, close } = await startHttpServer((_, response) => response.writeHead(status).end(answer))
    const found = await registered(url, 's', 'text').catch(({ message }: Error) => message)
    await close()
    assert.match(String(found), outcome)
  })
