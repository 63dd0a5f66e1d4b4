import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT, runProgram } from '@sluice/test-kit/program'
import { freePort } from '#local-servers/ports'

const COMMAND = join(PROJECT, 'localstack', 'smoke.ts')

describe('given the command that sends readings through a running stack', () => {
  it('when no server answers, then each address is named without its password', async () => {
    const [kafka, redis] = [await freePort(), await freePort()]
    const { code, output } = await smoke([], {
      KAFKA_BROKERS: `127.0.0.1:${kafka}`,
      REDIS_URL: `redis://user:secret@127.0.0.1:${redis}/0`,
    })
    assert.equal(code, 1)
    assert.match(output, new RegExp(`Kafka at 127\\.0\\.0\\.1:${kafka} does not answer: `))
    assert.match(output, new RegExp(`Redis at 127\\.0\\.0\\.1:${redis} does not answer: `))
    assert.match(output, /npm start/)
    assert.doesNotMatch(output, /secret|sent {2}/)
  })
})

function smoke(args: string[], env: Record<string, string> = {}) {
  return runProgram(COMMAND, args, { env })
}
