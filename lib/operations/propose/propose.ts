/** Proposes a family and a mapping for sample records, and tries the drafts on them. Pure. */
import { describeViolations } from '../../app/schemas.ts'
import { applyMapping, type ForeignDocument, findUnmetCondition } from '../../mapping/apply-mapping.ts'
import type { Mapping } from '../../mapping/mapping.ts'
import { readMapping } from '../../mapping/parse-mapping.ts'
import { listUnusedFields } from '../../mapping/unused-fields.ts'
import { OWN_TYPES } from '../../schemas/event-types.ts'
import { count } from '../../support/count.ts'
import { InvalidFile } from '../../support/file-errors.ts'
import { Families } from '../../telemetry/families.ts'
import { readFamilies } from '../../telemetry/parse-family.ts'
import { findViolations } from '../../telemetry/validate-reading.ts'
import type { TriedRecord } from '../import/mapping-trial.ts'
import { OperationFailure } from '../operation-failure.ts'
import { type Draft, proposeDraft } from './draft.ts'
import { listQuestions, writeDraft } from './write-draft.ts'

/** Record of a sample with its place, such as a file and a line. */
export interface PlacedRecord {
  readonly place: string
  readonly record: TriedRecord
  /** Row of units of a CSV file, by column. */
  readonly units?: Readonly<Record<string, unknown>>
}

interface PlacedDocument {
  readonly place: string
  readonly record: ForeignDocument
}

