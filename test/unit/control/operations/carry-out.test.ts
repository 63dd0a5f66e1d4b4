import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unknownTopic } from '#runtime/operating/servers'
import { Unavailable } from '#runtime/pipeline'
import { MemoryPublisher } from '#runtime/testing'
import { carryOutPlan } from '../../../../control/operations/carry-out.ts'
import {
  type ChangedEnvironment,
  operation,
  PartlyDone,
  type Running,
} from '../../../../control/operations/operation.ts'
import type { Audit } from '../../../../lib/schemas/types.ts'
import { NAMES } from '../../../support/families.ts'

const AWAY = new Unavailable('broker-unavailable', 'Kafka does not answer')

interface Case {
  /** Work of the operation after its first part is counted. */
  readonly after?: () => unknown
  readonly hasTopic?: boolean
  readonly mayBeFirst?: true
  /** Number of the first audit event that cannot be written. */
  readonly awayFrom?: number
  readonly fails?: boolean
}

/** Carries out an operation of one part. Returns its result or error, and its audit events. */
async function ended({ after = () => 'done', hasTopic = true, awayFrom, fails = false, ...more }: Case) {
  const memory = new MemoryPublisher()
  const publish = memory.publish.bind(memory)
  const publisher = Object.assign(memory, {
    countPartitions: async () => (hasTopic ? 3 : Promise.reject(unknownTopic('events'))),
    publish: (records: Parameters<typeof publish>[0]) =>
      memory.publishedRecords.length + 1 === awayFrom ? Promise.reject(AWAY) : publish(records),
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
    toAudit: () => ({ consumer: 'c' }),
    toAgreement: () => ({ letters: '250' }),
    carryOut: async (_, __, { counts }: Running) => {
      if (!fails) counts.partitions = 1
      return after()
    },
    describeResult: () => [],
  })
  const running = { by: 'ada', id: 'op-1', stop: new AbortController().signal } as unknown as Running
  const outcome = await carryOutPlan(
    'state drop',
    value,
    { connections, nowMs: Date.now } as unknown as ChangedEnvironment,
    'plan',
    running,
  ).catch((error: unknown) => error)
  const audits = memory.publishedRecords.map(({ value }): Audit => JSON.parse(String(value)))
  return { outcome, audits }
}

describe('an operation that is carried out', () => {
  const summary = ({ audits }: Awaited<ReturnType<typeof ended>>) =>
    audits.map(({ operation, outcome, counts, plan }) => [operation, outcome, counts, plan])
  const BEGUN = ['op-1', 'begun', {}, { letters: '250' }]

  it('when it is carried out, then it is audited with its plan before its first effect, and at its end', async () => {
    const done = await ended({})
    assert.equal(done.outcome, 'done')
    assert.deepEqual(summary(done), [BEGUN, ['op-1', 'done', { partitions: 1 }, undefined]])
    const lost = new Error('lost')
    const failed = await ended({ after: () => Promise.reject(new PartlyDone('half', lost)) })
    assert.ok(failed.outcome instanceof PartlyDone)
    assert.deepEqual([failed.outcome.result, failed.outcome.cause], ['half', lost])
    assert.deepEqual(summary(failed), [BEGUN, ['op-1', 'failed', { partitions: 1 }, undefined]])
  })

  it('given that it fails without effect, then that is audited, too', async () => {
    const failing = { fails: true, after: () => Promise.reject(AWAY) }
    const failed = await ended(failing)
    assert.equal(failed.outcome, AWAY)
    assert.deepEqual(summary(failed), [BEGUN, ['op-1', 'failed', {}, undefined]])
    assert.equal((await ended({ ...failing, awayFrom: 2 })).outcome, AWAY)
  })

  // Promise docs/commands.md#operations
  it('given that its beginning cannot be audited, then nothing is done', async () => {
    const { outcome, audits } = await ended({ awayFrom: 1, after: () => assert.fail('it is carried out') })
    assert.match(String(outcome), /Nothing was changed, because it could not be audited: Kafka does not/)
    assert.deepEqual(audits, [])
  })

  it('given that its end cannot be audited, then what was done is known all the same', async () => {
    const { outcome } = await ended({ awayFrom: 2 })
    assert.ok(outcome instanceof PartlyDone)
    assert.deepEqual([outcome.result, outcome.isStopped], ['done', false])
    assert.match(outcome.message, /^The operation is complete\. The audit event could not be written: Kafka/)
    const failed = await ended({ awayFrom: 2, after: () => Promise.reject(new PartlyDone('half', AWAY)) })
    assert.ok(failed.outcome instanceof PartlyDone)
    assert.deepEqual([failed.outcome.result, failed.outcome.isStopped], ['half', true])
  })

  it('given no topic for audit events, then nothing is done, unless the operation may be the first', async () => {
    let times = 0
    const after = () => (times += 1)
    const { outcome } = await ended({ hasTopic: false, after })
    assert.match(String(outcome), /has no topic sluice\.telemetry\.events\.test/)
    assert.equal(times, 0)
    assert.deepEqual(await ended({ hasTopic: false, after, mayBeFirst: true }), { outcome: 1, audits: [] })
  })
})
