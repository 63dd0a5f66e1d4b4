/**
 * Tables: the states of a keyed process as rows that people look at. A table is declared once; command line and console read every
 * table in the same way.
 */
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { Hold } from '../../packages/runtime/pipeline/deciding/hold.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'

export interface Table<State, Row> {
  /** Process whose state the table shows. */
  readonly process: { readonly name: string }
  /** Returns the rows of one entity; empty if its state has nothing to show. */
  readonly rows: (stored: StoredState<State>) => readonly Row[]
  readonly order: (a: Row, b: Row) => number
}

/** Column of a text. */
export interface TableColumn<Row> {
  /** Name in JSON. */
  readonly name: string
  /** Heading in text output; by default the name in capitals. */
  readonly heading?: string
  /** Kind of the values: a `count` is shown with all its digits, a `number` with as many as people read. */
  readonly type?: 'entity' | 'count' | 'number'
  /** Minimum width in characters, to which a value may be truncated in narrow terminals. Absent if values must not be truncated. */
  readonly least?: number
  /** Order in which columns are omitted if there is still not enough room. A column without a number is never omitted. */
  readonly leaveOut?: number
  readonly value: (row: Row) => string | number | null
}

/** State of an entity, as stored by the table's process. */
export interface StoredState<State> {
  /** Partition of the topic that the process reads. */
  readonly partition: number
  /** Source and subject, separated by a space. */
  readonly entity: string
  readonly state: State
}

/** Topic with its number of partitions. */
export interface TopicSize {
  readonly topic: string
  readonly partitions: number
  /** Topics of sub-signals. The states of their consumers belong to the same table. */
  readonly subTopics?: readonly TopicSize[]
}

/** Result of a query of a table. */
export interface TableRows<Row> {
  /** Rows in the order of the table. */
  readonly rows: readonly Row[]
  /** Number of examined entities. */
  readonly entities: number
  /** False if the limit was reached before the last entity. */
  readonly isWhole: boolean
}

interface TableQuery {
  /** Whole subject, or part of source and subject; undefined for all entities. */
  readonly text?: string | undefined
  /** Maximum number of entities to examine. */
  readonly most?: number
}

/**
 * Reads a table.
 *
 * @param topic topic that the table's process reads
 * @throws Unavailable if Redis does not answer
 */
export async function readTable<State, Row>(
  inspection: Pick<StateInspection, 'states'>,
  table: Table<State, Row>,
  topic: TopicSize,
  { text = '', most = Number.POSITIVE_INFINITY }: TableQuery = {},
): Promise<TableRows<Row>> {
  const found: StoredState<State>[] = []
  let isWhole = true
  for await (const stored of storedStates(inspection, table, topic, text)) {
    isWhole = found.length < most
    if (!isWhole) break
    found.push(stored)
  }
  const rows = preferExact(found, text === '' ? undefined : text).flatMap(table.rows)
  return { rows: rows.sort(table.order), entities: found.length, isWhole }
}

/** The states of a table's process in all partitions, of entities whose source and subject contain a text. */
export async function* storedStates<State, Row>(
  inspection: Pick<StateInspection, 'states'>,
  { process }: Table<State, Row>,
  topic: TopicSize,
  text = '',
): AsyncGenerator<StoredState<State>> {
  // Reads one partition at a time, so that responses of Redis are not delayed while this process handles those of other partitions.
  for (const partitionState of partitionsOf(process.name, topic))
    for await (const stored of storedEntities(inspection, partitionState, text))
      yield stored as StoredState<State>
}

/**
 * Reads the rows of one entity: one field in each partition, or only in the given one.
 *
 * @param entity whole name of the entity: source and subject, separated by a space
 * @throws Unavailable if Redis does not answer
 */
export async function rowsOfEntity<State, Row>(
  inspection: Pick<StateInspection, 'state'>,
  table: Table<State, Row>,
  topic: TopicSize,
  entity: string,
): Promise<readonly Row[]> {
  const found = partitionsOf(table.process.name, topic).map(async key => {
    const state = (await inspection.state(key, entity)) as State | undefined
    return state === undefined ? [] : table.rows({ partition: key.partition, entity, state })
  })
  return (await Promise.all(found)).flat().sort(table.order)
}

/** A consumer's partition states of a topic and its sub-signals: one for each partition. */
export function partitionsOf(consumer: string, { topic, partitions, subTopics = [] }: TopicSize): StateKey[] {
  const own = Array.from({ length: partitions }, (_, partition) => ({ consumer, topic, partition }))
  return [...own, ...subTopics.flatMap(sub => partitionsOf(consumer, sub))]
}

/** Entity in its stored form. */
export interface StoredEntity {
  readonly partition: number
  /** Source and subject, separated by a space. */
  readonly entity: string
  /** Version of the state's structure. */
  readonly version: number
  readonly state: unknown
  readonly hold?: Hold | undefined
}

/**
 * Yields the entities of one partition that have a state and whose source and subject contain the text, each
 * once, in no particular order.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function* storedEntities(
  inspection: Pick<StateInspection, 'states'>,
  partitionState: StateKey,
  text: string,
): AsyncGenerator<StoredEntity> {
  for await (const stored of entitiesIn(inspection, partitionState, text))
    if (stored.state !== undefined) yield stored
}

/** Yields the entities of one partition, including those that are held without a state. */
export async function* entitiesIn(
  inspection: Pick<StateInspection, 'states'>,
  partitionState: StateKey,
  text: string,
): AsyncGenerator<StoredEntity> {
  const { partition } = partitionState
  // A page may repeat fields of an earlier one: Redis returns each field at least once.
  const seen = new Set<string>()
  for await (const [entity, state, version, hold] of inspection.states(partitionState)) {
    if (!entity.includes(text) || seen.has(entity)) continue
    seen.add(entity)
    yield { partition, entity, version, state, hold }
  }
}

/** Returns only the exact match if the text is a whole subject: `pump-1` must not also show `pump-10`. Pure. */
export function preferExact<Named extends { readonly entity: string }>(
  found: readonly Named[],
  wanted: string | undefined,
): Named[] {
  const exact = found.filter(({ entity }) => entity.slice(entity.indexOf(' ') + 1) === wanted)
  return exact.length > 0 ? exact : [...found]
}

export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
