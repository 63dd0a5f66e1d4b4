/** Erases entities from the objects of the history. */
import {
  ENTITY_COLUMNS,
  entitiesAt,
  entityDigest,
  type HistoryErasure,
  lastErased,
} from '../../history/erased.ts'
import { ErasureList, objectWithoutErased, putErasure, putWithoutErased } from '../../history/erasures.ts'
import type { HistoryObject } from '../../history/object-key.ts'
import { DamagedObject, decodeColumns } from '../../history/parquet.ts'
import { damaged, objectsOf } from '../../history/read.ts'
import type { HistoryStore } from '../../history/store.ts'
import { HISTORY_TABLES, type HistoryTable } from '../../history/tables.ts'
import type { Counts } from '../audit.ts'

/** Copies of an entity's records that `sluice state erase` does not reach. */
export const NOT_REACHED = [
  "Kafka's own log, until the retention of its topics, and topics of other systems",
  'rows of tables in SQL, until their window leaves; without windows, until the table is dropped',
  'audit events, which name the entity of an erasure',
  'records that cannot be read as events, and texts that mention the entity',
  'warehouses other than that of WAREHOUSE_URL, such as one whose address is in a secret',
  'exports, recordings, checkpoints, backups, and earlier versions of the objects in the bucket',
  'notifications that were sent, logs and traces',
] as const

/** Entities to erase from the history. */
export interface HistoryRequest extends Pick<HistoryErasure, 'id' | 'time'> {
  readonly entities: ReadonlySet<string>
  /** Kafka names of the environment's topics. */
  readonly topics: readonly string[]
  /** Offsets of the erasure in the log. In other topics, it is at the end of the log. */
  readonly records: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]
}

export interface HistoryErasurePorts {
  readonly store: HistoryStore
  /** Returns the offset after the last record of each partition; undefined if Kafka does not have the topic. */
  ends(topic: string): Promise<readonly number[] | undefined>
  readonly stop: AbortSignal
  onProgress(done: number, total: number): void
}

/** Result of an erasure, or of its dry run. */
export interface HistoryReach {
  /** Name of the place, such as `s3://bucket`. */
  readonly place: string
  /** Number of objects with rows of the entities. */
  objects: number
  /** Number of rows of the entities, by table. */
  readonly rows: Partial<Record<HistoryTable, number>>
  /** Objects that cannot be read, with the reasons. They may contain rows of the entities. */
  readonly damaged: string[]
  readonly notReached: readonly string[]
}

/** Number of objects that are read at the same time. */
const AT_ONCE = 4

/**
 * Erases the entities from the history: adds the erasure to the list in the bucket, so that it survives later writes, and then
 * rewrites all objects with rows of the entities. A repeat after a failure changes the remaining objects.
 *
 * @param counts number of rewritten objects and erased rows; undefined for a dry run, which changes nothing
 * @throws HistoryUnavailable if the bucket cannot be used
 */
export async function eraseFromHistory(
  request: HistoryRequest,
  ports: HistoryErasurePorts,
  counts: Counts | undefined,
): Promise<HistoryReach> {
  const { store, stop, onProgress } = ports
  const { id, time, entities } = request
  const upTo = await lastOffsets(request, ports)
  const erasure: HistoryErasure = { id, time, entities: [...entities].map(entityDigest), upTo }
  if (counts) await putErasure(store, erasure)
  const erasures = new ErasureList(store, () => performance.now())
  const reach: HistoryReach = {
    place: store.name,
    objects: 0,
    rows: {},
    damaged: [],
    notReached: NOT_REACHED,
  }
  const seen = new Set<string>()
  // The compactor may write objects meanwhile.
  for (;;) {
    const all: HistoryObject[] = []
    for (const table of HISTORY_TABLES) all.push(...(await objectsOf(store, { table })))
    const objects = all.filter(({ key }) => !seen.has(key))
    if (objects.length === 0) return reach
    const ends = await endsOf(new Set(objects.map(({ topic }) => topic)), ports)
    const scan: Scan = { store, entities, erasure, ends, erasures, counts, reach }
    for (let from = 0; from < objects.length; from += AT_ONCE) {
      stop.throwIfAborted()
      onProgress(from, objects.length)
      const some = objects.slice(from, from + AT_ONCE).map(object => eraseFromObject(scan, object))
      for (const result of await Promise.allSettled(some))
        if (result.status === 'rejected') throw result.reason
    }
    onProgress(objects.length, objects.length)
    for (const { key } of objects) seen.add(key)
  }
}

