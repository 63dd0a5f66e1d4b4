/** A long list of dead letters, page by page, from a real Kafka. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { deadLetterRecord, handledRecord } from '../support/dead-letters.ts'
import { TestEnvironment } from '../support/environment.ts'
import { brokers } from '../support/servers.ts'
import { ran } from '../unit/cli/terminal.ts'

const LETTERS = 6_000
const BATCH = 500

let environment: TestEnvironment

before(async () => {
  environment = await TestEnvironment.create()
  for (let first = 0; first < LETTERS; first += BATCH)
    await send(
      Array.from({ length: BATCH }, (_, at) =>
        deadLetterRecord({}, 'io.sluice.dead-letter.v1', `y${first + at}`),
      ),
    )
  // The newest ones.
  const ranges = [{ from: LETTERS - 21, to: LETTERS - 1 }]
  const by = { by: 'ann', at: '2026-03-01T13:00:00Z', operation: 'o' }
  await send([handledRecord({ action: 'dropped', ...by, ranges })])
})

after(() => environment?.close())

/** Writes records into one partition. */
async function send(records: ReturnType<typeof deadLetterRecord>[]): Promise<void> {
  const headers = { 'content-type': 'application/cloudevents+json' }
  const messages = records.map(({ value }) => ({ key: null, value, headers, partition: 1 }))
  await environment.client.send(environment.topic('dlq'), messages)
}

async function list(...args: string[]) {
  const environmentOfUser = { KAFKA_BROKERS: brokers().join(','), SLUICE_ENV: environment.name }
  const options = { environment: environmentOfUser, folder: '.' }
  const { status, stdout, stderr } = await ran(['dlq', 'list', '--json', ...args], options)
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

const places = ({ deadLetters }: { deadLetters: readonly { readonly at: string }[] }) =>
  deadLetters.map(({ at }) => at)

const fromTo = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `1@${from + at}`)

it('given many dead letters, then the newest are listed, and all are counted, without what was handled', async () => {
  const newest = await list('--limit', '20')
  assert.deepEqual([places(newest), newest.counts.total], [fromTo(LETTERS - 41, LETTERS - 21), LETTERS - 21])
  const all = await list('--limit', '1', '--all')
  assert.deepEqual([places(all), all.counts.total], [fromTo(LETTERS - 1, LETTERS), LETTERS])
})
