/** The promise that the same log gives the same: one run, and what of it differs from an undisturbed reading. */
import { isDeepStrictEqual } from 'node:util'
import type { LogRecord } from '../../lib/cloudevents/record.ts'
import type { Event } from '../../lib/domain/event.ts'
import type { Ports } from '../../lib/pipeline/partition.ts'
import type { StateStore } from '../../lib/pipeline/ports.ts'
import { Random } from './random.ts'
import { type Forgetting, Schedule } from './schedule.ts'
import { Stage } from './stage.ts'
import { NOTHING_WANTED } from './wanted.ts'
import { WATCHED, WATCHED_ID_WINDOW_MS, watchedLog, watching } from './watching.ts'

/** What a run is played on, beside what a stage has. */
export interface Setting {
  readonly store?: StateStore
  readonly forgetting?: Forgetting
  /** Switches a rule off: gives ports that break it. */
  readonly sabotage?: (ports: Ports, log: readonly LogRecord[]) => Ports
}

/** What was wrong with a run; nothing should be. */
export async function violations(
  seed: number,
  setting: (stage: Stage) => Setting = () => ({}),
): Promise<string[]> {
  const random = new Random(seed)
  const log = watchedLog(random, random.between(20, 70))
  const reference = stage()
  await reference.batch(log)
  const played = stage()
  played.inLog(log)
  const { store, forgetting, sabotage } = { ...memory(played), ...setting(played) }
  const ports = { ...played.ports, store }
  const { consumer } = played
  const slot = played.slot()
  const schedule = new Schedule({
    log,
    consumer,
    slot,
    ports: sabotage ? sabotage(ports, log) : ports,
    forgetting,
    random,
  })
  const found = await schedule.run().then(
    () => [],
    (error: Error) => [error.message],
  )
  return found.length > 0
    ? found
    : differences(
        reference,
        await contents(reference, reference.store),
        played.events,
        await contents(played, store),
      )
}

function stage(): Stage {
  const made = new Stage(watching as never)
  made.consumer = { ...made.consumer, idWindowMs: WATCHED_ID_WINDOW_MS }
  return made
}

function memory(played: Stage) {
  const slot = played.slot()
  const forgetting: Forgetting = {
    copy: async () => played.store.copyOf(slot),
    restore: async copy => played.store.restore(slot, copy),
  }
  return { store: played.store as StateStore, forgetting, sabotage: undefined }
}

/** All that the consumer would go on from. */
async function contents(of: Stage, store: StateStore) {
  const wanted = { ...NOTHING_WANTED, entities: WATCHED }
  const { version, clock, states, timers } = await store.load(of.slot(), wanted)
  return {
    mark: version.mark,
    clock,
    states: new Map([...states].sort()),
    timers: new Map([...timers].sort()),
  }
}

function differences(reference: Stage, expected: object, events: readonly Event[], actual: object): string[] {
  const firstCopies = [...new Map(events.map(event => [event.id, event])).values()]
  const wanted = new Map(reference.events.map(event => [event.id, event]))
  const found: string[] = []
  if (wanted.size < reference.events.length) found.push('one id, two emissions')
  const lost = [...wanted.keys()].filter(id => !firstCopies.some(event => event.id === id))
  if (lost.length > 0) found.push(`${lost.length} lost`)
  const extra = firstCopies.filter(event => !isDeepStrictEqual(event, wanted.get(event.id)))
  if (extra.length > 0) found.push(`${extra.length} not in the reference`)
  if (
    found.length === 0 &&
    !isDeepStrictEqual(
      [...wanted.keys()],
      firstCopies.map(({ id }) => id),
    )
  )
    found.push('order')
  if (!isDeepStrictEqual(actual, expected)) found.push('states, timers or clock')
  return found
}
