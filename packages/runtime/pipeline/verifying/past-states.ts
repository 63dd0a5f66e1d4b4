/** Applies the log again up to a position, to show the states of entities there and the steps by which they were reached. */
import { formatEntity } from '../../consumer/event.ts'
import { instant } from '../../consumer/instant.ts'
import type { Decision } from '../model/decision.ts'
import type { StateKey, StoredTimer } from '../model/partition-state.ts'
import type { Change, LoadSelection, Snapshot } from '../model/snapshot.ts'
import type { MemoryStates, Rereading } from '../reprocessing/log-replay.ts'
import type { SeedSource } from '../reprocessing/seed.ts'
import { ReplayedState } from './replayed-state.ts'

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
    ...reading
  }: Rereading & { readonly memory: () => MemoryStates; readonly live: SeedSource },
  stateKey: StateKey,
  fromOffset: number,
  toOffset: number,
  isMeant: (entity: string) => boolean,
): Promise<PastStates> {
  const steps: PastStep[] = []
  const pending = new Map<string, readonly StoredTimer[]>()
  const committing = ({ timers }: Change) => {
    for (const [entity, own] of timers) if (isMeant(entity)) pending.set(entity, own)
  }
  const addSteps = (decisions: readonly Decision[]) => {
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
  const { limits } = reading.consumer
  const consumer = { ...reading.consumer, limits: { ...limits, records: 1 } }
  const again = new ReplayedState({ ...reading, consumer }, stateKey, memory(), addSteps, committing)
  await again.begin(fromOffset, live)
  const before = await again.load(await selectEntities(again, isMeant))
  for (const [entity, timers] of before.timers) pending.set(entity, timers)
  await again.advanceTo(toOffset)
  const { clock, ...found } = await again.load(await selectEntities(again, isMeant))
  return { steps, nowMs: clock.nowMs, states: found.states, timers: found.timers }
}

async function selectEntities(
  again: ReplayedState,
  isMeant: (entity: string) => boolean,
): Promise<Partial<LoadSelection>> {
  const { entities } = await again.contents()
  return { entities: [...entities].filter(isMeant), byteLimit: Number.MAX_SAFE_INTEGER }
}
