/** The fine print, "The applied offset", rule 5: see docs/guarantees.md. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { alerting } from '../../../../../lib/alerting/process.ts'
import { readRules } from '../../../../../lib/alerting/rule-files.ts'
import type { LogRecord } from '../../../../../packages/runtime/cloudevents/record.ts'
import type { Process } from '../../../../../packages/runtime/pipeline/consumer.ts'
import { Unavailable } from '../../../../../packages/runtime/pipeline/errors.ts'
import {
  type CheckpointStore,
  EMPTY_META,
  type Recovery,
} from '../../../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { takeCheckpoints } from '../../../../../packages/runtime/pipeline/recovery/take-checkpoints.ts'
import { MemoryCheckpointStore } from '../../../../../packages/runtime/testing/checkpoint-store.ts'
import { MemoryLogReader } from '../../../../../packages/runtime/testing/log-reader.ts'
import {
  kafkaEvent,
  environmentReading as reading,
  logRecord as record,
} from '../../../../support/records.ts'
import { counting, Stage } from '../../../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'
const RULES = readRules([
  {
    where: 'rules.yaml',
    text: 'rules:\n  - { name: HIGH, family: environment, metric: temperature, fireAbove: 40, severity: critical }\n',
  },
])

/** A stage with a place for checkpoints. */
class CheckpointStage {
  readonly checkpoints = new MemoryCheckpointStore()
  readonly stage: Stage
  nowMs = 1_000

  constructor(process: Process = counting as Process) {
    this.stage = new Stage(process, { recovery: async () => this.recovery })
  }

  get recovery(): Recovery {
    return { checkpoints: this.checkpoints, states: this.stage.store }
  }

  /** Takes a checkpoint, a second after the last. */
  async take(): Promise<void> {
    this.nowMs += 1_000
    const options = { kept: 4, nowMs: () => this.nowMs, remainingMs: () => 60_000, reserveMs: 1_000 }
    const { written } = await takeCheckpoints(this.recovery, [this.stage.stateKey()], options)
    assert.equal(written, 1)
  }

  loseState(): void {
    this.stage.store.restore(this.stage.stateKey(), undefined)
  }

  async version() {
    return (await this.stage.store.take(this.stage.stateKey()))?.version
  }
}

function readings(from: number, to: number): LogRecord[] {
  return Array.from({ length: to - from + 1 }, (_, at) => record(from + at, reading(`r${from + at}`)))
}

/** Returns the log without the records that retention has deleted. */
function keptFrom(offset: number, log: readonly LogRecord[]) {
  return { ports: { log: new MemoryLogReader(log.filter(one => one.offset >= offset)) } }
}

