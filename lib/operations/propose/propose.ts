/** Proposes a family and a mapping for sample records, and tries the drafts on them. Pure. */
import { applyMapping, type ForeignDocument, findUnmetCondition } from '../../mapping/apply-mapping.ts'
import { readMapping } from '../../mapping/parse-mapping.ts'
import { OWN_TYPES } from '../../schemas/event-types.ts'
import { count } from '../../support/count.ts'
import { InvalidFile } from '../../support/file-errors.ts'
import { buildFamily } from '../../telemetry/build-family.ts'
import { FAMILIES } from '../../telemetry/families.ts'
import { readFamilies } from '../../telemetry/parse-family.ts'
import type { TriedRecord } from '../import/mapping-trial.ts'
import { OperationFailure } from '../operation-failure.ts'
import { type Draft, proposeDraft } from './draft.ts'
import { writeDraft } from './write-draft.ts'

/** Record of a sample with its place, such as a file and a line. */
export interface PlacedRecord {
  readonly place: string
  readonly record: TriedRecord
}

interface PlacedDocument {
  readonly place: string
  readonly record: ForeignDocument
}

export interface Proposal {
  /** Text of the family file; undefined if the records become readings of the family `metrics`. */
  readonly family?: string
  readonly mapping: string
  /** Number of records of other shapes, which have no draft. */
  readonly others: number
  /** Records that are not JSON objects or valid events, and records of the shape that the drafts do not take. */
  readonly refused: readonly { readonly place: string; readonly reason: string }[]
}

/**
 * Proposes drafts for the most frequent shape of the records.
 *
 * @param name name of the family and the mapping
 * @param sample name of the sample in comments and messages
 * @throws OperationFailure if the records cannot be readings
 */
export function propose(name: string, sample: string, records: readonly PlacedRecord[]): Proposal {
  const documents = records.flatMap(({ place, record }) => ('document' in record ? [{ place, record }] : []))
  const unreadable = records.flatMap(({ place, record }) =>
    'document' in record ? [] : [{ place, reason: 'error' in record ? record.error : record.message }],
  )
  if (documents.length === 0)
    throw new OperationFailure(`${sample}: no record can be read: ${unreadable[0]?.reason}`)
  const { alike, others } = findShape(documents)
  const draft = createDraft(name, sample, alike, others)
  if (draft.family === undefined && !Object.hasOwn(FAMILIES, 'metrics'))
    throw new OperationFailure(
      `${sample}: the records name their metric, but there is no family metrics for them.`,
    )
  const head = `Draft from ${count(alike.length, 'record')} of ${sample}. Check the guesses, which the comments explain.`
  const family = draft.family && writeDraft('family', draft.family, [head, OTHERS])
  const mapping = writeDraft('mapping', draft.mapping, [
    head,
    ...draft.leftOut.map(one => `Left out: ${one}`),
  ])
  const trial = tryWithinLimits(sample, draft, () => tryDraft(name, family, mapping, alike))
  return { ...(family ? { family } : {}), mapping, others: others.length, refused: [...unreadable, ...trial] }
}

const OTHERS =
  'With `others: numbers`, any further number is a metric without a unit; without it, a mapping must name each metric.'

/** Share of the smaller set of names that two records of one shape have in common, from 0 to 1. */
const SAME_SHAPE = 0.6

/** Returns the records with most of the names that the most frequent records have, because a field can be optional. */
function findShape(documents: readonly PlacedDocument[]): {
  readonly alike: readonly PlacedDocument[]
  readonly others: readonly PlacedDocument[]
} {
  const byNames = Map.groupBy(documents, one => JSON.stringify(listNames(one).toSorted()))
  const [most] = [...byNames.values()].toSorted((a, b) => b.length - a.length)
  const usual = new Set(listNames(most?.[0] as PlacedDocument))
  const { alike = [], others = [] } = Object.groupBy(documents, one => {
    const names = listNames(one)
    const common = names.filter(name => usual.has(name)).length
    return common >= SAME_SHAPE * Math.min(names.length, usual.size) ? 'alike' : 'others'
  })
  return { alike, others }
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
): Draft {
  const [first] = alike
  const eventType = first?.record.isEvent ? readType(first.record.document) : undefined
  if (eventType?.startsWith(OWN_TYPES))
    throw new OperationFailure(
      `${sample}: the records are events of Sluice (${eventType}), which are read as they are.`,
    )
  const draft = proposeDraft({
    name,
    documents: alike.map(({ record }) => record.document),
    eventType,
    otherNames: new Set(others.flatMap(listNames)),
  })
  if (draft) return draft
  const names = [...new Set(alike.flatMap(listNames))].join(', ')
  throw new OperationFailure(
    `${sample}: no number is measured in its ${count(alike.length, 'record')} with ${names}. An input can bring such records to \`events\`, see config/inputs.yaml.`,
  )
}

/** @throws OperationFailure for drafts with more fields than a family or a mapping can have */
function tryWithinLimits<Result>(sample: string, { metrics }: Draft, attempt: () => Result): Result {
  try {
    return attempt()
  } catch (error) {
    const limit = error instanceof InvalidFile && error.errors.find(one => LIMITS.test(one.message))
    if (!limit) throw error
    throw new OperationFailure(
      `${sample}: there is no draft for so many fields, of which ${metrics} are metrics: ${limit.message}. Split the records, or leave fields out of the sample.`,
      { cause: error },
    )
  }
}

/** Messages about limits of families and mappings. */
const LIMITS = /at most|has more than \d/

/** Returns the records that the drafts do not take, with the reasons. The drafts are read as their files would be. */
function tryDraft(
  name: string,
  family: string | undefined,
  mapping: string,
  records: readonly PlacedDocument[],
): Proposal['refused'] {
  const drafts =
    family === undefined ? [] : readFamilies([{ file: `families/${name}.yaml`, text: family }], 'sluice')
  const families = { ...FAMILIES, ...Object.fromEntries(drafts.map(raw => [raw.family, buildFamily(raw)])) }
  const read = readMapping(mapping, name, `mappings/${name}.yaml`, families)
  return records.flatMap(({ place, record }) => {
    const unmet = findUnmetCondition(read, record)
    if (unmet !== undefined) return [{ place, reason: unmet }]
    const event = applyMapping(read, record)
    if ('message' in event) return [{ place, reason: event.message }]
    return []
  })
}
