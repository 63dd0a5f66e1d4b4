import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unknownTopic } from '#runtime/operating/servers'
import { Unavailable } from '#runtime/pipeline'
import { MemoryPublisher } from '#runtime/testing'
import { carryOutPlan } from '../../../lib/operations/carry-out.ts'
import {
  type ChangedEnvironment,
  operation,
  PartlyDone,
  type Running,
} from '../../../lib/operations/operation.ts'
import { NAMES } from '../../support/families.ts'

const AWAY = new Unavailable('broker-unavailable', 'Kafka does not answer')

interface Case {
  /** Work of the operation after its first part is counted. */
  readonly after?: () => unknown
  readonly hasTopic?: boolean
  readonly mayBeFirst?: true
  readonly isAway?: boolean
}

/** Carries out an operation of one part. Returns its result or error, and the number of audit events. */
async function ended({ after = () => 'done', hasTopic = true, isAway = false, ...more }: Case) {
  const publisher = Object.assign(new MemoryPublisher(), {
    countPartitions: async () => (hasTopic ? 3 : Promise.reject(unknownTopic('events'))),
    ...(isAway && { publish: () => Promise.reject(AWAY) }),
  })
  const connections = {
    config: { env: 'test', names: NAMES, contentMode: 'binary', kafka: { brokers: ['b:1'] } },
    publisher: async () => publisher,
    writing: (work: () => Promise<unknown>) => work(),
  }
  const value = operation({
    ...{ about: '', more: '', fields: {}, asks: null, ...more },
    plan: async () => 'plan',
    describe: () => [],
    toAudit: () => ({}),
    carryOut: async (_, __, { counts }: Running) => {
      counts.partitions = 1
      return after()
    },
    describeResult: () => [],
  })
  const running = { by: 'ada', id: 'op-1', stop: new AbortController().signal } as unknown as Running
  const outcome = await carryOutPlan(
    'state drop',
    value,
    { connections } as unknown as ChangedEnvironment,
    'plan',
    running,
  ).catch((error: unknown) => error)
  return { outcome, audits: publisher.publishedRecords.length }
}

describe('an operation that is carried out', () => {
  it('given that it is done, or fails after a part, then it is audited', async () => {
    assert.deepEqual(await ended({}), { outcome: 'done', audits: 1 })
    const lost = new Error('lost')
    const failed = await ended({ after: () => Promise.reject(new PartlyDone('half', lost)) })
    assert.ok(failed.outcome instanceof PartlyDone)
    assert.deepEqual([failed.outcome.result, failed.outcome.cause, failed.audits], ['half', lost, 1])
  })

  it('given that its audit event cannot be written, then what was done is known all the same', async () => {
    const { outcome } = await ended({ isAway: true })
    assert.ok(outcome instanceof PartlyDone)
    assert.deepEqual([outcome.result, outcome.isStopped], ['done', false])
    assert.match(outcome.message, /^The operation is complete\. The audit event could not be written: Kafka/)
    const failed = await ended({ isAway: true, after: () => Promise.reject(new PartlyDone('half', AWAY)) })
    assert.ok(failed.outcome instanceof PartlyDone)
    assert.deepEqual([failed.outcome.result, failed.outcome.isStopped], ['half', true])
  })

  it('given no topic for audit events, then nothing is done, unless the operation may be the first', async () => {
    let times = 0
    const after = () => (times += 1)
    const { outcome } = await ended({ hasTopic: false, after })
    assert.match(String(outcome), /has no topic sluice\.telemetry\.events\.test/)
    assert.equal(times, 0)
    assert.deepEqual(await ended({ hasTopic: false, after, mayBeFirst: true }), { outcome: 1, audits: 0 })
  })
})
