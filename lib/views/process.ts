/**
 * Consumer `views`: maintains the tables that are declared in SQL. An event of `readings` or `events` is first sent to the partition
 * of its groups, in the topic `view-rows`. There it is added to the state of each group, and changed rows are emitted.
 */
import {
  defineProcess,
  FORGET,
  instant,
  PermanentError,
  type ProcessPart,
  type Received,
  type Step,
  scheduleForgetting,
  type Timer,
  type TypedEvent,
} from '#runtime/consumer'
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
export function views(families: Families, futureToleranceMs?: number, broughtTypes?: readonly string[]) {
  const clocks = entityClocks(listEventTypes(families), broughtTypes)
  return defineProcess<ViewsState, unknown, ViewsInForce>('views', {
    neverChangesState: true,
    context: {
      setBy: VIEWS_ACTIVATED_TYPE,
      initial: viewsInForce({ tables: [], building: [] }),
      read(data) {
        try {
          return viewsInForce(data as ActivatedPlan, futureToleranceMs)
        } catch (error) {
          throw new PermanentError(`the plan of the tables cannot be used: ${(error as Error).message}`)
        }
      },
      reasons: { changed: 'views-activated', unchanged: 'views-unchanged' },
    },
    on: { ...clocks.on, ...groups.on },
    onTimer: { ...clocks.onTimer, ...groups.onTimer },
  })
}

/** Returns the part that sends events to the partitions of their groups. Its states are the clocks of the entities. */
function entityClocks(
  eventTypes: EventTypes,
  broughtTypes: readonly string[] | undefined,
): ProcessPart<EntityClock, ViewsInForce> {
  const onSourceEvent = (state: EntityClock | undefined, event: Received, step: Step<ViewsInForce>) => {
    const clock = regroupEvent(step, eventTypes, event, state)
    if (clock) scheduleForgetting(step, state?.newestMs, event.timeMs, FORGOTTEN_AFTER_DAYS)
    return clock
  }
  return {
    on: Object.fromEntries(listTableTypes(eventTypes, broughtTypes).map(type => [type, onSourceEvent])),
    onTimer: { [FORGET]: (_, __, step) => forgetEntity(step, 'forgotten') },
  }
}

/** Part that maintains the groups of the tables. */
const groups: ProcessPart<GroupState, ViewsInForce> = {
  on: { [VIEW_ROW_TYPE]: onRow, [VIEW_DROPPED_TYPE]: (_, __, step) => forgetEntity(step, 'dropped') },
  onTimer: { [DUE]: onDue },
}

function forgetEntity(step: Step, reason: string): undefined {
  step.reason(reason)
  return undefined
}

function onRow(
  state: GroupState | undefined,
  event: TypedEvent<ViewRow>,
  step: Step<ViewsInForce>,
): GroupState | undefined {
  const table = step.context.bySource.get(event.source)
  if (!table) return forgetEntity(step, 'dropped')
  const { inputs, newestMs } = event.data
  if (inputs.length !== table.arguments.length)
    return step.reject('the row does not have the values of the table')
  const row = { inputs, ...(newestMs !== undefined && { newestMs }), timeMs: event.timeMs, id: event.id }
  const counted = groupStep(table, state, event.timeMs, row)
  const { next, isChanged } = publishChanges(step, table, state, counted, event)
  step.reason(counted.isLate ? 'late' : isChanged ? 'changed' : 'counted')
  scheduleDue(step, next && groupDueMs(table, next), state && groupDueMs(table, state))
  return next
}

function onDue(state: GroupState, timer: Timer, step: Step<ViewsInForce>): GroupState | undefined {
  const table = step.context.bySource.get(timer.source)
  if (!table) return forgetEntity(step, 'dropped')
  const { next, isChanged } = publishChanges(step, table, state, groupStep(table, state, timer.dueMs), timer)
  if (!next) return forgetEntity(step, 'left')
  step.reason(isChanged ? 'changed' : 'unchanged')
  scheduleDue(step, groupDueMs(table, next), undefined)
  return next
}

/** @param beforeMs due time of the timer that is set; undefined if it is not set */
function scheduleDue(step: Step, dueMs: number | undefined, beforeMs: number | undefined): void {
  if (dueMs === beforeMs) return
  if (dueMs === undefined) step.cancel(DUE)
  else step.timerAt(DUE, dueMs)
}

/** Emits the changed rows, unless the table is still being built, and returns the next state of the group. */
function publishChanges(
  step: Step<ViewsInForce>,
  table: CompiledTable,
  before: GroupState | undefined,
  counted: GroupStep,
  { subject = '[]' }: Pick<Received, 'subject'>,
): { readonly next: GroupState | undefined; readonly isChanged: boolean } {
  const { changes, state } = computePublication(table, JSON.parse(subject), before, counted)
  const isRead = !step.context.building.has(table.plan.generation)
  if (isRead) for (const change of changes) emitChange(step, table, subject, change)
  return { next: state, isChanged: isRead && changes.length > 0 }
}

function emitChange(
  step: Step,
  { plan: { name, generation } }: CompiledTable,
  subject: string,
  {
    row: { values, rowtimeMs, window, isFinal },
    window: [start, , lastMs = start, revision],
    isEnd,
  }: PublishedChange,
): void {
  const data: ViewChanged = {
    table: name,
    generation,
    row: values,
    ...(rowtimeMs !== undefined && { rowtime: instant(rowtimeMs) }),
    ...(window && { window: { start: instant(window.startMs), end: instant(window.endMs) } }),
    ...(isFinal && { final: true }),
    ...(isFinal && revision && { revision }),
    ...(isEnd && { tombstone: true }),
  }
  step.emit('view-changes', isEnd ? `end ${start} ${lastMs}` : `row ${start}`, data, {
    key: subject,
    type: VIEW_CHANGED_TYPE,
    source: tableSource(name),
    subject,
    dataschema: toDataschema(VIEW_CHANGED_TYPE),
  })
}
