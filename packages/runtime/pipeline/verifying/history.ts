/** Applies the log again up to a place: the states of entities there, and the steps that led to them. */
import { entityOf } from '../../consumer/event.ts'
import { instant } from '../../consumer/instant.ts'
import type { Change, Decision, LoadSelection, Snapshot, StateKey, StoredTimer } from '../model.ts'
import type { CheckpointPages } from '../recovery/checkpoints.ts'
import type { Rereading } from '../reprocessing/log-again.ts'
import { type Beginning, type MemoryStates, PartitionAgain } from './partition-again.ts'

export interface PastStep {
  readonly entity: string
  readonly offset: number
  /** RFC 3339: when the record was appended. */
  readonly appendedAt: string
  /** Type of the event; for a timer, its name. */
  readonly of: string
  readonly decision: string
  readonly emitted: readonly string[]
  /** Names of the timers that the entity has after it. */
  readonly timers: readonly string[]
}

export interface PastStates {
  readonly steps: readonly PastStep[]
  readonly nowMs: number
  readonly states: Snapshot['states']
  readonly timers: Snapshot['timers']
}

/** @throws CopyStopped, and what a reader of the log throws */
export async function pastStates(
  { memory, ...reading }: Rereading & { readonly memory: () => MemoryStates },
  stateKey: StateKey,
  beginning: Beginning,
  pages: CheckpointPages | undefined,
  toOffset: number,
  isMeant: (entity: string) => boolean,
): Promise<PastStates> {
  const steps: PastStep[] = []
  const pending = new Map<string, readonly StoredTimer[]>()
  const committing = ({ timers }: Change) => {
    for (const [entity, own] of timers) if (isMeant(entity)) pending.set(entity, own)
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
  const again = new PartitionAgain({ ...reading, consumer }, stateKey, memory(), decided, committing)
  await again.begin(beginning, pages)
  const before = await again.load(await wanted(again, isMeant))
  for (const [entity, timers] of before.timers) pending.set(entity, timers)
  await again.to(toOffset)
  const { clock, ...found } = await again.load(await wanted(again, isMeant))
  return { steps, nowMs: clock.nowMs, states: found.states, timers: found.timers }
}

async function wanted(
  again: PartitionAgain,
  isMeant: (entity: string) => boolean,
): Promise<Partial<LoadSelection>> {
  const { entities } = await again.contents()
  return { entities: [...entities].filter(isMeant), byteLimit: Number.MAX_SAFE_INTEGER }
}