export interface Proposal {
  /** Text of the family file; undefined if the records become readings of the family `metrics`. */
  readonly family?: string
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

/**
 * Proposes drafts for the most frequent shape of the records.
 *
 * @param families families of the project
 * @param name name of the family and the mapping
 * @param sample name of the sample in comments and messages
 * @throws OperationFailure if the records cannot be readings
 */
export function propose(
  families: Families,
  name: string,
  sample: string,
  records: readonly PlacedRecord[],
): Proposal {
  const documents = records.flatMap(({ place, record }) => ('document' in record ? [{ place, record }] : []))
  const unreadable = records.flatMap(({ place, record }) =>
    'document' in record ? [] : [{ place, reason: 'error' in record ? record.error : record.message }],
  )
  if (documents.length === 0)
    throw new OperationFailure(`${sample}: no record can be read: ${unreadable[0]?.reason}`)
  const units = records.find(record => record.units)?.units
  const { alike, others, draft } = draftShape(name, sample, documents, units)
  if (draft.family === undefined && families.byName.metrics === undefined)
    throw new OperationFailure(
      `${sample}: the records name their metric, but there is no family metrics for them.`,
    )
  const head = `Draft from ${count(draft.records, 'record')} of ${sample}. Check the guesses, which the comments explain.`
  const family = draft.family && writeDraft('family', draft.family, [head, OTHERS])
  const mapping = tryWithinLimits(sample, draft, () =>
    readDraft(families, name, family, writeDraft('mapping', draft.mapping, [])),
  )
  const refused = tryDraft(mapping, alike)
  const ofRecords = alike.map(({ record }) => record)
  const unused = [...new Set([...draft.unused.keys(), ...listUnusedFields(mapping, ofRecords)])]
  const reasons = [...draft.unused].map(([path, reason]) => `${path} is ${reason}`)
  const notes = unused.length > 0 ? [`Not used: ${unused.join(', ')}`, ...reasons] : []
  return {
    ...(family ? { family } : {}),
    mapping: writeDraft('mapping', draft.mapping, [head, ...notes]),
    taken: alike.length - refused.length,
    others: others.length,
    questions: listQuestions([...(draft.family ?? []), ...draft.mapping]),
    unused,
    refused: [...unreadable, ...refused],
  }
}

const OTHERS =
  'With `others: numbers`, any further number is a metric without a unit; without it, a mapping must name each metric.'

/** Share of the smaller set of names that two records of one shape have in common, from 0 to 1. */
const SAME_SHAPE = 0.6

/** Number of shapes of which a draft is tried. */
const MAX_SHAPES = 5

/** Drafts the most frequent shape in which numbers are measured. Its records have most names in common, because a field can be optional. */
function draftShape(
  name: string,
  sample: string,
  documents: readonly PlacedDocument[],
  units: PlacedRecord['units'],
) {
  const byNames = Map.groupBy(documents, document => JSON.stringify(listNames(document).toSorted()))
  const shapes = [...byNames.values()].toSorted((a, b) => b.length - a.length).slice(0, MAX_SHAPES)
  for (const [first] of shapes) {
    const usual = new Set(listNames(first as PlacedDocument))
    const { alike = [], others = [] } = Object.groupBy(documents, document => {
      const names = listNames(document)
      const common = names.filter(name => usual.has(name)).length
      return common >= SAME_SHAPE * Math.min(names.length, usual.size) ? 'alike' : 'others'
    })
    const draft = createDraft(name, sample, alike, others, units)
    if (draft) return { draft, alike, others }
  }
  const names = [...new Set(documents.flatMap(listNames))].join(', ')
  throw new OperationFailure(
    `${sample}: no number is measured in its ${count(documents.length, 'record')} with ${names}. An input can bring such records to \`events\`, see config/inputs.yaml.`,
  )
}

/** Returns the names by which the shape of a record is recognised. CloudEvents are told apart by their types. */
function listNames({ record: { document, isEvent } }: PlacedDocument): readonly string[] {
  return isEvent ? [`CloudEvents of the type ${readType(document)}`] : Object.keys(document)
}

function readType(document: object): string {
  return String((document as { readonly type?: unknown }).type)
}

function createDraft(
  name: string,
  sample: string,
  alike: readonly PlacedDocument[],
  others: readonly PlacedDocument[],
  units: PlacedRecord['units'],
): Draft | undefined {
  const [first] = alike
  const eventType = first?.record.isEvent ? readType(first.record.document) : undefined
  if (eventType?.startsWith(OWN_TYPES))
    throw new OperationFailure(
      `${sample}: the records are events of Sluice (${eventType}), which are read as they are.`,
    )
  return proposeDraft({
    name,
    records: alike.map(({ record }) => record),
    eventType,
    otherNames: new Set(others.flatMap(listNames)),
    units,
  })
}

/** @throws OperationFailure for drafts with more fields than a family or a mapping can have */
function tryWithinLimits<Result>(sample: string, { metrics }: Draft, attempt: () => Result): Result {
  try {
    return attempt()
  } catch (error) {
    const limit = error instanceof InvalidFile && error.errors.find(error => LIMITS.test(error.message))
    if (!limit) throw error
    throw new OperationFailure(
      `${sample}: there is no draft for so many fields, of which ${metrics} are metrics: ${limit.message}. Split the records, or leave fields out of the sample.`,
      { cause: error },
    )
  }
}

/** Messages about limits of families and mappings. */
const LIMITS = /at most|has more than \d/

/** Reads the drafts as their files would be read. */
function readDraft(families: Families, name: string, family: string | undefined, mapping: string): Mapping {
  const drafts =
    family === undefined ? [] : readFamilies([{ file: `families/${name}.yaml`, text: family }], 'sluice')
  const all = new Families([...families.all.map(({ file }) => file), ...drafts])
  return readMapping(all, mapping, name, `mappings/${name}.yaml`)
}

/** Returns the records that the drafts do not take, with the reasons. */
function tryDraft(mapping: Mapping, records: readonly PlacedDocument[]): Proposal['refused'] {
  return records.flatMap(({ place, record }) => {
    const unmet = findUnmetCondition(mapping, record)
    if (unmet !== undefined) return [{ place, reason: unmet }]
    const event = applyMapping(mapping, record)
    if ('message' in event) return [{ place, reason: event.message }]
    const violations = findViolations(mapping.family, event.data)
    return violations.length > 0 ? [{ place, reason: describeViolations(violations) }] : []
  })
}
