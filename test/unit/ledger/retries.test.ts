import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { idOf } from '../../ledger/count/event.ts'
import { compareRetries } from '../../ledger/count/retries.ts'
import { EARLY, LOST_REDRIVE, ORDER, Violations } from '../../ledger/count/violations.ts'
import type { KafkaRecord } from '../../ledger/kafka/records.ts'

const [READINGS, RETRIES] = ['readings', 'retry']
const WRONG = 'redriven with other bytes or to another partition'

function record(offset: number, content: Partial<KafkaRecord> = {}): KafkaRecord {
  return { partition: 0, offset, timestampMs: 0, key: null, value: null, headers: [], ...content }
}

const named = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)] as const)

const TASK = { ce_type: 'ledger.task.v1' }
const task = (offset: number) =>
  record(offset, { key: Buffer.from('t'), value: Buffer.from(`task ${offset}`), headers: named(TASK) })

const failureOf = (offset: number) => idOf('failure', 'failing', READINGS, 0, offset)

/** The task of an offset, as it waits at an offset of the retry topic. */
function waits(at: number, taskOffset: number): KafkaRecord {
  const original = { originalTopic: READINGS, originalPartition: 0, originalOffset: taskOffset }
  return record(at, { value: Buffer.from(JSON.stringify({ consumer: 'failing', attempt: 1, ...original })) })
}

/** The same, as it came back. */
function back(offset: number, taskOffset: number, changes: Partial<KafkaRecord> = {}): KafkaRecord {
  const { key, value } = task(taskOffset)
  const redrive = { consumer: 'failing', failure: failureOf(taskOffset), attempt: '2' }
  const own = Object.fromEntries(
    Object.entries(redrive).map(([name, text]) => [`sluice-redrive-${name}`, text]),
  )
  return record(offset, { key, value, headers: named({ ...TASK, ...own }), timestampMs: 600, ...changes })
}

async function violationsOf(
  readings: readonly KafkaRecord[],
  waiting: readonly KafkaRecord[],
  byHand: readonly string[] = [],
) {
  const violations = new Violations()
  const records = (topic: string, partition: number) =>
    (topic === READINGS ? readings : waiting).filter(one => one.partition === partition)
  const log = {
    ends: async (topic: string) => [0, 1].map(partition => records(topic, partition).length),
    async *records(topic: string, partition: number) {
      yield* records(topic, partition)
    },
  }
  const topics = { readings: READINGS, retries: new Map([['retry-1m', RETRIES]]), byHand: new Set(byHand) }
  const figures = await compareRetries(log, topics, violations)
  return { kinds: violations.kinds, figures }
}

describe('the count of retries', () => {
  const log = [task(0), task(1)]
  const waiting = [waits(0, 0), waits(1, 1)]

  it('given that all came back when due, in order and byte for byte, then nothing is wrong', async () => {
    const { kinds, figures } = await violationsOf([...log, back(2, 0), back(3, 1), back(4, 0)], waiting)
    assert.deepEqual(kinds, [])
    assert.deepEqual(figures, { waited: 2, byHand: 0, cameBack: 3 })
  })

  const wrong: [name: string, readings: readonly KafkaRecord[], kind: string][] = [
    ['one that came early', [...log, back(2, 0, { timestampMs: 599 }), back(3, 1)], EARLY],
    ['one that never came', [...log, back(2, 0)], LOST_REDRIVE],
    ['two in the wrong order', [...log, back(2, 1), back(3, 0)], ORDER],
    ['other bytes', [...log, back(2, 0, { value: Buffer.from('x') }), back(3, 1)], WRONG],
    ['another partition', [...log, back(3, 1), back(0, 0, { partition: 1 })], WRONG],
  ]
  for (const [name, readings, kind] of wrong)
    it(`given ${name}, then that is found, and nothing else`, async () => {
      assert.deepEqual((await violationsOf(readings, waiting)).kinds, [kind])
    })

  it('given one that came back although it does not wait, then that is found', async () => {
    const { kinds } = await violationsOf([...log, back(2, 0), back(3, 1)], [waits(0, 0)])
    assert.deepEqual(kinds, ['redriven without a failure that waits'])
  })

  it('given one that people redrove, then it may come back, and must', async () => {
    const byHand = [`${failureOf(1)} 2`]
    assert.deepEqual((await violationsOf([...log, back(2, 0), back(3, 1)], [waits(0, 0)], byHand)).kinds, [])
    assert.deepEqual((await violationsOf([...log, back(2, 0)], [waits(0, 0)], byHand)).kinds, [LOST_REDRIVE])
  })
})
