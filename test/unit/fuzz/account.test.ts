import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { account, type Decided, type Observed } from '../../fuzz/account.ts'
import type { FailureRecord, FuzzedRecord, Logged } from '../../fuzz/observed.ts'
import { idOf } from '../../ledger/count/event.ts'

const TOPIC = 'sluice.telemetry.readings.test'
const STEADY = '/environment/steady'
const DIGESTS = { key: 'k', value: 'v', headers: 'h' }

describe('the account of a fuzzing run', () => {
  it('given one outcome for each record, and failure and dead letter for a failed one, then it is whole', () => {
    assert.deepEqual(account(observed()).lines, [])
  })

  const wrong: Readonly<Record<string, { change: Partial<Observed>; kind: string }>> = {
    'a record that was acknowledged and is not there': {
      change: { sent: [sent(0), sent(1), sent(9)] },
      kind: 'acknowledged but not in the log',
    },
    'a record of an aborted transaction that is there': {
      change: { sent: [sent(0), { ...sent(1), how: 'aborted' }] },
      kind: 'not committed but in the log',
    },
    'a consumer that has not come to the last record': {
      change: {
        decided: [
          processor({
            appliedOffset: 1,
            tally: [
              ['failed/malformed-event', 1],
              ['applied/counted', 1],
            ],
          }),
          router(),
        ],
      },
      kind: 'stuck partitions',
    },
    'a record that was counted twice': {
      change: {
        decided: [
          processor({
            tally: [
              ['failed/malformed-event', 1],
              ['applied/counted', 3],
            ],
          }),
          router(),
        ],
      },
      kind: 'records without exactly one outcome',
    },
    'an emission that is left behind': {
      change: { decided: [processor({ outbox: 1 }), router()] },
      kind: 'entries left in the outbox',
    },
    'a failed record without a failure record': {
      change: {
        failures: topic([]),
        deadLetters: topic([]),
        decided: [processor({}), router({ appliedOffset: -1, tally: [] })],
      },
      kind: 'failures that differ from the counters',
    },
    'a failure record with an id of its own': {
      change: { failures: topic([{ ...failure(), id: 'other' }]) },
      kind: 'failures with a wrong id',
    },
    'a failure record with another value': {
      change: { failures: topic([{ ...failure(), value: 'other' }]) },
      kind: 'failures whose value differs from the record',
    },
    'a failure record that lacks a small value': {
      change: { failures: topic([{ ...failure(), value: 'null' }]) },
      kind: 'failures whose value differs from the record',
    },
    'a failure without a dead letter': {
      change: { deadLetters: topic([]) },
      kind: 'failures without exactly one dead letter',
    },
    'two dead letters for one failure': {
      change: { deadLetters: topic([failureRecord('a'), { ...failureRecord('b'), offset: 1 }]) },
      kind: 'failures without exactly one dead letter',
    },
    'a good reading that failed': {
      change: { readings: topic([logged(0), { ...logged(1), source: STEADY, id: 's/1' }, logged(2, 's/0')]) },
      kind: 'good readings that failed',
    },
    'a good reading that the statistics lack': {
      change: { steady: { source: STEADY, sent: new Map([['s', 1]]), counted: new Map([['s', 0]]) } },
      kind: 'good readings not counted exactly once',
    },
    'a log of nothing': {
      change: { sent: [], readings: topic([]) },
      kind: 'no readings were found',
    },
  }
  for (const [what, { change, kind }] of Object.entries(wrong))
    it(`given ${what}, then: ${kind}`, () => {
      const { kinds } = account({ ...observed(), ...change })
      assert.ok(kinds.includes(kind), kinds.join('; '))
    })

  it('given a large record whose value does not fit into its failure record, then it may be left behind', () => {
    const large = { ...logged(1), encodedBytes: 2_000_000 }
    const [failures, deadLetters] = [
      topic([{ ...failure(), value: 'null' }]),
      topic([{ ...failureRecord('a'), value: 'null' }]),
    ]
    const readings = topic([logged(0), large, logged(2, 's/0')])
    assert.deepEqual(account({ ...observed(), readings, failures, deadLetters }).lines, [])
  })

  for (const [code, kinds] of [
    ['id-conflict', []],
    ['attributes-too-large', ['failures of what consumers have emitted']],
  ] as const)
    it(`given ${code} of a consumer behind those, then ${kinds[0] ?? 'it is whole'}`, () => {
      const behind = { ...failureRecord('b'), consumer: 'alert-router', code }
      const decided = [processor({}), router({ appliedOffset: 1, tally: [['applied/not-retried', 2]] })]
      const [failures, deadLetters] = [
        topic([failure(), { ...behind, offset: 1 }]),
        topic([failureRecord('a'), { ...behind, offset: 1 }]),
      ]
      assert.deepEqual(account({ ...observed(), decided, failures, deadLetters }).kinds, kinds)
    })

  it('given copies of a failure record with one id, then they are one', () => {
    const failures = topic([failure(), { ...failure(), offset: 1 }])
    const decided = [
      processor({}),
      router({
        appliedOffset: 1,
        tally: [
          ['applied/not-retried', 1],
          ['duplicate/id-known', 1],
        ],
      }),
    ]
    assert.deepEqual(account({ ...observed(), failures, decided }).lines, [])
  })
})

/** Three records in one partition: the second fails, and the third is a good reading of another producer. */
function observed(): Observed {
  return {
    readingsTopic: TOPIC,
    sent: [sent(0), sent(1)],
    readings: topic([logged(0), logged(1), logged(2, 's/0')]),
    failures: topic([failure()]),
    deadLetters: topic([failureRecord('a')]),
    decided: [processor({}), router()],
    steady: { source: STEADY, sent: new Map([['s', 1]]), counted: new Map([['s', 1]]) },
  }
}

function topic<T>(records: readonly T[]) {
  return { records, ends: [Math.max(3, records.length)] }
}

function sent(offset: number): FuzzedRecord {
  return { how: 'ack', partition: 0, offset, codec: 'zstd', manner: 'plain', kind: 'reading' }
}

function logged(offset: number, steady?: string): Logged {
  const [id, source] = steady ? [steady, STEADY] : [`id-${offset}`, '/environment/fuzz']
  return { partition: 0, offset, id, source, encodedBytes: 500, ...DIGESTS }
}

function failure(): FailureRecord {
  return {
    partition: 0,
    offset: 0,
    id: idOf('failure', 'processor', TOPIC, 0, 1),
    consumer: 'processor',
    originalPartition: 0,
    originalOffset: 1,
    code: 'malformed-event',
    ...DIGESTS,
  }
}

function failureRecord(id: string): FailureRecord {
  return { ...failure(), id }
}

type DecidedOptions = Partial<Pick<Decided, 'appliedOffset' | 'outbox'>> & {
  readonly tally?: readonly (readonly [string, number])[]
}

function processor({
  appliedOffset = 2,
  outbox = 0,
  tally = [
    ['applied/counted', 2],
    ['failed/malformed-event', 1],
  ],
}: DecidedOptions): Decided {
  return { consumer: 'processor', partition: 0, appliedOffset, outbox, tally: new Map(tally) }
}

function router({ appliedOffset = 0, tally = [['applied/not-retried', 1]] }: DecidedOptions = {}): Decided {
  return { consumer: 'dlq-router', partition: 0, appliedOffset, outbox: 0, tally: new Map(tally) }
}
