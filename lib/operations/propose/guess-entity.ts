/** Guesses which fields of sample records name the entity, and the group to which it belongs. Pure. */
import { count } from '../../support/count.ts'
import { GENERAL, lastWords, ownWords, splitWords } from './field-names.ts'
import type { SampleField } from './sample-fields.ts'

export interface GuessedEntity {
  /** Field that names the entity; undefined if all records belong to one. */
  readonly subject?: SampleField
  /** Field that is the same in all records of an entity, such as its site. */
  readonly group?: SampleField
  readonly reason: string
}

/** Identifiers of other things than entities. */
const OTHER_IDS =
  /^(message|msg|event|record|request|trace|span|order|transaction|batch|correlation|deduplication|reading|measurement|uu|gu|run|job|session|user|tenant|customer|organi[sz]ation|org|account|application|app|profile|network|schema|parent|row)$/
const THINGS =
  /^(sensor|device|dev|deveui|station|instance|host|hostname|machine|meter|node|probe|asset|thing|equipment|vehicle|tracker|pump|motor|robot|server|pod|container|logger|mote|beacon|controller|plc|inverter|turbine|battery pack|fridge|freezer|mac|eui|serial|imei|geraet|messstelle|messstation|fuehler|sonde|zaehler|anlage|maschine|seriennummer)$/
/** Parts of things, and things through which several send, which name the entity if nothing else does. */
const POINTS =
  /^(tag|point|channel|register|slave|gateway|topic|src|source|origin|bn|subject|kanal|messpunkt|kennung|bezeichnung|item|object|ref)$/
const GROUPS =
  /^(site|location|house|room|building|floor|plant|line|area|zone|region|city|factory|model|type|rack|datacenter|cluster|fleet|farm|greenhouse|hall|halle|raum|gebaeude|standort|ort|werk|system)$/

/** Share of the records that must name the entity, from 0 to 1, and that for what certainly names it. The others are refused. */
const MOST_NAME_IT = 0.9
const MANY_NAME_IT = 0.5
const MAX_LENGTH = 200

/** @param context key, headers and topic of the records, which name the entity if no field does */
export function guessEntity(
  fields: readonly SampleField[],
  records: number,
  context: readonly SampleField[] = [],
): GuessedEntity {
  const isNaming = (field: SampleField, share = MOST_NAME_IT) => countNames(field) >= records * share
  const naming = fields.filter(field => isNaming(field))
  const key = context.find(isWholeKey)
  const isVarying = key !== undefined && key.distinct.size > 1 && isRepeating(key)
  const rank = (field: SampleField) => {
    const own = rankField(field)
    return own > 0 && isVarying && field.distinct.size === 1 ? MIN_RANK : own
  }
  const [best] = [
    ...fields.map(field => ({
      field,
      rank: key && isEqual(field, key) && !isOfRecord(field) ? 9 : rank(field),
    })),
    // A field is better than a header of the same rank, and both are better than a key.
    ...context.map(field => ({ field, rank: rankContext(field) })),
  ]
    .filter(({ field, rank }) => rank > 0 && isNaming(field, rank < 2 ? MOST_NAME_IT : MANY_NAME_IT))
    .toSorted((a, b) => b.rank - a.rank || b.field.distinct.size - a.field.distinct.size)
  const subject = best?.field ?? findRepeating(naming) ?? context.find(isTopic)
  if (subject === undefined) return { reason: 'no field names an entity, so all records belong to one' }
  const group = naming.find(field => field !== subject && field.count === records && isGroup(field, subject))
  const values = `${count(subject.distinct.size, 'value')} in ${count(records, 'record')}`
  return {
    subject,
    ...(group ? { group } : {}),
    reason: `${describeReason(subject, best?.rank)}: ${values}`,
  }
}

const MIN_RANK = 0.5

function describeReason(subject: SampleField, rank: number | undefined): string {
  if (rank === 9) return 'the same as the record key'
  if (typeof subject.from !== 'string') return `${subject.path}, because no field names the entity`
  return `guessed ${rank === undefined ? 'because its values repeat' : 'from its name'}`
}

function isWholeKey({ from }: SampleField): boolean {
  return typeof from === 'object' && 'key' in from && from.key === true
}

function isTopic({ from }: SampleField): boolean {
  return typeof from === 'object' && 'topic' in from
}

function isRepeating({ distinct, count }: SampleField): boolean {
  return distinct.size < count || count < 3
}

/** Returns whether a field has the same value as another one in each record that has both. */
export function isEqual(field: SampleField, other: SampleField): boolean {
  const bare = (value: unknown) => String(value).replace(/^"(.+)"$/, '$1')
  const pairs = field.values.map((value, index) => [value, other.values[index]] as const)
  const both = pairs.filter(([value, second]) => value !== undefined && second !== undefined)
  return both.length > 0 && both.every(([value, second]) => bare(value) === bare(second))
}

