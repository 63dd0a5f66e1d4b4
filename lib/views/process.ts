/**
 * Consumer `views`: maintains the tables that are declared in SQL. An event of `readings` or `events` is first sent to the partition
 * of its groups, in the topic `view-rows`. There it is added to the state of each group, and changed rows are emitted.
 */
import {
  combine,
  completeStep,
  type Emission,
  FORGET,
  instant,
  type KeyedProcess,
  type ProcessPart,
  type Received,
  reject,
  type StepResult,
  scheduleForgetting,
  type Timer,
  type TimerChange,
} from '#runtime/consumer/index.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import { type EventTypes, listEventTypes } from '../telemetry/event-types.ts'
import type { Families } from '../telemetry/families.ts'
import { READINGS_TOPIC } from '../telemetry/readings-topic.ts'
import { type CompiledTable, type ViewsInForce, viewsInForce } from './compiled-table.ts'
import {
  tableSource,
  VIEW_CHANGED_TYPE,
  VIEW_DROPPED_TYPE,
  VIEW_ROW_TYPE,
  VIEWS_ACTIVATED_TYPE,
  type ViewChanged,
  type ViewRow,
} from './event-names.ts'
import { type GroupState, type GroupStep, groupDueMs, groupStep } from './group-step.ts'
import type { ActivatedPlan } from './plan.ts'
import { computePublication, type PublishedChange } from './publication.ts'
import { type EntityClock, regroupEvent } from './regrouping.ts'
import { listTableTypes } from './stream-events.ts'

/** Number of days without events after which the clock of an entity is forgotten. It is longer than the retention of the log. */
const FORGOTTEN_AFTER_DAYS = READINGS_TOPIC.keptDays + 1
/** Name of the timer of a group. */
const DUE = 'due'

/** State of an entity: the clock of an entity that reports events, or the state of a group of a table. */
export type ViewsState = EntityClock | GroupState

/**
 * Returns the consumer `views`. In each partition, it maintains the tables that the log has activated there.
 *
 * @param families families of the readings
 * @param futureToleranceMs see `createWindowing`
 * @param broughtTypes types of events that inputs bring into the topic `events`
 */
export function views(
  families: Families,
  futureToleranceMs?: number,
  broughtTypes?: readonly string[],
): KeyedProcess<ViewsState, unknown, ViewsInForce> {
  return {
    name: 'views',
    context: {
      setBy: VIEWS_ACTIVATED_TYPE,
      initial: viewsInForce({ tables: [], building: [] }),
      read(data) {
        try {
          return { kind: 'context', context: viewsInForce(data as ActivatedPlan, futureToleranceMs) }
        } catch (error) {
          return reject(`the plan of the tables cannot be used: ${(error as Error).message}`)
        }
      },
      reasons: { changed: 'views-activated', unchanged: 'views-unchanged' },
    },
    ...combine<ViewsState, ViewsInForce>(entityClocks(listEventTypes(families), broughtTypes), groups),
  }
}

/** Returns the part that sends events to the partitions of their groups. Its states are the clocks of the entities. */
function entityClocks(
  eventTypes: EventTypes,
  broughtTypes: readonly string[] | undefined,
): ProcessPart<EntityClock, ViewsInForce> {
  const onSourceEvent = (state: EntityClock | undefined, event: Received, inForce: ViewsInForce) => {
    const { rows, reason, clock } = regroupEvent(eventTypes, inForce, event, state)
    if (!clock) return completeStep(reason, undefined, rows)
    const timers = scheduleForgetting(state?.newestMs, event.timeMs, FORGOTTEN_AFTER_DAYS)
    return completeStep(reason, clock, rows, timers)
  }
  return {
    on: Object.fromEntries(listTableTypes(eventTypes, broughtTypes).map(type => [type, onSourceEvent])),
    timers: { [FORGET]: () => completeStep('forgotten', undefined) },
  }
}

/** Part that maintains the groups of the tables. */
const groups: ProcessPart<GroupState, ViewsInForce> = {
  on: { [VIEW_ROW_TYPE]: onRow, [VIEW_DROPPED_TYPE]: () => completeStep('dropped', undefined) },
  timers: { [DUE]: onDue },
}

function onRow(
  state: GroupState | undefined,
  event: Received<Partial<ViewRow>>,
  { bySource, building }: ViewsInForce,
): StepResult<GroupState> {
  const table = bySource.get(event.source)
  if (!table) return completeStep('dropped', undefined)
  const { inputs, newestMs } = event.data ?? {}
  if (inputs?.length !== table.arguments.length)
    return reject('the row does not have the values of the table')
  const row = { inputs, ...(newestMs !== undefined && { newestMs }), timeMs: event.timeMs, id: event.id }
  const step = groupStep(table, state, event.timeMs, row)
  const next = publishChanges(table, building, state, step, event)
  const reason = step.isLate ? 'late' : next.emit.length > 0 ? 'changed' : 'counted'
  return decideGroup(table, reason, next, state && groupDueMs(table, state))
}

function onDue(
  state: GroupState,
  timer: Timer,
  { bySource, building }: ViewsInForce,
): StepResult<GroupState> {
  const table = bySource.get(timer.source)
  if (!table) return completeStep('dropped', undefined)
  const next = publishChanges(table, building, state, groupStep(table, state, timer.dueMs), timer)
  if (!next.state) return completeStep('left', undefined, next.emit)
  return decideGroup(table, next.emit.length > 0 ? 'changed' : 'unchanged', next, undefined)
}

interface Published {
  readonly state: GroupState | undefined
  readonly emit: readonly Emission[]
}

/** @param dueMs due time of the timer that is set; undefined if it is not set */
function decideGroup(
  table: CompiledTable,
  reason: string,
  { state, emit }: Published,
  dueMs: number | undefined,
): StepResult<GroupState> {
  const nextMs = state && groupDueMs(table, state)
  const timers: readonly TimerChange[] =
    nextMs === dueMs ? [] : [{ name: DUE, ...(nextMs !== undefined && { dueMs: nextMs }) }]
  return completeStep(reason, state, emit, timers)
}

function publishChanges(
  table: CompiledTable,
  building: ViewsInForce['building'],
  before: GroupState | undefined,
  step: GroupStep,
  { subject = '[]' }: Pick<Received, 'subject'>,
): Published {
  const { changes, state } = computePublication(table, JSON.parse(subject), before, step)
  const isRead = !building.has(table.plan.generation)
  return { state, emit: isRead ? changes.map(change => changeEmission(table, subject, change)) : [] }
}

function changeEmission(
  { plan: { name, generation } }: CompiledTable,
  subject: string,
  { row: { values, window, isFinal }, window: [start, , lastMs = start, revision], isEnd }: PublishedChange,
): Emission {
  const data: ViewChanged = {
    table: name,
    generation,
    row: values,
    ...(window && { window: { start: instant(window.startMs), end: instant(window.endMs) } }),
    ...(isFinal && { final: true }),
    ...(isFinal && revision && { revision }),
    ...(isEnd && { tombstone: true }),
  }
  return {
    name: isEnd ? `end ${start} ${lastMs}` : `row ${start}`,
    to: 'view-changes',
    key: subject,
    type: VIEW_CHANGED_TYPE,
    source: tableSource(name),
    subject,
    dataschema: toDataschema(VIEW_CHANGED_TYPE),
    data,
  }
}
