/** Guesses which field of sample records names the entity. Pure. */
import { count } from '../../support/count.ts'
import { escapePattern } from '../../support/escape-text.ts'
import { lastWords, STATE, splitWords } from './field-names.ts'
import { listPaths, type SampleField } from './sample-fields.ts'

export interface GuessedEntity {
  /** Field that names the entity; undefined if all records belong to one. */
  readonly subject?: SampleField
  readonly note: string
}

/** Names of things that send, without the spaces between words. */
const THING =
  /^(end|iothubconnection)?(sensor|device|dev|deveui|station|instance|host|machine|meter|node|probe|asset|thing|vehicle|tracker|pump|motor|robot|server|pod|container|mac|eui|serial|imei|plc|geraet|messstelle|messstation|sonde|zaehler|anlage|maschine|seriennummer)s?(id|uid|eui|name|no|nr|number|serial|address|addr)?$|^unit(id|no|nr|number)$/
/** Names that may be those of other things, or of parts of things. */
const GENERAL =
  /(^| )(id|uid|eui|name|key|number|serial|address|tag|point|channel|register|slave|gateway|topic|src|source|subject|kanal|kennung|object|ref)$/

/** Share of the records that must name the entity, from 0 to 1, and that for a guess that is a question. The others are refused. */
const MANY_NAME_IT = 0.5
const MOST_NAME_IT = 0.9
const MAX_LENGTH = 200
const QUESTION = '; does it name the entity?'

/** @param context key, headers and topic of the records, which name the entity if no field does */
export function guessEntity(
  fields: readonly SampleField[],
  records: number,
  context: readonly SampleField[] = [],
): GuessedEntity {
  const listParts = (part: string) => context.filter(({ from }) => Object.hasOwn(Object(from), part))
  const [key] = listParts('key')
  // A field that does not change, while the key does, names something else.
  const isKeyed = key !== undefined && key.distinct.size > 1 && isRepeating(key)
  const changing = isKeyed ? fields.filter(({ distinct }) => distinct.size > 1) : fields
  const equal = fields.filter(field => key && isRepeating(field) && isEqual(field, key))
  const general = changing.filter(field => GENERAL.test(lastWords(field)) && isRepeating(field))
  const candidates = [
    [equal, 'the same as the record key'],
    [changing.filter(isThing), 'guessed from its name'],
    [listParts('header').filter(isThing)],
    [listParts('key').filter(isRepeating)],
    [general, 'guessed from its name', QUESTION],
    [changing.filter(isRare), 'guessed because its values repeat', QUESTION],
    [listParts('topic')],
  ] as const
  for (const [all, reason, question = ''] of candidates) {
    const naming = all.filter(field => isNaming(field, records * (question ? MOST_NAME_IT : MANY_NAME_IT)))
    const [subject] = naming.toSorted((a, b) => b.distinct.size - a.distinct.size)
    const because = reason ?? `${subject?.path}, because no field names the entity`
    const values = subject && `${count(subject.distinct.size, 'value')} in ${count(records, 'record')}`
    if (subject) return { subject, note: `${because}: ${values}${question}` }
  }
  const constant = fields.filter(
    field => field.kind === 'text' && field.distinct.size === 1 && isNaming(field, records * MOST_NAME_IT),
  )
  const naming = constant.length > 0 ? `, and does ${listPaths(constant, ' or ')} name it` : ''
  return { note: `no field names an entity: do all records belong to one${naming}?` }
}

function isRepeating({ distinct, count }: SampleField): boolean {
  return distinct.size < count || count < 3
}

/** Returns whether a field is called like a thing. A number that is, such as `meter`, can be measured by it. */
function isThing(field: SampleField): boolean {
  const [last = [], outer = []] = field.label.split('.').toReversed().map(splitWords)
  const isNamed = [last, [...outer, ...last].slice(-2)].some(words => THING.test(words.join('')))
  return isNamed && (field.kind === 'text' || isRepeating(field) || Boolean(last.at(-1)?.endsWith('id')))
}

/** Returns whether a field has texts that repeat, and no states. */
function isRare({ kind, distinct, count, label }: SampleField): boolean {
  const isState = STATE.test(lastWords({ label }))
  return kind === 'text' && distinct.size > 1 && distinct.size <= count / 2 && !isState
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

/** Returns whether a field has the same value as another one in each record that has both. */
export function isEqual(field: SampleField, other: SampleField): boolean {
  const bare = (value: unknown) => String(value).replace(/^"(.+)"$/, '$1')
  const both = [...field.values.keys()].filter(
    index => field.values[index] !== undefined && other.values[index] !== undefined,
  )
  return both.length > 0 && both.every(index => bare(field.values[index]) === bare(other.values[index]))
}

/** Returns whether a field has one value in all records of each entity. */
export function isConstant({ values }: SampleField, subject: SampleField | undefined): boolean {
  const known = [...values.keys()].filter(index => values[index] !== undefined)
  const byEntity = Map.groupBy(known, index => String(subject?.values[index]))
  return [...byEntity.values()].every(all => new Set(all.map(index => String(values[index]))).size === 1)
}

/**
 * Returns the pattern of the part in which texts such as `zigbee2mqtt/hall`, or those of JSON keys, differ, or in quotation marks;
 * undefined without one.
 */
export function findNamePattern({ distinct }: SampleField): string | undefined {
  const texts = [...distinct]
  const [first = ''] = texts
  if (texts.every(text => /^"[^"]+"$/.test(text))) return '^"(.+)"$'
  // Start and end do not overlap, also in the shortest text.
  const isShared = (start: string, end: string) =>
    texts.every(
      text => text.length > start.length + end.length && text.startsWith(start) && text.endsWith(end),
    )
  const cuts = [...first.matchAll(/\/|":?|}/g)]
  const starts = cuts.map(({ 0: cut, index }) => first.slice(0, index + cut.length))
  const start = starts.findLast(start => isShared(start, '')) ?? ''
  const end = cuts.map(({ index }) => first.slice(index)).find(end => isShared(start, end)) ?? ''
  return texts.length < 2 || start + end === ''
    ? undefined
    : `^${escapePattern(start)}(.+)${escapePattern(end)}$`
}
