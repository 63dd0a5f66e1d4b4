/** Proposes a family and a mapping for sample records, and tries the drafts on them. Pure. */
import type { LogRecord } from '#runtime/cloudevents'
import type { Config } from '../../app/config.ts'
import type { ForeignContent } from '../../intake/read-record.ts'
import { readMapping } from '../../mapping/parse-mapping.ts'
import { listUnusedFields } from '../../mapping/unused-fields.ts'
import { OWN_TYPES } from '../../schemas/event-types.ts'
import { count } from '../../support/count.ts'
import { InvalidFile } from '../../support/file-errors.ts'
import { Families } from '../../telemetry/families.ts'
import { readFamilies } from '../../telemetry/parse-family.ts'
import { createTrial, toDocument, type UnreadableRecord } from '../import/mapping-trial.ts'
import { OperationFailure } from '../operation-failure.ts'
import { type Draft, proposeDraft, type Sample, type SampleRecord } from './draft.ts'
import { listQuestions, writeDraft } from './write-draft.ts'

/** Record of a sample with its place, such as a file and a line. */
export interface PlacedRecord extends Pick<SampleRecord, 'units'> {
  readonly place: string
  readonly record: LogRecord | UnreadableRecord
  /** Parts of a record that is not from a topic; absent for those of a topic, which have all parts. */
  readonly content?: ForeignContent
}

interface PlacedDocument extends SampleRecord {
  readonly placed: PlacedRecord
}

export interface Proposal {
  /** Text of the family file; undefined if the records become readings of the family `metrics`. */
  readonly family?: string | undefined
  readonly mapping: string
  /** Number of records that the drafts take. */
  readonly taken: number
  /** Number of records of other shapes, which have no draft. */
  readonly others: number
  /** Guesses that people must confirm. */
  readonly questions: readonly string[]
  /** Fields of the records that readings do not have. */
  readonly unused: readonly string[]
  /** Records that are not JSON objects or valid events, and records of the shape that the drafts do not take. */
  readonly refused: readonly { readonly place: string; readonly reason: string }[]
}

/** Number of refused records that the draft lists. */
const MAX_REFUSED = 5

/**
 * Proposes drafts for the most frequent shape of the records.
 *
 * @param settings settings of the project, with its families
 * @param name name of the family and the mapping
 * @param sample name of the sample in comments and messages
 * @throws OperationFailure if the records cannot be readings
 */
export function propose(
  settings: Config,
  name: string,
  sample: string,
  records: readonly PlacedRecord[],
  nowMs: number,
): Proposal {
  const { families, timeZone } = settings
  const documents: PlacedDocument[] = []
  const unreadable: { readonly place: string; readonly reason: string }[] = []
  for (const placed of records) {
    const { place, record: original, content, units } = placed
    const record = toDocument(original, content)
    const timestampMs = content || 'error' in original ? -1 : original.timestampMs
    if ('document' in record) documents.push({ placed, record, units, timestampMs })
    else unreadable.push({ place, reason: 'error' in record ? record.error : record.message })
  }
  if (documents.length === 0)
    throw new OperationFailure(`${sample}: no record can be read: ${unreadable[0]?.reason}`)
  const { alike, draft } = draftShape(name, sample, documents, { nowMs, timeZone })
  if (draft.family === undefined && families.byName.metrics === undefined)
    throw new OperationFailure(
      `${sample}: the records name their metric, but there is no family metrics for them.`,
    )
  const head = `Draft from ${count(draft.records, 'record')} of ${sample}. Check the guesses, which the comments explain.`
  const others =
    'With `others: numbers`, any further number is a metric without a unit; without it, a mapping must name each metric.'
  const family = draft.family && writeDraft('family', draft.family, [head, others])
  const own = readDraft(families, name, sample, draft, family)
  const input = { topic: sample, loadedMappings: [own.mapping] }
  const tryRecord = createTrial({ ...settings, families: own.families }, input, nowMs)
  const refused = alike.flatMap(({ placed: { place, record, content } }) => {
    const trial = tryRecord(record, content)
    return trial.accepted ? [] : [{ place, reason: trial.reason }]
  })
  const ofRecords = alike.map(({ record }) => record)
  const unused = [...new Set([...draft.unused.keys(), ...listUnusedFields(own.mapping, ofRecords)])]
  const notes = [
    ...(unused.length > 0 ? [`Not used: ${unused.join(', ')}`] : []),
    ...[...draft.unused].map(([path, reason]) => `${path} is ${reason}`),
    ...refused
      .map(({ place, reason }) => `Not taken: ${place}: ${reason}. Is that right?`)
      .slice(0, MAX_REFUSED),
  ]
  return {
    family,
    mapping: writeDraft('mapping', draft.mapping, [head, ...notes]),
    taken: alike.length - refused.length,
    others: documents.length - alike.length,
    questions: listQuestions([...(draft.family ?? []), ...draft.mapping]),
    unused,
    refused: [...unreadable, ...refused],
  }
}

