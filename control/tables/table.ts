/** Tables, which show the states of a keyed process as rows. The command line and the console read all tables in the same way. */
import type { StateInspection } from '#runtime/operating/states'
import type { Hold, StateKey } from '#runtime/pipeline'
import { textFilter } from '../../lib/support/text-match.ts'

export interface Table<State, Row> {
  /** Process whose state the table shows. */
  readonly process: { readonly name: string }
  /** Returns the rows of one entity. The list is empty if there is nothing to show. */
  readonly rows: (stored: StoredState<State>) => readonly Row[]
  readonly order: (a: Row, b: Row) => number
}

/** State of an entity, as stored by the process of the table. */
export interface StoredState<State> {
  /** Partition of the topic that the process reads. */
  readonly partition: number
  /** Source and subject of the entity, separated by a space. */
  readonly entity: string
  readonly state: State
}

export interface TopicSize {
  readonly topic: string
  readonly partitions: number
  /** Further topics. The states that consumers store for these topics belong to the same table. */
  readonly subTopics?: readonly TopicSize[]
}

export interface TableRows<Row> {
  /** Rows in the order of the table. */
  readonly rows: readonly Row[]
  /** Number of entities that were examined. */
  readonly entities: number
  /** False if the limit was reached before the last entity. */
  readonly isWhole: boolean
}

interface TableQuery {
  /** Complete subject of an entity, or words of its source and subject; undefined for all entities. */
  readonly text?: string | undefined
  /** Returns whether an entity is wanted for another reason than its name. */
  readonly isWanted?: (entity: string) => boolean
  /** Maximum number of entities to examine. */
  readonly most?: number
}

/**
 * Reads the rows of a table.
 *
 * @param topic topic that the table's process reads
 * @throws Unavailable if Redis does not respond
 */
export async function readTable<State, Row>(
  inspection: Pick<StateInspection, 'states'>,
  table: Table<State, Row>,
  topic: TopicSize,
  { text = '', isWanted = () => false, most = Number.POSITIVE_INFINITY }: TableQuery = {},
): Promise<TableRows<Row>> {
  const found: StoredState<State>[] = []
  let isWhole = true
  const fits = textFilter(text)
  const wanted = (entity: string) => fits(entity) || isWanted(entity)
  for await (const stored of storedStates(inspection, table, topic, wanted)) {
    isWhole = found.length < most
    if (!isWhole) break
    found.push(stored)
  }
  const rows = preferExact(found, text === '' ? undefined : text).flatMap(table.rows)
  return { rows: rows.sort(table.order), entities: found.length, isWhole }
}

/** Yields the states that a table's process has stored in all partitions for the wanted entities. */
export async function* storedStates<State, Row>(
  inspection: Pick<StateInspection, 'states'>,
  { process }: Table<State, Row>,
  topic: TopicSize,
  isWanted: (entity: string) => boolean = () => true,
): AsyncGenerator<StoredState<State>> {
  // Read one partition at a time. Otherwise responses of Redis would wait while this process handles responses for other
  // partitions.
  for (const partitionState of listStateKeys(process.name, topic))
    for await (const stored of storedEntities(inspection, partitionState, isWanted))
      yield stored as StoredState<State>
}

/**
 * Reads the rows of one entity. Reads one field in each partition.
 *
 * @param entity complete name of the entity: source and subject, separated by a space
 * @throws Unavailable if Redis does not respond
 */
export async function readEntityRows<State, Row>(
  inspection: Pick<StateInspection, 'state'>,
  table: Table<State, Row>,
  topic: TopicSize,
  entity: string,
): Promise<readonly Row[]> {
  const found = listStateKeys(table.process.name, topic).map(async key => {
    const state = (await inspection.state(key, entity)) as State | undefined
    return state === undefined ? [] : table.rows({ partition: key.partition, entity, state })
  })
  return (await Promise.all(found)).flat().sort(table.order)
}

/** Returns the keys of a consumer's partition states, one for each partition of its topics. */
export function listStateKeys(
  consumer: string,
  { topic, partitions, subTopics = [] }: TopicSize,
): StateKey[] {
  const own = Array.from({ length: partitions }, (_, partition) => ({ consumer, topic, partition }))
  return [...own, ...subTopics.flatMap(sub => listStateKeys(consumer, sub))]
}

export interface StoredEntity {
  readonly partition: number
  /** Source and subject of the entity, separated by a space. */
  readonly entity: string
  /** Version of the structure of the state. */
  readonly version: number
  readonly state: unknown
  readonly hold?: Hold | undefined
}

/**
 * Yields the entities of one partition that are wanted and have a state. Each entity is yielded once, in no particular order.
 *
 * @throws Unavailable if Redis does not respond
 */
export async function* storedEntities(
  inspection: Pick<StateInspection, 'states'>,
  partitionState: StateKey,
  isWanted: (entity: string) => boolean = () => true,
): AsyncGenerator<StoredEntity> {
  for await (const stored of readEntities(inspection, partitionState, isWanted))
    if (stored.state !== undefined) yield stored
}

/** Yields the wanted entities of one partition. Entities that are on hold but have no state are included. */
export async function* readEntities(
  inspection: Pick<StateInspection, 'states'>,
  partitionState: StateKey,
  isWanted: (entity: string) => boolean = () => true,
): AsyncGenerator<StoredEntity> {
  const { partition } = partitionState
  // Redis returns each field at least once, so a page may repeat fields of an earlier page.
  const seen = new Set<string>()
  for await (const [entity, state, version, hold] of inspection.states(partitionState)) {
    if (!isWanted(entity) || seen.has(entity)) continue
    seen.add(entity)
    yield { partition, entity, version, state, hold }
  }
}

/**
 * Returns only the exact match if the text is the complete subject or the complete name of an entity. For example, a search for
 * `pump-1` does not return `pump-10`. Pure.
 */
export function preferExact<Named extends { readonly entity: string }>(
  found: readonly Named[],
  wanted: string | undefined,
): Named[] {
  const exact = found.filter(
    ({ entity }) => entity === wanted || entity.slice(entity.indexOf(' ') + 1) === wanted,
  )
  return exact.length > 0 ? exact : [...found]
}

export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
