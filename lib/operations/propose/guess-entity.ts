/** Guesses which fields of sample records name the entity, and the group to which it belongs. Pure. */
import { lastWords } from './field-names.ts'
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
  /^(message|msg|event|record|request|trace|span|order|transaction|batch|correlation|reading|measurement|uu|gu|run|job|session|user|tenant|customer|schema|parent)$/
const THINGS =
  /^(sensor|device|station|instance|host|hostname|machine|meter|node|asset|thing|equipment|vehicle|gateway|tracker|pump|motor|robot|server|pod|container|geraet|messstelle|messstation|zaehler|anlage|maschine|fridge|freezer|mac|serial|seriennummer|imei)$/
const GENERAL = /^(id|name|key|identifier|subject|tag|kennung|bezeichnung)$/
const GROUPS =
  /^(site|location|house|room|building|floor|plant|line|area|zone|region|city|factory|model|type|rack|datacenter|cluster|fleet|farm|greenhouse|hall|halle|raum|gebaeude|standort|ort|werk|system)$/

/** Share of the records that must name the entity, from 0 to 1. The others are refused. */
const MOST_NAME_IT = 0.9
const MAX_LENGTH = 200

export function guessEntity(fields: readonly SampleField[], records: number): GuessedEntity {
  const naming = fields.filter(field => field.count >= records * MOST_NAME_IT && isName(field))
  const [best] = naming
    .map(field => ({ field, rank: rankField(field) }))
    .filter(({ rank }) => rank > 0)
    .toSorted((a, b) => b.rank - a.rank || b.field.distinct.size - a.field.distinct.size)
  const subject = best?.field ?? findRepeating(naming)
  if (subject === undefined) return { reason: 'no field names an entity, so all records belong to one' }
  const group = naming.find(field => field !== subject && field.count === records && isGroup(field, subject))
  const values = `${subject.distinct.size} ${subject.distinct.size === 1 ? 'value' : 'values'} in ${records} records`
  const why = best === undefined ? 'because its values repeat' : 'from its name'
  return { subject, ...(group ? { group } : {}), reason: `guessed ${why}: ${values}` }
}

/** Returns whether the values can be names: texts, or integers, which are used as texts. */
function isName({ kind, values }: SampleField): boolean {
  if (kind !== 'text' && kind !== 'number') return false
  return values.every(
    value =>
      value === undefined ||
      typeof value === 'bigint' ||
      Number.isSafeInteger(value) ||
      (typeof value === 'string' && value.trim() !== '' && value.length <= MAX_LENGTH),
  )
}

/** Returns how well a name fits an identifier: 0 if it does not. */
function rankField(field: SampleField): number {
  const { distinct, count, kind } = field
  const words = lastWords(field).split(' ')
  const [before = '', last = ''] = ['', ...words].slice(-2)
  const isId = last === 'id' || (last.length > 2 && last.endsWith('id') && THINGS.test(last.slice(0, -2)))
  if (isId && words.length > 1 && (OTHER_IDS.test(before) || GROUPS.test(before))) return 0
  if (isId && (words.length > 1 || last !== 'id')) return 4
  if (THINGS.test(last) && kind === 'text') return 3
  if (words.some(word => THINGS.test(word)) && (GENERAL.test(last) || last === 'number')) return 3
  // A general name with other values in each record names the record, not an entity.
  return GENERAL.test(last) && (distinct.size < count || count < 3) ? 1 : 0
}

/** Returns the text with the most values that repeat. */
function findRepeating(naming: readonly SampleField[]): SampleField | undefined {
  return naming
    .filter(({ kind, distinct, count }) => kind === 'text' && distinct.size > 1 && distinct.size <= count / 2)
    .filter(field => !/\b(status|state|mode|activity|unit|level|quality)\b/.test(lastWords(field)))
    .toSorted((a, b) => b.distinct.size - a.distinct.size)[0]
}

/** Returns whether a field is a group of the entities by its name, and has one value for each of them. */
function isGroup(field: SampleField, subject: SampleField): boolean {
  const isNamed = lastWords(field)
    .split(' ')
    .some(word => GROUPS.test(word))
  return field.kind === 'text' && isNamed && isConstantIn(field, subject)
}

/** Returns whether a field has one value in all records of each entity. */
export function isConstantIn({ values }: SampleField, subject: SampleField | undefined): boolean {
  const byEntity = new Map<string, string>()
  return values.every((value, index) => {
    const entity = String(subject?.values[index])
    if (value === undefined) return true
    const first = byEntity.get(entity)
    byEntity.set(entity, first ?? String(value))
    return first === undefined || first === String(value)
  })
}
