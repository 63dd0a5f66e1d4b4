/** Decides which plan is in force, and when it is appended to the topics that the consumer `views` reads. Pure. */
import { hash } from 'node:crypto'
import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { type Appended, type AppendReason, whyAppend } from '../append-again.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import { VIEWS_ACTIVATED_TYPE } from './event-names.ts'
import type { ActivatedPlan, ViewPlan } from './plan.ts'

/** Plan that a scheduled run appended to every partition. */
export interface Activation extends Appended {
  readonly hash: string
  /** Hash of the packaged plan of that run. */
  readonly packaged: string
}

export function activatedPlan({ streams, tables }: ViewPlan, building: readonly string[]): ActivatedPlan {
  return { hash: planHash({ streams, tables, building }), streams, tables, building }
}

/** Returns the hash of a plan or of a part of it, as hexadecimal digits. */
export function planHash(plan: unknown): string {
  return hash('sha256', JSON.stringify(plan), 'hex')
}

/**
 * Returns the plan that is to be in force. A deployment adds new tables. Tables that it changes or removes stay as they are until an
 * operator applies the statements, because a changed table is built beside the old one first.
 *
 * @param inForce undefined if no plan is in force
 * @param isNew true if this is another packaged plan than before. Otherwise tables that an operator has dropped would return.
 */
export function planAfterDeployment(
  inForce: ActivatedPlan | undefined,
  packaged: ViewPlan,
  isNew: boolean,
): ActivatedPlan {
  if (!inForce) return activatedPlan(packaged, [])
  if (!isNew) return inForce
  const added = <Named extends { readonly name: string }>(
    own: readonly Named[],
    others: readonly Named[],
  ) => [...own, ...others.filter(({ name }) => own.every(one => one.name !== name))]
  const tables = added(inForce.tables, packaged.tables)
  if (tables.length === inForce.tables.length) return inForce
  return activatedPlan({ streams: added(inForce.streams, packaged.streams), tables }, inForce.building)
}

/** Returns the reason to append a plan, or undefined if it is not due. */
export function whyActivate(last: Activation | undefined, next: Activation): AppendReason | undefined {
  // Another packaged plan is appended even if it changes nothing, so that the next run knows it.
  return whyAppend(last, next, ({ hash, packaged }) => `${hash} ${packaged}`)
}

/** Returns the event that activates a plan in one partition. If a run is repeated, the event is the same. */
export function viewsActivated(plan: ActivatedPlan, partition: number, time: string): Event<ActivatedPlan> {
  return {
    id: derivedId('views-activated', plan.hash, time, partition),
    source: '/views',
    type: VIEWS_ACTIVATED_TYPE,
    time,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(VIEWS_ACTIVATED_TYPE),
    data: plan,
  }
}