/** Returns whether a field names its record: an identifier with another value in each. */
function isOfRecord(field: SampleField): boolean {
  const words = ownWords(field)
  return !isRepeating(field) && words.some(word => OTHER_IDS.test(word))
}

/** Returns the number of values that can be names: texts, or integers, which are used as texts. */
function countNames({ kind, written, values }: SampleField): number {
  if ((kind !== 'text' && kind !== 'number') || written !== undefined) return 0
  const isName = (value: unknown) =>
    typeof value === 'string'
      ? value.trim() !== '' && value.length <= MAX_LENGTH && !/^-?\d+[.,]\d/.test(value)
      : typeof value === 'bigint' || Number.isSafeInteger(value)
  return values.filter(isName).length
}

/** Returns how well a name fits an identifier: 0 if it does not. */
function rankField(field: SampleField): number {
  const words = ownWords(field)
  const [before = '', last = ''] = ['', ...words].slice(-2)
  const [, glued = '', end = last] = /^(.{3,})(id|eui|name|number|serial)$/.exec(last) ?? []
  const isGlued = THINGS.test(glued)
  const isThing = isGlued || words.some(word => THINGS.test(word))
  const isId = GENERAL.test(isGlued ? end : last)
  if (isId && (OTHER_IDS.test(before) || GROUPS.test(before))) return 0
  if (isId && (isThing || /^(unit|slave)$/.test(before)))
    return /^(id|uid|eui)$/.test(isGlued ? end : last) ? 4 : 3.5
  // A number that is called like a thing can be measured by it.
  if (THINGS.test(last)) return field.kind === 'text' || isRepeating(field) ? 3 : 0
  // A general name with other values in each record names the record, not an entity.
  if (!isRepeating(field)) return 0
  if (POINTS.test(isId ? before : last)) return 1.5
  if (!isId) return 0
  return splitWords(field.label).length > 1 && last === 'id' && !field.label.includes('.') ? 2.2 : 1
}

function rankContext(field: SampleField): number {
  const isRandom =
    !isRepeating(field) && [...field.distinct].some(text => /^[0-9a-f-]{8,}$|^\d+$/i.test(text))
  if (isTopic(field) || isRandom) return 0
  if (isWholeKey(field)) return [...field.distinct].some(text => /^\s*[[{]/.test(text)) ? 0 : 2
  const rank = rankField(field)
  // A general name is enough in a key, which groups records already.
  return rank >= 3 ? rank - 0.4 : rank > 0 && 'key' in (field.from as object) ? MIN_RANK : 0
}

/** Returns the pattern of the part in which paths such as `zigbee2mqtt/hall` differ, or in quotation marks; undefined without one. */
export function findNamePattern({ distinct }: SampleField): string | undefined {
  const texts = [...distinct]
  if (texts.every(text => /^"[^"]+"$/.test(text))) return '^"(.+)"$'
  const paths = texts.map(text => text.split('/'))
  const shortest = Math.min(...paths.map(({ length }) => length)) - 1
  if (texts.length < 2 || shortest < 1) return undefined
  const isSame = (at: number) => paths.every(path => path.at(at) === paths[0]?.at(at))
  let [head, tail] = [0, 0]
  while (head < shortest && isSame(head)) head++
  while (tail < shortest - head && isSame(-tail - 1)) tail++
  const [prefix, suffix] = [paths[0]?.slice(0, head) ?? [], tail > 0 ? (paths[0]?.slice(-tail) ?? []) : []]
  if (head + tail === 0) return undefined
  return `^${escapePattern([...prefix, ''].join('/'))}(.+)${escapePattern(['', ...suffix].join('/'))}$`
}

export function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Returns the text with the most values that repeat. */
function findRepeating(naming: readonly SampleField[]): SampleField | undefined {
  return naming
    .filter(({ kind, distinct, count }) => kind === 'text' && distinct.size > 1 && distinct.size <= count / 2)
    .filter(field => !/\b(status|state|mode|activity|units?|level|quality|flag|qc)\b/.test(lastWords(field)))
    .toSorted((a, b) => b.distinct.size - a.distinct.size)[0]
}

/** Returns whether a field is a group of the entities by its name, and has one value for each of them. */
function isGroup(field: SampleField, subject: SampleField): boolean {
  const isNamed = lastWords(field)
    .split(' ')
    .some(word => GROUPS.test(word))
  return field.kind === 'text' && isNamed && isConstant(field, subject)
}

/** Returns whether a field has one value in all records of each entity. */
export function isConstant({ values }: SampleField, subject: SampleField | undefined): boolean {
  const byEntity = new Map<string, string>()
  return values.every((value, index) => {
    const entity = String(subject?.values[index])
    if (value === undefined) return true
    const first = byEntity.get(entity)
    byEntity.set(entity, first ?? String(value))
    return first === undefined || first === String(value)
  })
}