interface Scan {
  readonly store: HistoryStore
  readonly entities: ReadonlySet<string>
  readonly erasure: HistoryErasure
  readonly ends: Ends
  readonly erasures: ErasureList
  readonly counts: Counts | undefined
  readonly reach: HistoryReach
}

type Ends = ReadonlyMap<string, readonly number[]>

async function endsOf(
  topics: Iterable<string>,
  { ends }: Pick<HistoryErasurePorts, 'ends'>,
): Promise<Map<string, readonly number[]>> {
  const found = new Map<string, readonly number[]>()
  for (const topic of topics) found.set(topic, (await ends(topic)) ?? [])
  return found
}

async function lastOffsets(
  { topics, records }: HistoryRequest,
  ports: HistoryErasurePorts,
): Promise<HistoryErasure['upTo']> {
  const upTo: Record<string, number[]> = {}
  for (const [topic, ends] of await endsOf(topics, ports)) upTo[topic] = ends.map(end => end - 1)
  for (const { topic, partition, offset } of records) {
    const own = upTo[topic]
    if (own) own[partition] = offset
  }
  return upTo
}

async function eraseFromObject(scan: Scan, object: HistoryObject): Promise<void> {
  const { store, entities, erasures, counts, reach } = scan
  const { key, table, firstOffset } = object
  const erasure = forObject(scan, object)
  if (lastErased(erasure, object.topic, object.partition) < firstOffset) return
  // If the compactor has removed the object meanwhile, its rows are in a compacted object, to which it has applied the list.
  const bytes = await store.get(key)
  if (bytes === undefined) return
  try {
    if (!(await mayContain(table, bytes, entities))) return
    const { contents, changed } = await objectWithoutErased(object, bytes, [erasure])
    if (changed === 0) return
    if (counts) await putWithoutErased({ store, erasures }, object, contents)
    note(scan, table, changed)
  } catch (error) {
    if (!(error instanceof DamagedObject)) throw error
    reach.damaged.push(damaged(store, key, error).message)
  }
}

function note({ reach, counts }: Scan, table: HistoryTable, rows: number): void {
  reach.objects += 1
  reach.rows[table] = (reach.rows[table] ?? 0) + rows
  if (!counts) return
  counts.historyObjects = (counts.historyObjects ?? 0) + 1
  counts.historyRows = (counts.historyRows ?? 0) + rows
}

/** All rows of an object are erased if the current log cannot contain them, because the topic was removed or created anew. */
function forObject({ erasure, ends }: Scan, { topic, partition, lastOffset }: HistoryObject): HistoryErasure {
  if (lastOffset < (ends.get(topic)?.[partition] ?? 0)) return erasure
  return { ...erasure, upTo: { [topic]: new Array(partition + 1).fill(Number.MAX_SAFE_INTEGER) } }
}

/** Reads only the columns that name entities. Most objects have no row of an entity, so they are not decoded completely. */
async function mayContain(
  table: HistoryTable,
  bytes: Buffer,
  entities: ReadonlySet<string>,
): Promise<boolean> {
  const { rows, values } = await decodeColumns(bytes, { names: ENTITY_COLUMNS })
  for (let row = 0; row < rows; row++)
    if (entitiesAt(table, values, row)?.some(entity => entities.has(entity)) ?? true) return true
  return false
}
