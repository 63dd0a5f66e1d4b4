/** What the processor remembers, put together from its slots. */
import type { SlotInspection, SlotSummary } from '../../lib/adapters/redis/inspection.ts'
import {
  type EntityStatistics,
  type EntitySummary,
  statistics,
  summarise,
} from '../../lib/domain/analytics/process.ts'
import { TOPICS, topicName } from '../../lib/domain/topics.ts'
import type { RecordOutcome, Slot } from '../../lib/pipeline/ports.ts'

export interface EntityReport extends EntitySummary {
  /** `source`, a space, `subject`. */
  readonly entity: string
  readonly partition: number
}

export interface Totals extends Readonly<Record<RecordOutcome, number>> {
  /** By `outcome/reason`. */
  readonly reasons: Readonly<Record<string, number>>
  /** Emitted, and not yet known to be published. */
  readonly outbox: number
}

export interface Report {
  readonly env: string
  readonly entities: readonly EntityReport[]
  readonly totals: Totals
}

/** @param wanted see `isWanted`; all entities where it is undefined */
export async function reportOf(inspection: SlotInspection, env: string, wanted?: string): Promise<Report> {
  const topic = topicName('readings', env)
  const slots = Array.from(
    { length: TOPICS.readings.partitions },
    (_, partition): Slot => ({ consumer: statistics.name, topic, partition }),
  )
  const [found, summaries] = await Promise.all([
    Promise.all(slots.map(slot => entitiesIn(inspection, slot, wanted))),
    Promise.all(slots.map(slot => inspection.summary(slot))),
  ])
  const entities = preferExact(found.flat(), wanted)
  return {
    env,
    entities: entities.sort((a, b) => (a.entity < b.entity ? -1 : 1)),
    totals: totalsOf(summaries),
  }
}

async function entitiesIn(inspection: SlotInspection, slot: Slot, wanted = ''): Promise<EntityReport[]> {
  const reports = new Map<string, EntityReport>()
  // A page may repeat what an earlier one had: Redis promises each field at least once.
  for await (const [entity, state] of inspection.states(slot))
    if (entity.includes(wanted))
      reports.set(entity, { entity, partition: slot.partition, ...summarise(state as EntityStatistics) })
  return [...reports.values()]
}

/** A whole subject means that one: `pump-1` is not to show `pump-10` as well. */
function preferExact(reports: EntityReport[], wanted: string | undefined): EntityReport[] {
  const exact = reports.filter(({ entity }) => entity.slice(entity.indexOf(' ') + 1) === wanted)
  return exact.length > 0 ? exact : reports
}

/** The counters of all slots together. */
function totalsOf(summaries: readonly SlotSummary[]): Totals {
  const totals = { applied: 0, duplicate: 0, ignored: 0, failed: 0 }
  const reasons: Record<string, number> = {}
  for (const [name, count] of summaries.flatMap(({ tally }) => Object.entries(tally))) {
    const outcome = name.slice(0, name.indexOf('/'))
    if (Object.hasOwn(totals, outcome)) totals[outcome as RecordOutcome] += count
    reasons[name] = (reasons[name] ?? 0) + count
  }
  return { ...totals, reasons, outbox: summaries.reduce((sum, { outbox }) => sum + outbox, 0) }
}
