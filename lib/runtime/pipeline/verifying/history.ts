/** What an entity was at a place in the log, and the steps that led there: the log is applied again up to it. */
import { entityOf } from '../../consumer/event.ts'
import { instant } from '../../consumer/instant.ts'
import type { Decision, Snapshot, StateKey, StoredTimer } from '../model.ts'
import type { CheckpointPages } from '../recovery/checkpoints.ts'
import type { Rereading } from '../reprocessing/log-again.ts'
import { type Beginning, type MemoryStates, PartitionAgain } from './partition-again.ts'

/** One decision about an event or a timer of an entity. */
export interface PastStep {
  readonly entity: string
  readonly offset: number
  /** RFC 3339: when the record was appended. */
  readonly appendedAt: string
  /** Type of the event; for a timer, its name. */
  readonly of: string
  /** `outcome/reason` */
  readonly decision: string
  /** Types of what it emitted. */
  readonly emitted: readonly string[]
  /** Names of the timers that the entity has after it. */
  readonly timers: readonly string[]
}

export interface PastStates {
  readonly steps: readonly PastStep[]
  /** The log's clock at the place, milliseconds. */
  readonly nowMs: number
  readonly states: Snapshot['states']
  readonly timers: Snapshot['timers']
}

/**
 * @param isMeant whether an entity is looked for
 * @throws RebuildStopped, and what a reader of the log throws
 */
export async function pastStates(
  { memory, ...reading }: Rereading & { readonly memory: () => MemoryStates },
  stateKey: StateKey,
  {
    beginning,
    pages,
    toOffset,
  }: {
    readonly beginning: Beginning
    readonly pages: CheckpointPages | undefined
    readonly toOffset: number
  },
  isMeant: (entity: string) => boolean,
): Promise<PastStates> {
  const steps: PastStep[] = []
  const pending = new Map<string, readonly StoredTimer[]>()
  const store = memory()
  const states: MemoryStates = {
    load: (key, wanted) => store.load(key, wanted),
    trimOutbox: (key, positions) => store.trimOutbox(key, positions),
    replace: (key, base, all) => store.replace(key, base, all),
    take: key => store.take(key),
    commit: (key, change) => {
      for (const [entity, timers] of change.timers) if (isMeant(entity)) pending.set(entity, timers)
      return store.commit(key, change)
    },
  }
  const decided = (decisions: readonly Decision[]) => {
    for (const { offset, appendMs, event, timer, outcome, reason, emitted = [] } of decisions) {
      const entity = timer?.entity ?? (event && entityOf(event))
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
  // One record in each commit: so the timers after it are known. How the log is cut changes no decision.
  const { limits } = reading.consumer
  const consumer = { ...reading.consumer, limits: { ...limits, records: 1 } }
  const again = new PartitionAgain({ ...reading, consumer }, stateKey, states, decided)
  await again.begin(beginning, pages)
  const before = await again.load({ entities: await meant(again, isMeant) })
  for (const [entity, timers] of before.timers) pending.set(entity, timers)
  await again.to(toOffset)
  const { clock, ...found } = await again.load({ entities: await meant(again, isMeant) })
  return { steps, nowMs: clock.nowMs, states: found.states, timers: found.timers }
}

async function meant(again: PartitionAgain, isMeant: (entity: string) => boolean): Promise<string[]> {
  const { entities } = await again.contents()
  return [...entities].filter(isMeant)
}
