/** Proposes a family and a mapping for sample records, and tries the drafts on them. Pure. */
import type { LogRecord } from '#runtime/cloudevents'
import type { ForeignContent } from '../../lib/intake/read-record.ts'
import type { ForeignDocument } from '../../lib/mapping/apply-mapping.ts'
import { readMapping } from '../../lib/mapping/parse-mapping.ts'
import { OWN_TYPES } from '../../lib/schemas/event-types.ts'
import { count } from '../../lib/support/count.ts'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import { Families, readFamilies } from '../../lib/telemetry/index.ts'
import type { Config } from '../environment/config.ts'
import { createTrial, toDocument, type UnreadableRecord } from '../recordings/import/mapping-trial.ts'
import { listUnusedFields } from '../recordings/import/unused-fields.ts'
import { DRAFT_HEAD, listQuestions, proposeDraft, writeDraft } from './draft.ts'

/** Record of a sample with its place, such as a file and a line. */
export interface PlacedRecord {
  readonly place: string
  readonly record: LogRecord | UnreadableRecord
  /** Parts of a record that is not from a topic; absent for those of a topic, which have all parts. */
  readonly content?: ForeignContent
  /** Row of units of a CSV file, by column. */
  readonly units?: Readonly<Record<string, unknown>> | undefined
}

type PlacedDocument = PlacedRecord & { readonly read: ForeignDocument }

export interface Proposal {
  readonly family: string
  readonly mapping: string
  /** Number of records that the drafts take. */
  readonly taken: number
  /** Number of records of other shapes, which have no draft. */
  readonly others: number
  readonly questions: readonly string[]
  /** Fields of the records that readings do not have. */
  readonly unused: readonly string[]
  /** Records that are not JSON objects or valid events, and records of the shape that the drafts do not take. */
  readonly refused: readonly { readonly place: string; readonly reason: string }[]
}

/**
 * Proposes drafts for the most frequent shape of the records.
 *
 * @param settings settings of the project, with its families
 * @param name name of the family and the mapping
 * @param sample name of the sample in comments and messages
 * @throws OperationFailure if the records cannot be readings, InvalidFile for more fields than a family or a mapping can have
 */
export function propose(
  settings: Config,
  name: string,
  sample: string,
  records: readonly PlacedRecord[],
  nowMs: number,
): Proposal {
  const documents: PlacedDocument[] = []
  const unread: Proposal['refused'][number][] = []
  for (const placed of records) {
    const read = toDocument(placed.record, placed.content)
    if ('document' in read) documents.push({ ...placed, read })
    else unread.push({ place: placed.place, reason: 'error' in read ? read.error : read.message })
  }
  if (documents.length === 0)
    throw new OperationFailure(`${sample}: no record can be read: ${unread[0]?.reason}`)
  const { alike, draft } = draftShape(settings, name, sample, documents, nowMs)
  const head = `${DRAFT_HEAD}${count(alike.length, 'record')} of ${sample}. Comments say what they show. Those that end with "?" are for you to answer.`
  const others =
    'With `others: numbers`, any further number is a metric without a unit; without it, a mapping must name each metric.'
  const family = writeDraft('family', draft.family, [head, others])
  // The drafts are read and tried as their files would be.
  const own = readFamilies([{ file: `families/${name}.yaml`, text: family }], 'sluice')
  const families = new Families([...settings.families.all.map(({ file }) => file), ...own])
  const text = writeDraft('mapping', draft.mapping, [])
  const mapping = readMapping(families, text, name, `mappings/${name}.yaml`)
  const input = { topic: sample, loadedMappings: [mapping] }
  const tryRecord = createTrial({ ...settings, families }, input, nowMs)
  const failed = alike.flatMap(({ place, record, content }) => {
    const trial = tryRecord(record, content)
    return trial.accepted ? [] : [{ place, reason: trial.reason }]
  })
  const ofRecords = alike.map(({ read }) => read)
  const unused = listUnusedFields(mapping, ofRecords)
  const notes = unused.length > 0 ? [head, `Not used: ${unused.join(', ')}`] : [head]
  return {
    family,
    mapping: writeDraft('mapping', draft.mapping, notes),
    taken: alike.length - failed.length,
    others: documents.length - alike.length,
    questions: listQuestions([...draft.mapping, ...draft.family]),
    unused,
    refused: [...unread, ...failed],
  }
}

/** Share of the smaller set of names that two records of one shape have in common, from 0 to 1: a field can be optional. */
const SAME_SHAPE = 0.6
const MAX_SHAPES = 5

/** Drafts the most frequent shape in which something is measured. CloudEvents of one type have one shape. */
function draftShape(
  { timeZone }: Config,
  name: string,
  sample: string,
  documents: readonly PlacedDocument[],
  nowMs: number,
) {
  const toType = ({ read }: PlacedDocument) => (read.isEvent ? String(Object(read.document).type) : undefined)
  const toNames = (placed: PlacedDocument) => {
    const type = toType(placed)
    return type === undefined ? Object.keys(placed.read.document) : [`CloudEvents of the type ${type}`]
  }
  const shapes = Map.groupBy(documents, document => JSON.stringify(toNames(document).toSorted()))
  const byLength = [...shapes.values()].toSorted((a, b) => b.length - a.length)
  for (const [first = documents[0] as PlacedDocument] of byLength.slice(0, MAX_SHAPES)) {
    const [usual, eventType] = [new Set(toNames(first)), toType(first)]
    if (eventType?.startsWith(OWN_TYPES))
      throw new OperationFailure(`${sample}: ${eventType} is an event of Sluice, which is read as it is.`)
    const alike = documents.filter(document => {
      const names = toNames(document)
      const common = names.filter(name => usual.has(name)).length
      return common >= SAME_SHAPE * Math.min(names.length, usual.size)
    })
    const records = alike.map(({ read }) => read)
    const units = alike.find(({ units }) => units)?.units
    const draft = proposeDraft({ name, records, nowMs, timeZone, eventType, units })
    if (draft) return { draft, alike }
  }
  const names = [...new Set(documents.flatMap(toNames))].join(', ')
  throw new OperationFailure(
    `${sample}: no number is measured in its ${count(documents.length, 'record')} with ${names}. An input can bring such records to \`events\`, see config/inputs.yaml.`,
  )
}
