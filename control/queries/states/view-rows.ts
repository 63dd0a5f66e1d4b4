/** Reads the tables that are declared in SQL: which are in force, and their rows. */

import { computePartition, formatEntity, parseEntity } from '#runtime/consumer'
import type { StateInspection } from '#runtime/operating/states'
import { type GroupState, rowsOfGroup, type TableRow } from '../../../lib/views/evaluation.ts'
import {
  type ActivatedPlan,
  groupName,
  isRow,
  rowSource,
  type Scalar,
  type TablePlan,
} from '../../../lib/views/index.ts'
import { byText, storedStates, type TopicSize } from '../../tables/table.ts'

/** Consumer that stores the groups of tables, in the partitions of the topic `view-rows`. */
export const VIEWS = { process: { name: 'views' }, rows: () => [], order: () => 0 }

type States = Pick<StateInspection, 'state' | 'states'>

/** Table in force, and the number of its groups. */
export interface TableSize {
  readonly table: TablePlan
  /** True if the rows of the past are still being added, so that the table cannot be read yet. */
  readonly isBuilding: boolean
  readonly groups: number
  /** Number of rows that were dropped because they arrived too late for their windows. Groups that have left are not counted. */
  readonly late: number
}

/** Returns the tables with the numbers of their groups. Reads the states of all groups. @throws Unavailable if Redis does not answer */
export async function readTableSizes(
  states: Pick<States, 'states'>,
  topic: TopicSize,
  plan: Pick<ActivatedPlan, 'tables' | 'building'>,
): Promise<readonly TableSize[]> {
  const bySource = new Map<string, { groups: number; late: number }>()
  for await (const { entity, state } of storedStates<GroupState, never>(states, VIEWS, topic, isRow)) {
    const { source } = parseEntity(entity)
    const { groups = 0, late = 0 } = bySource.get(source) ?? {}
    bySource.set(source, { groups: groups + 1, late: late + (state.l ?? 0) })
  }
  return plan.tables.map(table => ({
    table,
    isBuilding: plan.building.includes(table.generation),
    ...(bySource.get(rowSource(table.name, table.generation)) ?? { groups: 0, late: 0 }),
  }))
}

/** Question about the rows of a table. */
export interface RowQuery<Answer> {
  /** Values of the only group to read; undefined for all groups. */
  readonly group?: readonly Scalar[] | undefined
  /** Returns the answer for a row; undefined for a row that is not wanted. */
  readonly toAnswer: (row: TableRow) => Answer | undefined
  /** Maximum number of answers. */
  readonly limit: number
}

export interface RowAnswers<Answer> {
  /** Answers in the order of the groups' names and their windows. */
  readonly rows: readonly Answer[]
  /** False if the limit was reached before the last row. */
  readonly isWhole: boolean
}

/**
 * Reads rows of a table. One group takes one request to Redis; all groups are read in pages.
 *
 * @param topic topic `view-rows`, with its current number of partitions
 * @throws Unavailable if Redis does not answer
 */
export async function selectRows<Answer>(
  states: States,
  topic: TopicSize,
  table: TablePlan,
  { group, toAnswer, limit }: RowQuery<Answer>,
): Promise<RowAnswers<Answer>> {
  const found: { name: string; answers: Answer[] }[] = []
  let [count, isWhole] = [0, true]
  for await (const [values, state] of readGroups(states, topic, table, group)) {
    const answers = rowsOfGroup(table, values, state)
      .map(toAnswer)
      .filter(row => row !== undefined)
    isWhole = count + answers.length <= limit
    found.push({ name: groupName(values), answers: answers.slice(0, limit - count) })
    count += answers.length
    if (!isWhole) break
  }
  found.sort((a, b) => byText(a.name, b.name))
  return { rows: found.flatMap(({ answers }) => answers), isWhole }
}

async function* readGroups(
  states: States,
  topic: TopicSize,
  { name, generation }: TablePlan,
  group: readonly Scalar[] | undefined,
): AsyncGenerator<readonly [group: readonly Scalar[], state: GroupState]> {
  const source = rowSource(name, generation)
  if (group === undefined) {
    const isOwn = (entity: string) => entity.startsWith(`${source} `)
    for await (const { entity, state } of storedStates<GroupState, never>(states, VIEWS, topic, isOwn))
      yield [JSON.parse(parseEntity(entity).subject ?? '[]'), state]
    return
  }
  const subject = groupName(group)
  const partition = computePartition(Buffer.from(subject), topic.partitions)
  const key = { consumer: VIEWS.process.name, topic: topic.topic, partition }
  const state = (await states.state(key, formatEntity({ source, subject }))) as GroupState | undefined
  if (state !== undefined) yield [group, state]
}
