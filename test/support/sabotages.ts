/**
 * Sabotages that each break one rule of the runtime, to prove that the tests detect the violation. A sabotage breaks a port or
 * changes code. A broken port is used only in the disturbed run, whose result must then differ from the reference. Changed code is
 * also used for the reference. A change of ids is therefore detected only if the ids lack a required input, not merely because they
 * differ.
 */
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Snapshot } from '../../packages/runtime/pipeline/model.ts'
import type { Ports, StateStore } from '../../packages/runtime/pipeline/ports.ts'
import { NOTHING_WANTED } from '../../packages/runtime/testing/wanted.ts'
import type { CodeChange } from './changed-code.ts'

type Sabotage = (ports: Ports, log: readonly LogRecord[]) => Ports

/** Wraps the ports like a sabotage, but breaks nothing. The tests must not report a violation. */
export const NO_SABOTAGE = withStore(() => ({}))

export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'a commit names the version that it was computed from': withStore(store => ({
    async commit(stateKey, change) {
      const { version } = await store.load(stateKey, NOTHING_WANTED)
      return store.commit(stateKey, { ...change, base: version })
    },
  })),
  'the count of fired timers is part of the version': withStore(store => ({
    async commit(stateKey, change) {
      const { version } = await store.load(stateKey, NOTHING_WANTED)
      return store.commit(stateKey, { ...change, base: { ...change.base, fired: version.fired } })
    },
  })),
  'missing records are read from the log': ports => ({
    ...ports,
    log: { read: async (_, __, { toOffset }) => ({ records: [], nextOffset: toOffset + 1, logStart: 0 }) },
  }),
  'entries left in the outbox are published': onLoad(snapshot => ({ ...snapshot, outbox: [] })),
  'an id is remembered': onLoad(snapshot => ({ ...snapshot, known: new Map() })),
  'a failure is remembered': onLoad(snapshot => ({ ...snapshot, failures: new Map() })),
  'the count of emissions at an offset continues': onLoad(snapshot => ({ ...snapshot, emitted: 0 })),
  "the log's clock advances by at most two ticks in a pause": (ports, log) =>
    onLoad(snapshot => {
      const [first, last] = [log[0], log.find(({ offset }) => offset === snapshot.version.appliedOffset)]
      const nowMs = first && last ? last.timestampMs - first.timestampMs : 0
      return { ...snapshot, clock: { ...snapshot.clock, nowMs } }
    })(ports, log),
  'the context of a partition is committed with its effects': withStore(store => ({
    commit: (stateKey, { context: _, ...change }) => store.commit(stateKey, change),
  })),
  'a load returns the stored context': onLoad(({ context: _, ...snapshot }) => snapshot),
  'a chunk knows the timers of its entities': onLoad((snapshot, entities) => ({
    ...snapshot,
    timers: new Map([...snapshot.timers].filter(([entity]) => !entities.includes(entity))),
  })),
}

const CAUSE = 'packages/runtime/pipeline/deciding/cause.ts'
const TIMER_ID = "derivedId('timer', consumer, entity, name, dueMs, source, id)"
const TIMERS_TIMER_ID = "derivedId('timer-timer', consumer, entity, name, dueMs, timer.id)"

export const CHANGES: Readonly<Record<string, CodeChange>> = {
  "a timer's id includes the event that set it": {
    file: CAUSE,
    from: TIMER_ID,
    to: "derivedId('timer', consumer, entity, name, dueMs)",
  },
  "a timer's id includes the timer that set it": {
    file: CAUSE,
    from: TIMERS_TIMER_ID,
    to: "derivedId('timer-timer', consumer, entity, name, dueMs)",
  },
}

/** Changes all ids without removing any of their inputs. The tests must not report a violation. */
export const RESPELLED: readonly CodeChange[] = [
  { file: CAUSE, from: TIMER_ID, to: "derivedId('t', id, source, dueMs, name, entity, consumer)" },
  { file: CAUSE, from: TIMERS_TIMER_ID, to: "derivedId('tt', timer.id, dueMs, name, entity, consumer)" },
]

/** Changes the snapshot that each load returns. */
export function onLoad(change: (snapshot: Snapshot, entities: readonly string[]) => Snapshot): Sabotage {
  return withStore(store => ({
    load: async (stateKey, wanted) => change(await store.load(stateKey, wanted), wanted.entities),
  }))
}

function withStore(broken: (store: StateStore) => Partial<StateStore>): Sabotage {
  return ports => {
    const { store } = ports
    const whole: StateStore = {
      load: store.load.bind(store),
      commit: store.commit.bind(store),
      trimOutbox: store.trimOutbox.bind(store),
    }
    return { ...ports, store: { ...whole, ...broken(whole) } }
  }
}
