/** Guesses which fields of sample records name the entity, and the group to which it belongs. Pure. */
import { count } from '../../support/count.ts'
import { lastWords, ownWords } from './field-names.ts'
import { escapePattern, listPaths, type SampleField } from './sample-fields.ts'

export interface GuessedEntity {
  /** Field that names the entity; undefined if all records belong to one. */
  readonly subject?: SampleField
  /** Field that is the same in all records of an entity, such as its site. */
  readonly group?: SampleField | undefined
  readonly note: string
}

/** Names of things that send, without the spaces between words. */
const THING =
  /^(end|iothubconnection)?(sensor|device|dev|deveui|station|instance|host|machine|meter|node|probe|asset|thing|vehicle|tracker|pump|motor|robot|server|pod|container|mac|eui|serial|imei|plc|geraet|messstelle|messstation|sonde|zaehler|anlage|maschine|seriennummer)s?(id|uid|eui|name|no|nr|number|serial|address|addr)?$|^unit(id|no|nr|number)$/
/** Names that may be those of other things, or of parts of things. */
const GENERAL =
  /(^| )(id|uid|eui|name|key|number|serial|address|tag|point|channel|register|slave|gateway|topic|src|source|subject|kanal|kennung|object|ref)$/
const GROUP =
  /(^| )(site|location|house|room|building|floor|plant|line|area|zone|region|city|factory|model|type|rack|cluster|halle|raum|gebaeude|standort|ort|werk|system)( |$)/
const STATE = /(^| )(status|state|mode|activity|units?|level|quality|flag|qc)( |$)/

/** Share of the records that must name the entity, from 0 to 1, and that for what certainly names it. The others are refused. */
const MOST_NAME_IT = 0.9
const MANY_NAME_IT = 0.5
const MAX_LENGTH = 200

/** Ranks of the names of fields, and of other parts of a record. */
const RANKS = { equal: 4, thing: 3, part: 2.5, key: 2, general: 1, repeating: 0.5, topic: 0.1 } as const

/** @param context key, headers and topic of the records, which name the entity if no field does */
export function guessEntity(
  fields: readonly SampleField[],
  records: number,
  context: readonly SampleField[] = [],
): GuessedEntity {
  const key = context.find(({ path }) => path === 'the record key')
  const isVarying = key !== undefined && key.distinct.size > 1 && isRepeating(key)
  const rank = (field: SampleField) => {
    if (typeof field.from !== 'string') return rankPart(field)
    if (key && isEqual(field, key) && isRepeating(field)) return RANKS.equal
    return isVarying && field.distinct.size === 1 ? 0 : rankName(field) || rankValues(field)
  }
  const isEnough = (field: SampleField, rank: number) =>
    rank > 0 && isNaming(field, records * (rank > RANKS.key ? MANY_NAME_IT : MOST_NAME_IT))
  const [best] = [...fields, ...context]
    .map(field => ({ field, rank: rank(field) }))
    .filter(({ field, rank }) => isEnough(field, rank))
    .toSorted((a, b) => b.rank - a.rank || b.field.distinct.size - a.field.distinct.size)
  const texts = fields.filter(field => field.kind === 'text' && isNaming(field, records * MOST_NAME_IT))
  if (best === undefined) {
    const constant = texts.filter(({ distinct }) => distinct.size === 1).map(field => ({ field }))
    const naming = constant.length > 0 ? `, and does ${listPaths(constant, ' or ')} name it` : ''
    return { note: `no field names an entity: do all records belong to one${naming}?` }
  }
  const { field: subject, rank: found } = best
  const group = texts
    .filter(field => field !== subject && field.count === records && field.distinct.size > 1)
    .find(field => GROUP.test(lastWords(field)) && isConstant(field, subject))
  const values = `${count(subject.distinct.size, 'value')} in ${count(records, 'record')}`
  return { subject, group, note: describeReason(subject, found, values) }
}

function describeReason({ from, path }: SampleField, rank: number, values: string): string {
  if (rank === RANKS.equal) return `the same as the record key: ${values}`
  if (typeof from !== 'string') return `${path}, because no field names the entity: ${values}`
  const reason = `guessed ${rank >= RANKS.general ? 'from its name' : 'because its values repeat'}: ${values}`
  return rank > RANKS.general ? reason : `${reason}; does it name the entity?`
}

