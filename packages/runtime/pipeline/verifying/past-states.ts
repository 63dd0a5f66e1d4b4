/** Applies the log again up to a position, to show the states of entities there and the steps by which they were reached. */
import { formatEntity } from '../../consumer/event.ts'
import { instant } from '../../consumer/instant.ts'
import type { Decision } from '../model/decision.ts'
import type { StateKey, StoredTimer } from '../model/partition-state.ts'
import type { Change, Snapshot } from '../model/snapshot.ts'
import type { ComputedStates } from '../replacing/replaceable-states.ts'
import { Replay, type Replaying, readContents } from '../replay.ts'
import { type SeedSource, seedState } from '../reprocessing/seed.ts'

export interface PastStep {
  readonly entity: string
  readonly offset: number
  /** Append time of the record, RFC 3339. */
  readonly appendedAt: string
  /** Type of the event, or name of the timer. */
  readonly of: string
  readonly decision: string
  readonly emitted: readonly string[]
  /** Names of the entity's timers after the step. */
  readonly timers: readonly string[]
}

export interface PastStates {
  readonly steps: readonly PastStep[]
  readonly nowMs: number
  readonly states: Snapshot['states']
  readonly timers: Snapshot['timers']
}

/** Returns the past states of the entities. @throws CopyStopped if the log cannot be applied; errors of the log reader */
export async function computePastStates(
  {
    memory,
    live,
    ...replaying
  }: Replaying & { readonly memory: () => ComputedStates; readonly live: SeedSource },
  stateKey: StateKey,
  fromOffset: number,
  toOffset: number,
  isMeant: (entity: string) => boolean,
): Promise<PastStates> {
  const steps: PastStep[] = []
  const pending = new Map<string, readonly StoredTimer[]>()
  const beforeCommit = (change: Change) => {
    for (const [entity, own] of change.timers) if (isMeant(entity)) pending.set(entity, own)
    return { ...change, outbox: [] }
  }
  const afterCommit = (decisions: readonly Decision[]) => {
    for (const { offset, appendMs, event, timer, outcome, reason, emitted = [] } of decisions) {
      const entity = timer?.entity ?? (event && formatEntity(event))
      if (entity === undefined || !isMeant(entity)) continue
      steps.push({
        entity,
        offset,
        appendedAt: instant(appendMs),
        of: timer ? `timer ${timer.name}` : (event?.type ?? ''),
        decision: `${outcome}/${reason}`,
        emitted: emitted.map(entry => entry.event.type),
        timers: (pending.get(entity) ?? []).map(({ name }) => name),
      })
    }
  }
  // Commit each record separately, so that the timers are known after each record. Chunk boundaries do not affect decisions.
  const { limits } = replaying.consumer
  const consumer = { ...replaying.consumer, limits: { ...limits, records: 1 } }
  const store = memory()
  const replay = new Replay({ ...replaying, consumer }, stateKey, store, { beforeCommit, afterCommit })
  if (fromOffset > 0) await seedState(store, live, stateKey, fromOffset, consumer)
  await replay.decideRange({ fromOffset, toOffset })
  const [{ states, timers }, { clock }] = [await readContents(store, stateKey), await replay.load()]
  const select = <T>(all: ReadonlyMap<string, T>) => new Map([...all].filter(([entity]) => isMeant(entity)))
  return { steps, nowMs: clock.nowMs, states: select(states), timers: select(timers) }
}
