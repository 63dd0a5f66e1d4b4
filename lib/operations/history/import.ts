/** Imports an export of the history. */
import { signalIn, topicName } from '../../app/topics.ts'
import { frontierText, movedFrontier, nextFrontier, parseFrontiers } from '../../history/compaction.ts'
import { ErasureList, objectWithoutErased, putWithoutErased } from '../../history/erasures.ts'
import { frontierKey, type ObjectRange, objectKey, parseObjectKey } from '../../history/object-key.ts'
import { DamagedObject, type ReadColumns, rewritten } from '../../history/parquet.ts'
import { isWithin, objectsOf } from '../../history/read.ts'
import { OperationFailure } from '../failure.ts'
import { type CopiedObject, type CopyPlan, type CopyPorts, type CopyReport, copyObjects } from './copy.ts'
import { type ManifestEntry, manifestIn, sha256Of } from './manifest.ts'

export interface ImportPorts extends CopyPorts {
  /** Returns true if Kafka has the topic. */
  hasTopic(topic: string): Promise<boolean>
  nowMs(): number
}

/** Object of the export, with its range in this environment. */
interface Imported extends CopiedObject, ObjectRange {
  readonly entry: ManifestEntry
  /** True if the topic has another name in this environment. */
  readonly isRenamed: boolean
}

/**
 * Copies objects of an export to the history of an environment, and verifies their checksums. Topics are renamed to those of the
 * environment. A partition is only imported if its offsets cannot be mistaken for those of another log: see `refusal`.
 *
 * @throws OperationFailure if there is no export
 * @throws HistoryUnavailable if one of the places cannot be used
 */
export async function importHistory(plan: CopyPlan, ports: ImportPorts): Promise<CopyReport> {
  const { from, to, nowMs } = ports
  const manifest = await manifestIn(from)
  if (!manifest)
    throw new OperationFailure(
      `${from.name} has no manifest.json, so it is not a complete export of the history.`,
    )
  const all = manifest.objects.flatMap(entry => importedAs(entry, plan.env))
  const known = new Set(all.map(({ as }) => as))
  const erasures = new ErasureList(to, nowMs)
  const list = await erasures.current()
  const problems: string[] = []
  const accepted: Imported[] = []
  const wanted = all.filter(one => plan.tables.includes(one.table) && isWithin(one, plan))
  const partitions = Map.groupBy(wanted, ({ topic, partition }) => `${topic}/${partition}`)
  for (const [name, objects] of partitions) {
    const why = plan.force ? undefined : await refusal(objects as [Imported], known, ports)
    if (why === undefined) accepted.push(...objects)
    else problems.push(`${name} was not imported: ${why}`)
  }
  const { report } = await copyObjects(
    accepted,
    ports,
    plan.force,
    async (object, bytes) => {
      if (sha256Of(bytes) !== object.entry.sha256)
        throw new DamagedObject('its checksum is not that of the manifest')
      const named = object.isRenamed ? await rewritten(bytes, read => withTopic(read, object.topic)) : bytes
      return { bytes: (await objectWithoutErased(object, named, list)).contents, entry: object.entry }
    },
    (object, bytes) => putWithoutErased({ store: to, erasures }, object, bytes),
  )
  await moveFrontiers(accepted, ports)
  return { ...report, problems: [...problems, ...report.problems] }
}

function importedAs(entry: ManifestEntry, env: string): Imported[] {
  const range = parseObjectKey(entry.key)
  if (!range) return []
  const signal = signalIn(range.topic)
  const topic = signal ? topicName(signal, env) : range.topic
  const renamed = { ...range, topic }
  return [{ ...renamed, key: entry.key, as: objectKey(renamed), entry, isRenamed: topic !== range.topic }]
}

/**
 * Returns the reason why objects of a partition must not be imported; undefined if they may be. Offsets of two logs collide, and
 * nothing in an object says which log it is of, so a partition may have rows of one origin only.
 */
async function refusal(
  [{ table, topic, partition }]: readonly [Imported, ...Imported[]],
  known: ReadonlySet<string>,
  { to, hasTopic }: ImportPorts,
): Promise<string | undefined> {
  if (await hasTopic(topic))
    return 'Kafka has a log of its own for it, whose offsets collide. Import into an environment without this topic or, if the log is the one that was exported, use --force.'
  const own = await objectsOf(to, { table, topics: [topic], partitions: [partition] })
  const other = own.find(({ key }) => !known.has(key))
  return other && `it has a history of its own, such as ${other.key}. Import into an environment without one.`
}

function withTopic(read: ReadColumns, topic: string): ReadColumns {
  return { ...read, values: { ...read.values, topic: new Array(read.rows).fill(topic) } }
}

/** Makes imported compacted objects visible to readers that depend on the frontier. */
async function moveFrontiers(objects: readonly Imported[], { to, nowMs }: ImportPorts): Promise<void> {
  for (const ofTopic of Map.groupBy(objects, ({ topic }) => topic).values()) {
    const [{ table, topic }] = ofTopic as [Imported]
    const key = frontierKey(table, topic)
    const frontiers = parseFrontiers(String((await to.get(key)) ?? '')) ?? new Map()
    for (const partition of new Set(ofTopic.map(one => one.partition))) {
      const own = await objectsOf(to, { table, topics: [topic], partitions: [partition] })
      const before = frontiers.get(partition)
      const toOffset = nextFrontier(own, before?.toOffset ?? -1, Infinity)
      if (toOffset >= 0) frontiers.set(partition, movedFrontier(before, toOffset, nowMs()))
    }
    if (frontiers.size > 0) await to.put(key, Buffer.from(frontierText(frontiers)))
  }
}