describe('rule 5: a state that is gone is restored from its newest checkpoint', () => {
  it('rule 5: given a firing alert, a lost store and a log without its start, then the alert resolves', async () => {
    const kept = new CheckpointStage(alerting(RULES) as Process)
    const { stage } = kept
    const hot = Array.from({ length: 10 }, (_, at) => record(at, reading(`r${at}`, { at, temperature: 42 })))
    const cold = record(10, reading('r10', { at: 10, temperature: 20 }))
    await stage.batch(hot.slice(0, 4))
    await kept.take()
    await stage.batch(hot.slice(4))
    kept.loseState()
    const answer = await stage.consume(kafkaEvent([cold]), keptFrom(6, [...hot, cold]))
    assert.deepEqual(answer, { batchItemFailures: [] })
    const alerts = stage.events.map(({ type, data }) => [
      type.split('.').at(-2),
      (data as { alertId: string }).alertId,
    ])
    assert.deepEqual(
      alerts.map(([what]) => what),
      ['fired', 'resolved'],
    )
    assert.equal(alerts[0]?.[1], alerts[1]?.[1])
    assert.deepEqual(stage.observer.expiries, [{ fromOffset: 4, toOffset: 5 }])
    assert.deepEqual(stage.observer.restorations, [{ appliedOffset: 3, takenAtMs: kept.nowMs }])
    assert.deepEqual(stage.observer.startsWithoutAppliedOffsetAt, [])
  })

  it('rule 5: given changes after a whole state, then the state comes back with all', async () => {
    const kept = new CheckpointStage()
    const { stage } = kept
    for (const from of [0, 4, 8]) {
      await stage.batch(readings(from, from + 3))
      await kept.take()
    }
    const listed = await kept.checkpoints.list(stage.stateKey())
    assert.deepEqual(
      listed.map(({ after }) => after),
      [3_000, 2_000, undefined],
    )
    kept.loseState()
    await stage.batch(readings(12, 13))
    assert.deepEqual(await stage.state(ENTITY), { count: 14 })
    assert.deepEqual(stage.observer.ranges, [])
    assert.deepEqual(stage.observer.restorations, [{ appliedOffset: 11, takenAtMs: 4_000 }])
  })

  it('rule 5: given changes whose whole state is damaged, then an earlier chain is used', async () => {
    const kept = new CheckpointStage()
    const { stage } = kept
    for (let from = 0; from < 7; from += 1) {
      await stage.batch(readings(from, from))
      await kept.take()
    }
    const [changes, whole, before] = await kept.checkpoints.list(stage.stateKey())
    assert.ok(changes?.after !== undefined && whole && whole.after === undefined)
    kept.checkpoints.damage(stage.stateKey(), whole)
    kept.loseState()
    await stage.batch(readings(7, 7))
    assert.deepEqual(await stage.state(ENTITY), { count: 8 })
    assert.deepEqual(
      stage.observer.restorations.map(({ appliedOffset }) => appliedOffset),
      [before?.version.appliedOffset],
    )
    assert.deepEqual(stage.observer.damagedAtMs, [changes.takenAtMs, whole.takenAtMs])
  })

  it('rule 5: given a complete log, then the range between checkpoint and batch is read', async () => {
    const kept = new CheckpointStage()
    const { stage } = kept
    await stage.batch(readings(0, 3))
    await kept.take()
    await stage.batch(readings(4, 7))
    kept.loseState()
    await stage.batch(readings(8, 9))
    assert.deepEqual(await stage.state(ENTITY), { count: 10 })
    assert.deepEqual(stage.observer.ranges, [{ fromOffset: 4, toOffset: 7 }])
    assert.deepEqual(stage.observer.expiries, [])
    assert.equal(new Set(stage.events.map(({ id }) => id)).size, 5)
  })

  it('rule 5: given a batch that lies below the checkpoint, then nothing of it is applied twice', async () => {
    const kept = new CheckpointStage()
    await kept.stage.batch(readings(0, 5))
    await kept.take()
    kept.loseState()
    await kept.stage.batch(readings(2, 6))
    assert.deepEqual(await kept.stage.state(ENTITY), { count: 7 })
  })

  it('rule 5: given a first deployment, then its log is read from the start, without a report', async () => {
    const { stage } = new CheckpointStage()
    await stage.batch(readings(0, 3))
    assert.deepEqual(await stage.state(ENTITY), { count: 4 })
    const { startsWithoutAppliedOffsetAt, restorations, damagedAtMs, waits } = stage.observer
    assert.deepEqual([startsWithoutAppliedOffsetAt, restorations, damagedAtMs, waits], [[], [], [], []])
  })

  it('rule 5: given a first deployment behind a long log, then checkpoints are looked for once', async () => {
    const { stage } = new CheckpointStage()
    let asked = 0
    const list = async () => {
      asked += 1
      return []
    }
    const none = { list } as unknown as CheckpointStore
    stage.inLog(readings(0, 1_999))
    const recovery = async () => ({ checkpoints: none, states: stage.store })
    await stage.batch(readings(2_000, 2_001), { ports: { recovery } })
    assert.deepEqual([await stage.state(ENTITY), asked], [{ count: 2_002 }, 1])
    assert.equal(stage.observer.startsWithoutAppliedOffsetAt[0], 0)
  })

  it('rule 5: given checkpoints out of reach, then the partition waits, until they are there again', async () => {
    const kept = new CheckpointStage()
    const { stage } = kept
    await stage.batch(readings(0, 3))
    await kept.take()
    kept.loseState()
    const away = () => Promise.reject(new Unavailable('checkpoint-unavailable', 'S3 is away'))
    const unreadable = {
      list: kept.checkpoints.list.bind(kept.checkpoints),
      // biome-ignore lint/correctness/useYield: it fails before
      async *read() {
        await away()
      },
    }
    for (const checkpoints of [{ list: away }, unreadable] as unknown as CheckpointStore[]) {
      const recovery = async () => ({ checkpoints, states: stage.store })
      const { batchItemFailures } = await stage.batch(readings(4, 5), { ports: { recovery } })
      assert.equal(batchItemFailures.length, 2)
      assert.equal(stage.observer.waits.at(-1)?.reason, 'checkpoint-unavailable')
    }
    assert.equal(await kept.version(), undefined)
    await stage.batch(readings(4, 5))
    assert.deepEqual(await stage.state(ENTITY), { count: 6 })
  })

  it('rule 5: given a damaged checkpoint, then it is reported, and the one before it is used', async () => {
    const kept = new CheckpointStage()
    const { stage, checkpoints } = kept
    await stage.batch(readings(0, 3))
    await kept.take()
    await stage.batch(readings(4, 5))
    await kept.take()
    const [newest, older] = await checkpoints.list(stage.stateKey())
    assert.ok(newest && older)
    checkpoints.damage(stage.stateKey(), newest)
    kept.loseState()
    await stage.batch(readings(6, 7))
    assert.deepEqual(await stage.state(ENTITY), { count: 8 })
    assert.deepEqual(stage.observer.damagedAtMs, [newest.takenAtMs])
    assert.deepEqual(stage.observer.restorations, [{ appliedOffset: 3, takenAtMs: older.takenAtMs }])
  })

  it('rule 5: given only damaged checkpoints, then the log is read from its start, in a later epoch', async () => {
    const kept = new CheckpointStage()
    const { stage, checkpoints } = kept
    await stage.batch(readings(0, 3))
    await kept.take()
    for (const one of await checkpoints.list(stage.stateKey())) checkpoints.damage(stage.stateKey(), one)
    kept.loseState()
    await stage.batch(readings(4, 5))
    assert.deepEqual(await stage.state(ENTITY), { count: 6 })
    assert.equal(stage.observer.damagedAtMs.length, 1)
    assert.deepEqual(stage.observer.startsWithoutAppliedOffsetAt, [0])
    assert.equal((await kept.version())?.epoch, 1)
  })

  it('rule 5: given only damaged checkpoints, then what is emitted again is equal to what was emitted', async () => {
    const kept = new CheckpointStage()
    const { stage, checkpoints } = kept
    await stage.batch([record(0, { value: Buffer.from('no event') }), ...readings(1, 4)])
    await kept.take()
    for (const one of await checkpoints.list(stage.stateKey())) checkpoints.damage(stage.stateKey(), one)
    kept.loseState()
    await stage.batch(readings(5, 5))
    assert.equal(stage.events.length, 6)
    assert.deepEqual(stage.eventsAfter(3), stage.events.slice(0, 3))
  })

  it('rule 5: given two invocations that miss the same state, then one restores it', async () => {
    const kept = new CheckpointStage()
    const { stage, checkpoints } = kept
    await stage.batch(readings(0, 3))
    await kept.take()
    kept.loseState()
    const asleep = Promise.withResolvers<void>()
    const slow = {
      list: checkpoints.list.bind(checkpoints),
      async *read(...args: Parameters<CheckpointStore['read']>) {
        await asleep.promise
        yield* checkpoints.read(...args)
      },
    } as unknown as CheckpointStore
    const recovery = async () => ({ checkpoints: slow, states: stage.store })
    const first = stage.batch(readings(4, 5), { ports: { recovery } })
    await stage.batch(readings(4, 7))
    asleep.resolve()
    // The restoration was overtaken, so its records come again, and are known by then.
    assert.deepEqual((await first).batchItemFailures.length, 2)
    assert.equal(stage.observer.waits[0]?.reason, 'contended')
    assert.deepEqual(await stage.batch(readings(4, 5)), { batchItemFailures: [] })
    assert.deepEqual(await stage.state(ENTITY), { count: 8 })
    assert.equal(stage.observer.restorations.length, 1)
    assert.equal((await kept.version())?.epoch, 1)
  })

  it('rule 5: given another attempt that is under way, then the partition waits instead of disturbing it', async () => {
    const kept = new CheckpointStage()
    const { stage, checkpoints } = kept
    await stage.batch(readings(0, 3))
    await kept.take()
    kept.loseState()
    const states = { ...kept.recovery.states, replace: async () => 'overtaken' as const }
    const recovery = async () => ({ checkpoints, states }) as Recovery
    const { batchItemFailures } = await stage.batch(readings(4, 5), { ports: { recovery } })
    assert.equal(batchItemFailures.length, 2)
    assert.equal(stage.observer.waits[0]?.reason, 'contended')
  })

  it('rule 5: given a state that was dropped on purpose, then no checkpoint undoes it', async () => {
    const kept = new CheckpointStage()
    const { stage } = kept
    await stage.batch(readings(0, 3))
    await kept.take()
    await drop(kept)
    await stage.batch(readings(4, 5))
    assert.deepEqual(stage.observer.restorations, [])
    assert.deepEqual(stage.observer.startsWithoutAppliedOffsetAt, [0])
    assert.deepEqual(await stage.state(ENTITY), { count: 6 })
  })

  it('rule 5: given a state dropped, copied and then lost, then the earlier checkpoint is not used', async () => {
    const kept = new CheckpointStage()
    const { stage } = kept
    await stage.batch(readings(0, 3))
    await kept.take()
    await drop(kept)
    await kept.take()
    kept.loseState()
    await stage.consume(kafkaEvent(readings(4, 5)), keptFrom(2, readings(0, 5)))
    // Counts of the log as it is now, without dropped records.
    assert.deepEqual(await stage.state(ENTITY), { count: 4 })
    assert.equal((await kept.version())?.epoch, 2)
  })

  it('rule 5: given no place for checkpoints, then the log is read from its start, with an alarm', async () => {
    const stage = new Stage()
    stage.inLog(readings(0, 3))
    await stage.batch(readings(4, 5), { ports: { recovery: async () => undefined } })
    assert.deepEqual(await stage.state(ENTITY), { count: 6 })
    assert.deepEqual(stage.observer.startsWithoutAppliedOffsetAt, [0])
  })

  it('rule 5: given little time left after a restoration, then the rest waits for the next invocation', async () => {
    const kept = new CheckpointStage()
    const { stage } = kept
    await stage.batch(readings(0, 3))
    await kept.take()
    kept.loseState()
    const remainingMs = () => (stage.observer.restorations.length > 0 ? 1_000 : 60_000)
    assert.equal((await stage.batch(readings(4, 5), { remainingMs })).batchItemFailures.length, 2)
    assert.equal(stage.observer.waits[0]?.reason, 'out-of-time')
    await stage.batch(readings(4, 5))
    assert.deepEqual(await stage.state(ENTITY), { count: 6 })
  })
})

/** Drops the state as `sluice state drop` does. */
async function drop({ stage }: CheckpointStage): Promise<void> {
  const state = stage.stateKey()
  const taken = await stage.store.take(state)
  assert.ok(taken)
  const nothing = async function* () {
    yield [{ kind: 'meta' as const, meta: EMPTY_META }]
  }
  assert.equal(await stage.store.replace(state, taken.version, nothing()), 'replaced')
}
