/**
 * The same log gives the same states and the same emissions, however it is cut into batches and whatever happens to the
 * invocations: redelivery, a store or broker that fails before or after it has done its work, a settle that is lost.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { LogRecord } from '../../../lib/cloudevents/record.ts'
import { tick } from '../../../lib/domain/telemetry/tick.ts'
import { Unavailable } from '../../../lib/pipeline/ports.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

type Fault = 'none' | 'before' | 'after'
const SENSORS = ['a', 'b', 'c']

const kind = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('reading'),
      sensor: fc.constantFrom(...SENSORS),
      at: fc.nat(600),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat'), of: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'tick' } as const, { kind: 'poison' } as const) },
)
const logs = fc.array(kind, { minLength: 1, maxLength: 40 }).map(kinds => {
  const log: LogRecord[] = []
  for (const [offset, made] of kinds.entries()) log.push(toRecord(offset, made, log))
  return log
})
const fault = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fault>('none') },
  fc.constantFrom<Fault>('before', 'after'),
)
const schedules = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 9 }),
    back: fc.nat(4),
    load: fault,
    commit: fault,
    publish: fault,
    settle: fault,
  }),
  { minLength: 1, maxLength: 60 },
)

it('given any log, any cut and any faults, then states and first copies of emissions are those of one undisturbed reading', async () => {
  await fc.assert(
    fc.asyncProperty(logs, schedules, async (log, schedule) => {
      const reference = new Stage()
      await reference.batch(log)
      const stage = new Stage()
      await play(stage, log, schedule)
      for (const sensor of SENSORS) {
        const entity = `/environment/test-site ${sensor}`
        assert.deepEqual(await stage.state(entity), await reference.state(entity))
      }
      const firstCopies = [...new Map(stage.events.map(event => [event.id, event])).values()]
      assert.deepEqual(firstCopies, reference.events)
    }),
    { numRuns: 300 },
  )
})

type Turn = { size: number; back: number } & Record<'load' | 'commit' | 'publish' | 'settle', Fault>

/** Delivers the log as Kafka would: on from what was reported as done, sometimes from further back. */
async function play(stage: Stage, log: readonly LogRecord[], schedule: readonly Turn[]): Promise<void> {
  const calm: Turn = { size: 7, back: 0, load: 'none', commit: 'none', publish: 'none', settle: 'none' }
  let done = 0
  for (let turn = 0; done < log.length; turn++) {
    const { size, back, ...faults } = schedule[turn] ?? calm
    const first = Math.max(0, done - back)
    const batch = log.slice(first, Math.max(done, first) + size)
    const { batchItemFailures } = await stage.batch(batch, { ports: faulty(stage, faults) })
    done = batchItemFailures[0]?.itemIdentifier.offset ?? Math.max(done, first + batch.length)
    done = Math.min(done, log.length)
  }
}

/** The stage's ports, each failing once: before it does anything, or after, when the reply is lost. */
function faulty(
  { store, publisher }: Stage,
  faults: Record<'load' | 'commit' | 'publish' | 'settle', Fault>,
) {
  const once = <A extends unknown[], R>(name: keyof typeof faults, call: (...args: A) => Promise<R>) => {
    let pending = faults[name]
    return async (...args: A): Promise<R> => {
      const now = pending
      pending = 'none'
      if (now === 'before') throw new Unavailable('store-unavailable', 'injected')
      const result = await call(...args)
      if (now === 'after') throw new Unavailable('store-unavailable', 'injected: the reply was lost')
      return result
    }
  }
  return {
    store: {
      load: once('load', store.load.bind(store)),
      commit: once('commit', store.commit.bind(store)),
      settle: once('settle', store.settle.bind(store)),
    },
    publisher: { publish: once('publish', publisher.publish.bind(publisher)) },
  }
}

function toRecord(
  offset: number,
  made: { kind: string; sensor?: string; at?: number; of?: number },
  before: readonly LogRecord[],
): LogRecord {
  if (made.kind === 'tick') return record(offset, tick(0, '2026-03-01T12:00:00Z'))
  if (made.kind === 'poison') return record(offset, { value: Buffer.from(`poison ${offset}`) })
  const repeated = before[(made.of ?? 0) % Math.max(1, before.length)]
  if (made.kind === 'repeat' && repeated) return record(offset, { ...repeated })
  return record(offset, reading(`r${offset}`, { sensor: made.sensor ?? 'a', at: made.at ?? 0 }))
}
