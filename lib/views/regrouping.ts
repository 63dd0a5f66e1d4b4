/** First step of the consumer `views`: sends an event to its groups of the tables, as one row event for each table. Pure. */
import type { Received, Step } from '#runtime/consumer'
import { toDataschema } from '../telemetry/dataschema.ts'
import type { EventTypes } from '../telemetry/event-types.ts'
import type { CompiledTable, ViewsInForce } from './compiled-table.ts'
import type { Evaluator, ExpressionValue } from './evaluate-expression.ts'
import { groupName, rowSource, VIEW_ROW_TYPE, type ViewRow } from './event-names.ts'
import { MAX_TEXT_LENGTH, type Scalar } from './plan.ts'
import { isRowOfStream, signalOfType } from './stream-events.ts'

/** State of the first step for an entity. It exists only if a table with windows reads the signal of the entity's events. */
export interface EntityClock {
  /** Newest event time of the entity, in milliseconds since the epoch. */
  readonly newestMs: number
}

/**
 * `regrouped`: for at least one table. `filtered`: excluded by `WHERE` of each table. `no-group`: a value of the group is null.
 * `number-not-exact`: a number column is null, because a double cannot hold its integer.
 */
type RegroupingReason = 'regrouped' | 'filtered' | 'no-group' | 'no-table' | 'number-not-exact'

/**
 * Emits the rows of an event, each with the time of the event, and returns the clock of the entity after the event. The name of an
 * emission depends only on the generation of its table, so rows that are computed again from the log have the same ids.
 *
 * @param clock clock of the entity before the event; undefined if it has none
 */
export function regroupEvent(
  step: Step<Pick<ViewsInForce, 'bySignal'>>,
  eventTypes: EventTypes,
  event: Received,
  clock: EntityClock | undefined,
): EntityClock | undefined {
  const { bySignal } = step.context
  const ofSignal = bySignal.get(signalOfType(eventTypes, event.type)) ?? []
  const tables = ofSignal.filter(({ plan }) => isRowOfStream(plan, event))
  const newestMs = Math.max(clock?.newestMs ?? event.timeMs, event.timeMs)
  let rows = 0
  let reason: RegroupingReason = tables.length === 0 ? 'no-table' : 'filtered'
  let hasInexact = false
  const from = { event, onInexact: () => (hasInexact = true) }
  for (const table of tables) {
    if (table.where && table.where(from) !== true) continue
    const group = table.group.map(value => scalar(value(from)))
    if (group.includes(null)) {
      reason = 'no-group'
      continue
    }
    emitRow(step, table, from, group, newestMs)
    rows += 1
  }
  step.reason(hasInexact ? 'number-not-exact' : rows > 0 ? 'regrouped' : reason)
  // Also if these tables read other types, because the clock of an entity must not depend on which tables there are.
  const isTimed = ofSignal.some(({ plan }) => plan.window)
  return isTimed ? { newestMs } : undefined
}

function emitRow(
  step: Step,
  { plan, arguments: given }: CompiledTable,
  from: Parameters<Evaluator>[0],
  group: readonly Scalar[],
  newestMs: number,
): void {
  const data: ViewRow = {
    inputs: given.map(argument => (argument ? scalar(argument(from)) : null)),
    ...(plan.window && { newestMs }),
  }
  const name = groupName(group)
  step.emit('view-rows', `row ${plan.name}/${plan.generation}`, data, {
    key: name,
    type: VIEW_ROW_TYPE,
    source: rowSource(plan.name, plan.generation),
    subject: name,
    dataschema: toDataschema(VIEW_ROW_TYPE),
  })
}

/** Lists and long texts are neither groups nor aggregated. */
function scalar(value: ExpressionValue): Scalar {
  const isUnfit = typeof value === 'object' || (typeof value === 'string' && value.length > MAX_TEXT_LENGTH)
  return isUnfit ? null : value
}
