/** Ports that break one rule of the runtime each. */
import type { LogRecord } from '../../lib/cloudevents/record.ts'
import type { Ports } from '../../lib/pipeline/partition.ts'
import type { Snapshot, StateStore, StoredTimer } from '../../lib/pipeline/ports.ts'
import { NOTHING_WANTED } from './wanted.ts'

type Sabotage = (ports: Ports, log: readonly LogRecord[]) => Ports

export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'a commit names the version that it was computed from': withStore(store => ({
    async commit(slot, change) {
      const { version } = await store.load(slot, NOTHING_WANTED)
      return store.commit(slot, { ...change, base: version })
    },
  })),
  'the count of fired timers is part of the version': withStore(store => ({
    async commit(slot, change) {
      const { version } = await store.load(slot, NOTHING_WANTED)
      return store.commit(slot, { ...change, base: { ...change.base, fired: version.fired } })
    },
  })),
  'what is missing is read from the log': ports => ({
    ...ports,
    log: { read: async (_, __, { toOffset }) => ({ records: [], nextOffset: toOffset + 1, logStart: 0 }) },
  }),
  'what was left in the outbox is published': onLoad(snapshot => ({ ...snapshot, outbox: [] })),
  'an id is remembered': onLoad(snapshot => ({ ...snapshot, known: new Map() })),
  "a timer's id holds what set it": onLoad(snapshot => ({
    ...snapshot,
    timers: new Map([...snapshot.timers].map(([entity, timers]) => [entity, timers.map(anonymous)])),
  })),
  "the log's clock takes a pause for two ticks at most": (ports, log) =>
    onLoad(snapshot => {
      const [first, last] = [log[0], log[snapshot.version.mark]]
      const nowMs = first && last ? last.timestampMs - first.timestampMs : 0
      return { ...snapshot, clock: { ...snapshot.clock, nowMs } }
    })(ports, log),
  'the timers of the entities in a wave are known to it': onLoad((snapshot, entities) => ({
    ...snapshot,
    timers: new Map([...snapshot.timers].filter(([entity]) => !entities.includes(entity))),
  })),
}

function anonymous(timer: StoredTimer): StoredTimer {
  return { ...timer, id: `${timer.name} ${timer.dueMs}` }
}

function onLoad(change: (snapshot: Snapshot, entities: readonly string[]) => Snapshot): Sabotage {
  return withStore(store => ({
    load: async (slot, wanted) => change(await store.load(slot, wanted), wanted.entities),
  }))
}

function withStore(broken: (store: StateStore) => Partial<StateStore>): Sabotage {
  return ports => {
    const { store } = ports
    const whole: StateStore = {
      load: store.load.bind(store),
      commit: store.commit.bind(store),
      settle: store.settle.bind(store),
    }
    return { ...ports, store: { ...whole, ...broken(whole) } }
  }
}