/** Share of the smaller set of names that two records of one shape have in common, from 0 to 1. */
const SAME_SHAPE = 0.6
/** Number of shapes of which a draft is tried. */
const MAX_SHAPES = 5

/** Drafts the most frequent shape in which numbers are measured, or else one with states. A field can be optional. */
function draftShape(
  name: string,
  sample: string,
  documents: readonly PlacedDocument[],
  clock: Pick<Sample, 'nowMs' | 'timeZone'>,
) {
  const byNames = Map.groupBy(documents, document => JSON.stringify(listNames(document).toSorted()))
  const shapes = [...byNames.values()].toSorted((a, b) => b.length - a.length).slice(0, MAX_SHAPES)
  const firsts = shapes.map(([first]) => first as PlacedDocument)
  const [eventType] = firsts.map(readType)
  if (eventType?.startsWith(OWN_TYPES))
    throw new OperationFailure(
      `${sample}: the records are events of Sluice (${eventType}), which are read as they are.`,
    )
  const drafts = firsts.flatMap(first => {
    const usual = new Set(listNames(first))
    const alike = documents.filter(document => {
      const names = listNames(document)
      const common = names.filter(name => usual.has(name)).length
      return common >= SAME_SHAPE * Math.min(names.length, usual.size)
    })
    const draft = proposeDraft({ name, all: alike, ...clock, eventType: readType(first) })
    return draft ? [{ draft, alike }] : []
  })
  const [draft = drafts[0]] = drafts.filter(({ draft }) => draft.metrics > 0)
  if (draft) return draft
  const names = [...new Set(documents.flatMap(listNames))].join(', ')
  throw new OperationFailure(
    `${sample}: no number is measured in its ${count(documents.length, 'record')} with ${names}. An input can bring such records to \`events\`, see config/inputs.yaml.`,
  )
}

/** Returns the names by which the shape of a record is recognised. CloudEvents are told apart by their types. */
function listNames(placed: PlacedDocument): readonly string[] {
  const type = readType(placed)
  return type === undefined ? Object.keys(placed.record.document) : [`CloudEvents of the type ${type}`]
}

function readType({ record: { document, isEvent } }: PlacedDocument): string | undefined {
  return isEvent && String((document as { readonly type?: unknown }).type)
}

/** Messages about limits of families and mappings. */
const LIMITS = /at most|has more than \d/

/** Reads the drafts as their files would be read. @throws OperationFailure for more fields than a family or a mapping can have */
function readDraft({ all }: Families, name: string, sample: string, draft: Draft, family?: string) {
  try {
    const texts = family === undefined ? [] : [{ file: `families/${name}.yaml`, text: family }]
    const families = new Families([...all.map(({ file }) => file), ...readFamilies(texts, 'sluice')])
    const text = writeDraft('mapping', draft.mapping, [])
    return { families, mapping: readMapping(families, text, name, `mappings/${name}.yaml`) }
  } catch (error) {
    const limit = error instanceof InvalidFile && error.errors.find(({ message }) => LIMITS.test(message))
    if (!limit) throw error
    const message = `${sample}: there is no draft for so many fields, of which ${draft.metrics} are metrics: ${limit.message}. Split the records, or leave fields out of the sample.`
    throw new OperationFailure(message, { cause: error })
  }
}
