import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readFunctions } from '../../../control/environment/function-entries.ts'
import { RETRY_TOPICS, resolveSignals, TOPICS } from '../../../lib/app/naming/topic-table.ts'
import { createScheduledRedriver } from '../../../lib/redriver/scheduled-run.ts'
import { NAMES, VOCABULARY } from '../../support/families.ts'
import { waitingRecord } from '../../support/retries.ts'

const MINUTE = 60_000

describe('the redriver of Sluice', () => {
  const FUNCTIONS = readFunctions()
  const REDRIVEN_TO = resolveSignals(['redriven'])
  const entry = FUNCTIONS.find(({ name }) => name === 'redriver')

  it('given the functions, then it may write to what they read, and to the dlq', () => {
    // No record fails in the archiver, because it writes each as it is.
    const others = FUNCTIONS.filter(({ name }) => name !== 'archiver')
    const read = new Set(others.flatMap(({ consumes }) => consumes))
    // Failures of failures are in the dlq already.
    assert.ok(read.delete('failures') && read.delete('dlq'))
    assert.ok(read.size >= 5)
    assert.deepEqual([...REDRIVEN_TO].sort(), [...read].sort())
    assert.deepEqual([...(entry?.writes ?? [])].sort(), [...REDRIVEN_TO, 'dlq'].sort())
    assert.deepEqual(entry?.forwards, [...RETRY_TOPICS, 'dlq'])
    assert.equal(entry?.schedule?.expression, 'rate(1 minute)')
  })

  for (const [signal, minutes] of [
    ['retry-1m', 1],
    ['retry-10m', 10],
    ['retry-1h', 60],
  ] as const)
    it(`given a record in ${signal}, then it waits ${minutes} min, and a second for clocks that differ`, async () => {
      const { forward } = createScheduledRedriver({ env: 'test', ...VOCABULARY })
      const record = { ...waitingRecord({}, 5), topic: NAMES.topicName(signal, 'test') }
      const dueMs = 5 + minutes * MINUTE + 1_000
      assert.deepEqual(forward(record, dueMs - 1), { kind: 'not-due', dueMs })
      assert.equal((await forward(record, dueMs)).kind, 'forwarded')
    })

  it('given any topic of the table that no consumer reads, then nothing is moved there', async () => {
    const { forward } = createScheduledRedriver({ env: 'test', ...VOCABULARY })
    const others = (Object.keys(TOPICS) as (keyof typeof TOPICS)[]).filter(
      signal => !(REDRIVEN_TO as readonly string[]).includes(signal),
    )
    assert.ok(others.includes('retry-1m') && others.includes('failures') && others.includes('dlq'))
    for (const signal of others) {
      const record = waitingRecord({ originalTopic: NAMES.topicName(signal, 'test') })
      assert.equal((await forward(record, 2 * MINUTE)).kind, 'rejected', signal)
    }
  })
})
