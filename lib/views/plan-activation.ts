/** Decides which plan is in force, and builds the events that activate it. Pure. */
import { hash } from 'node:crypto'
import { derivedId, type Event } from '#runtime/consumer'
import { toDataschema } from '../telemetry/dataschema.ts'
import { VIEWS_ACTIVATED_TYPE } from './event-names.ts'
import {
  type ActivatedPlan,
  hasTable,
  isNamed,
  type PackagedTables,
  readableTables,
  type ViewPlan,
} from './plan.ts'

export function createActivatedPlan(
  { streams, tables }: ViewPlan,
  building: readonly string[],
  packaged?: PackagedTables,
): ActivatedPlan {
  const plan = { streams, tables, building, ...(packaged && { packaged }) }
  return { hash: planHash(plan), ...plan }
}

/** Returns the hash of a plan or of a part of it, as hexadecimal digits. */
export function planHash(plan: unknown): string {
  return hash('sha256', JSON.stringify(plan), 'hex')
}

/**
 * Returns the plan that is to be in force. Another package adds the tables that the former one did not have, and removes those that
 * it had, unless an operator has changed them. A table that it changes stays as it is until an operator applies the statements,
 * because a changed table is built beside the old one first.
 *
 * @param inForce undefined if no plan is in force
 */
export function planAfterDeployment(inForce: ActivatedPlan | undefined, packaged: ViewPlan): ActivatedPlan {
  const next = {
    hash: planHash(packaged),
    tables: packaged.tables.map(({ name, generation }) => ({ name, generation })),
  }
  if (inForce?.packaged?.hash === next.hash) return inForce
  if (!inForce) return createActivatedPlan(packaged, [], next)
  const before = inForce.packaged ?? next
  const streams = packaged.streams.filter(({ name }) => inForce.streams.every(stream => stream.name !== name))
  const remainingTables = inForce.tables.filter(
    table => isNamed(next.tables, table.name) || !hasTable(before.tables, table),
  )
  const added = packaged.tables.filter(
    ({ name }) => !isNamed(before.tables, name) && !isNamed(inForce.tables, name),
  )
  const plan = { streams: [...inForce.streams, ...streams], tables: [...remainingTables, ...added] }
  return createActivatedPlan(plan, inForce.building, next)
}

/** Returns the plan without the tables that are being built. */
export function withoutBuilding(plan: ActivatedPlan): ActivatedPlan {
  const { streams, building, packaged } = plan
  return building.length === 0
    ? plan
    : createActivatedPlan({ streams, tables: readableTables(plan) }, [], packaged)
}

/** Returns the event that activates a plan in one partition. If a run is repeated, the event is the same. */
export function createActivationEvent(
  plan: ActivatedPlan,
  partition: number,
  time: string,
): Event<ActivatedPlan> {
  return {
    id: derivedId('views-activated', plan.hash, time, partition),
    source: '/views',
    type: VIEWS_ACTIVATED_TYPE,
    time,
    datacontenttype: 'application/json',
    dataschema: toDataschema(VIEWS_ACTIVATED_TYPE),
    data: plan,
  }
}
