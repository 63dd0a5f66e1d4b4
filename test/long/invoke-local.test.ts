import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KafkaEvent } from '../../packages/runtime/pipeline/batch/receive.ts'
import { TestEnvironment } from '../support/environment.ts'
import { PROJECT, runProgram } from '../support/program.ts'

/** No server listens there. */
const NO_SERVERS = {
  KAFKA_BROKERS: '127.0.0.1:1',
  REDIS_URL: 'redis://127.0.0.1:1',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
}
const BUILD_DIR = '.local/test-bundles/invoke-local'

const invokeLocal = (name: string, input: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runProgram('serverless', ['invoke', 'local', '--function', name, ...input], {
    env: { SLUICE_BUILD_DIR: BUILD_DIR, ...env },
  })
const batch = (name: string) => ['--path', join('events', 'batches', `${name}.json`)]

describe('serverless invoke local', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-invoke-'))
  })

  after(async () => {
    await rm(folder, { recursive: true, force: true })
    await rm(join(PROJECT, BUILD_DIR), { recursive: true, force: true })
  })

  it('given no server and the same file twice, then it prints the same decisions and events twice', async () => {
    const first = await invokeLocal('alerting', batch('good'), NO_SERVERS)
    assert.equal(first.code, 0, first.output)
    assert.match(first.output, /^sluice\.telemetry\.readings\.recorded-good, partition 9$/m)
    assert.equal(first.output.match(/^ +\d+ {2}applied {4}\S/gm)?.length, 16)
    assert.match(first.output, /^ +3 {2}applied {4}fired +\/environment\/vienna roof-1$/m)
    assert.match(first.output, /^ +timers set for \/environment\/vienna roof-1: .*look at 2025-07-01T/m)
    assert.match(first.output, /^would have been published, 2 records:$/m)
    assert.match(
      first.output,
      /^ {2}→ sluice\.telemetry\.alerts\.local {2}key \S+\n +io\.sluice\.alert\.fired\.v1 {2}id \S+$/m,
    )
    assert.match(first.output, /^ +summary: 'Extreme heat at roof-1: 40\.3 °C, above 40 °C',$/m)
    assert.deepEqual(JSON.parse(first.stdout), { batchItemFailures: [] }, 'the answer alone')

    const second = await invokeLocal('alerting', batch('good'), NO_SERVERS)
    assert.equal(second.output, first.output)
  })

  it('given a batch from the middle of a log, then it begins there, and says so', async () => {
    const event: KafkaEvent = JSON.parse(await readFile(join(PROJECT, 'events/batches/good.json'), 'utf8'))
    const records = Object.entries(event.records).map(([name, own]) => [
      name,
      own.map(record => ({ ...record, offset: record.offset + 100 })),
    ])
    const file = join(folder, 'later.json')
    await writeFile(file, JSON.stringify({ ...event, records: Object.fromEntries(records) }))
    const { output, stdout } = await invokeLocal('processor', ['--path', file], NO_SERVERS)
    assert.match(output, /^ +offsets 0 to 99 are not in the batch: treated as empty$/m)
    assert.match(output, /^ +100 {2}applied {4}counted/m)
    assert.deepEqual(JSON.parse(stdout), { batchItemFailures: [] })
  })

  for (const [name, says] of [
    [
      'generator',
      /^would have been published, \d+ records:\n {2}→ sluice\.telemetry\.readings\.local {2}key /m,
    ],
    [
      'clock',
      /^would have been published, 66 records:\n {2}→ sluice\.telemetry\.readings\.local, partition 0 {2}no key$/m,
    ],
  ] as const)
    it(`given ${name}, which a schedule calls, then it says what it would have published`, async () => {
      const { code, output } = await invokeLocal(name, ['--data', '{}'], NO_SERVERS)
      assert.equal(code, 0, output)
      assert.match(output, says)
    })

  it('given servers that run, when poison is invoked, then its failures are shown and not published', async () => {
    const environment = await TestEnvironment.create()
    try {
      const { code, output } = await invokeLocal('processor', batch('poison'), {
        SLUICE_ENV: environment.name,
      })
      assert.equal(code, 0, output)
      assert.match(
        output,
        /^ +5 {2}failed {5}malformed-event\n +the data is not JSON, although its content type is$/m,
      )
      assert.match(
        output,
        /^ {2}→ sluice\.telemetry\.failures\.\S+ {2}no key\n +io\.sluice\.failure\.v1 {2}id \S+$/m,
      )
      assert.deepEqual(await environment.read('failures'), [])
      assert.deepEqual(await environment.read('analytics'), [])
    } finally {
      await environment.close()
    }
  })

  it('given SLUICE_LIVE=1, then it works on the servers, and they have what came of it', async () => {
    const environment = await TestEnvironment.create()
    try {
      const live = { SLUICE_ENV: environment.name, SLUICE_LIVE: '1' }
      const { code, output } = await invokeLocal('clock', ['--data', '{}'], live)
      assert.equal(code, 0, output)
      assert.doesNotMatch(output, /would have been published/)
      // Rules, the plan of the tables, and a tick in each partition.
      assert.equal((await environment.read('readings')).length, 36)
    } finally {
      await environment.close()
    }
  })
})