function isRepeating({ distinct, count }: SampleField): boolean {
  return distinct.size < count || count < 3
}

/** Returns whether a field has the same value as another one in each record that has both. */
export function isEqual(field: SampleField, other: SampleField): boolean {
  const bare = (value: unknown) => String(value).replace(/^"(.+)"$/, '$1')
  const both = field.values.flatMap((value, index) =>
    value === undefined || other.values[index] === undefined
      ? []
      : [bare(value) === bare(other.values[index])],
  )
  return both.length > 0 && both.every(Boolean)
}

/** Returns whether enough values can be names: texts, or integers, which are used as texts. */
function isNaming({ kind, written, values }: SampleField, enough: number): boolean {
  if ((kind !== 'text' && kind !== 'number') || written !== undefined) return false
  const isName = (value: unknown) =>
    typeof value === 'string'
      ? value.trim() !== '' && value.length <= MAX_LENGTH && !/^-?\d+[.,]\d/.test(value)
      : typeof value === 'bigint' || Number.isSafeInteger(value)
  return values.filter(isName).length >= enough
}

/** Returns how well a name fits an identifier: 0 if it does not. A number that is called like a thing can be measured by it. */
function rankName(field: SampleField): number {
  const words = ownWords(field)
  const isThing = THING.test(words.join('')) || THING.test(words.slice(-2).join(''))
  if (isThing && (field.kind === 'text' || isRepeating(field) || words.at(-1)?.endsWith('id')))
    return RANKS.thing
  // Other values in each record name the record, not an entity.
  return GENERAL.test(words.join(' ')) && isRepeating(field) ? RANKS.general : 0
}

/** Ranks texts that repeat, unless the name says that they are states. */
function rankValues({ kind, distinct, count, label }: SampleField): number {
  const isRare = kind === 'text' && distinct.size > 1 && distinct.size <= count / 2
  return isRare && !STATE.test(lastWords({ label })) ? RANKS.repeating : 0
}

function rankPart(field: SampleField): number {
  const texts = [...field.distinct]
  if (field.path === 'the topic') return RANKS.topic
  if (!isRepeating(field) && texts.some(text => /^[0-9a-f-]{8,}$|^\d+$/i.test(text))) return 0
  if (field.path === 'the record key') return texts.some(text => /^\s*[[{]/.test(text)) ? 0 : RANKS.key
  // A general name is enough in a key, which groups records already.
  const rank = rankName(field)
  return rank === RANKS.thing ? RANKS.part : rank > 0 && 'key' in Object(field.from) ? RANKS.repeating : 0
}

/** Returns the pattern of the part in which paths such as `zigbee2mqtt/hall` differ, or in quotation marks; undefined without one. */
export function findNamePattern({ distinct }: SampleField): string | undefined {
  const texts = [...distinct]
  const [first = ''] = texts
  if (texts.every(text => /^"[^"]+"$/.test(text))) return '^"(.+)"$'
  // Start and end do not overlap, also in the shortest path.
  const isShared = (start: string, end: string) =>
    texts.every(
      text => text.length > start.length + end.length && text.startsWith(start) && text.endsWith(end),
    )
  const cuts = [...first.matchAll(/\//g)].map(({ index }) => index)
  const start = cuts.map(cut => first.slice(0, cut + 1)).findLast(start => isShared(start, '')) ?? ''
  const end = cuts.map(cut => first.slice(cut)).find(end => isShared(start, end)) ?? ''
  return texts.length < 2 || start + end === ''
    ? undefined
    : `^${escapePattern(start)}(.+)${escapePattern(end)}$`
}

/** Returns whether a field has one value in all records of each entity. */
export function isConstant({ values }: SampleField, subject: SampleField | undefined): boolean {
  const pairs = values.flatMap((value, index) =>
    value === undefined ? [] : [[String(subject?.values[index]), String(value)] as const],
  )
  const byEntity = new Map(pairs)
  return pairs.every(([entity, value]) => byEntity.get(entity) === value)
}
