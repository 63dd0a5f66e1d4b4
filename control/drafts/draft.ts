/**
 * Drafts a family and a mapping with the fields of sample records: numbers are metrics, truth values and texts that change within an
 * entity are states, other texts are tags. Pure.
 */
import type { RecordContent } from '../../lib/mapping/record-path.ts'
import {
  createNames,
  describeRecords,
  describeValues,
  type Fields,
  listMeasured,
  type SampleField,
  toSource,
} from './sample-fields.ts'
import {
  canName,
  chooseTime,
  findEntity,
  findTimes,
  findUnits,
  formatFlow,
  formatList,
  isEqual,
  isRepeating,
} from './stated.ts'

/** Records of one shape: CloudEvents have a type, rows of a CSV file a row of units, by column, and times that name no zone have this one. */
interface Sample {
  readonly name: string
  readonly records: readonly RecordContent[]
  readonly nowMs: number
  readonly timeZone: string
  readonly eventType: string | undefined
  readonly units: Readonly<Record<string, unknown>> | undefined
}

/** Attributes of a CloudEvent that describe the event, not the entity. */
const ATTRIBUTES = ['specversion', 'id', 'type', 'datacontenttype', 'dataschema']

/** Returns the lines of a draft; undefined if no field of the records can be a metric or a state. */
export function proposeDraft({ name: own, records, eventType, ...sample }: Sample) {
  const { fields, keys, headers } = describeRecords(records)
  const all = fields.filter(({ path }) => !eventType || !ATTRIBUTES.includes(path))
  const times = findTimes(all, sample.nowMs, sample.timeZone)
  const time = chooseTime(times)
  const timeless = all.filter(({ path }) => times.every(time => time.path !== path))
  const units = findUnits(timeless, sample.units)
  const owners = [...units.values()].map(({ owner }) => owner)
  const unitless = timeless.filter(field => !owners.includes(field))
  const { subject, likely, source = { constant: own }, note } = findEntity(unitless, keys, headers)
  const others = unitless.filter(field => !(subject && isEqual(field, subject)))
  const choose = createNames(unitless.map(({ path }) => path))
  const device = choose(subject?.path ?? 'name')
  const name = (fields: Fields, isDimension = false) =>
    fields.map(field => [choose(field.path, isDimension), field] as const)
  const isMeasured = others.some(({ kind }) => kind === 'number' || kind === 'truth')
  const ofKind = (kind: SampleField['kind']) => others.filter(field => field.kind === kind)
  // A text that differs in each record is neither a tag nor a state. Texts are states if nothing else is measured.
  const texts = ofKind('text').filter(isRepeating)
  const isKept = (field: SampleField) => field.distinct.length <= MAX_STATES && field !== likely
  const found = texts.filter(field => isKept(field) && changesWithin(field, likely))
  const changing =
    isMeasured || found.length > 0 ? found : texts.filter(({ distinct }) => distinct.length > 1)
  const labels = texts.filter(field => !changing.includes(field))
  const metrics = name(ofKind('number'))
  const [states, tags] = [name([...ofKind('truth'), ...changing]), name(labels, true)]
  if (metrics.length === 0 && states.length === 0) return undefined

  const entities = subject ? [subject] : [undefined, ...others.filter(canName)]
  const measured = metrics.flatMap(([key, field]) => {
    const { unit, note = '' } = units.get(field) ?? {}
    return writeEntry(key, unit ? { unit } : {}, describeValues(field), note, askCounter(field, entities))
  })
  const kept = states.flatMap(([key, field]) =>
    writeEntry(key, 'any', describeValues(field), found.includes(field) ? describeChange(field, likely) : ''),
  )
  const tagKeys = tags.map(([key]) => key)
  const family = [
    ...writeEntry('family', own),
    ...writeEntry('description', `Readings of ${own}`),
    ...writeSection('entity', [...writeEntry('source', `/${own}`), ...writeEntry('subject', `{${device}}`)]),
    ...writeSection('metrics', measured),
    ...writeSection('states', kept),
    ...writeEntry('tags', tagKeys),
  ]
  const isAlways = (field: SampleField | undefined) => field?.count === records.length
  const stated = [...units.values()].filter(({ unit }) => unit)
  const unit = stated.find(({ isFixed }) => isFixed === false)?.owner
  const fixed = stated.flatMap(({ isFixed, owner }) => (isFixed && owner && isAlways(owner) ? [owner] : []))
  const always = [subject, time.time, ...metrics.map(([, field]) => field)].filter(isAlways)
  const question = isAlways(unit) ? '' : 'are numbers without it in the unit of the family?'
  const mapping = [
    ...writeEntry('family', own, askName(others)),
    ...writeSection('when', writeConditions(eventType, always, fixed)),
    ...writeEntry('time', time.source, time.note),
    ...writeSection('fields', [
      ...writeEntry(device, source, note),
      ...writeEntry('unit', unit && toSource(unit), question),
      ...metrics.flatMap(([key, field]) => writeEntry(key, toSource(field), askAbsent(field))),
      ...states.flatMap(([key, field]) => writeEntry(key, toSource(field))),
      ...tags.flatMap(([key, field]) =>
        writeEntry(`tags.${key}`, toSource(field), describeValues(field), describeChange(field, likely)),
      ),
    ]),
  ]
  return { family, mapping }
}

/**
 * Returns the conditions by which a mapping is chosen: the type of an event, or else fields that records have; and units.
 *
 * @param always fields that all records have
 * @param fixed fields that have the same unit in all records
 */
function writeConditions(
  eventType: string | undefined,
  always: readonly (SampleField | undefined)[],
  fixed: Fields,
): readonly string[] {
  const named = fixed.map(({ path, distinct }) => [path, distinct[0]])
  const equals = eventType ? [['type', eventType], ...named] : named
  return [
    ...writeEntry('has', eventType ? [] : always.slice(0, 2).map(field => field?.from)),
    ...writeEntry('equals', equals.length > 0 ? Object.fromEntries(equals) : undefined),
  ]
}

/** Begin of the first note of a draft. */
export const DRAFT_HEAD = 'Draft from '

/** @param notes comments at the head of the file */
export function writeDraft(kind: 'family' | 'mapping', lines: readonly string[], notes: readonly string[]) {
  const head = [`yaml-language-server: $schema=../schemas/${kind}.v1.json`, ...notes]
  return [...head.map(note => `# ${toComment(note)}`), ...lines, ''].join('\n')
}

/** Returns the line of an entry, with its notes as a comment; none for an undefined value or an empty list. */
function writeEntry(key: string, value: unknown, ...notes: readonly string[]): readonly string[] {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return []
  const note = notes.filter(Boolean).join('; ').replaceAll('?;', '?')
  const line = formatFlow({ [key]: value }).replace(/^. | .$/g, '')
  return [note ? `${line}  # ${toComment(note)}` : line]
}

/** Returns the lines of a section; none without entries. */
function writeSection(key: string, entries: readonly string[]): readonly string[] {
  return entries.length > 0 ? [`${key}:`, ...entries.map(line => `  ${line}`)] : []
}

/** Returns the lines whose comments ask for an answer. Those about metrics that merely rose in the sample are the last ones. */
export function listQuestions(lines: readonly string[]): readonly string[] {
  const asking = lines.filter(line => line.includes('  # ') && line.endsWith('?')).map(line => line.trim())
  return asking.toSorted((a, b) => Number(a.endsWith(COUNTS_UP)) - Number(b.endsWith(COUNTS_UP)))
}

/** Removes what would end a comment. */
function toComment(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]+/gu, ' ')
}

/** Returns the question about values in a field of numbers that may stand for a missing one. */
function askAbsent({ absent }: SampleField): string {
  const shown = absent.filter(text => text !== '').map(text => JSON.stringify(text))
  return shown.length > 0 ? `does ${formatList(shown)} stand for a missing value?` : ''
}

/** Returns the question whether records with one number each have the name of its metric in a text. */
function askName(fields: Fields): string {
  const names = fields.filter(field => field.kind === 'text' && field.distinct.length > 1 && canName(field))
  const [metric, more] = fields.filter(({ kind }) => kind === 'number')
  if (!metric || more || names.length === 0) return ''
  const listed = formatList(names.map(({ path }) => `"${path}"`))
  return `does ${listed} say what "${metric.path}" measures, so that the family is metrics, with metric: { name: FIELD, value: ${metric.path} }?`
}

/** Number of values up to which a text that changes within an entity is a state. */
const MAX_STATES = 20

/** Returns whether the values of a field change within an entity. @param entity field that names it; absent for one entity */
function changesWithin({ values }: SampleField, entity: SampleField | undefined): boolean {
  const present = [...values.keys()].filter(index => values[index] !== undefined)
  const series = Map.groupBy(present, index => entity?.values[index])
  return [...series.values()].some(own => new Set(own.map(index => String(values[index]))).size > 1)
}

/** Returns why a text is a state or a tag. @param entity field that names the entity, or may do so */
function describeChange(field: SampleField, entity: SampleField | undefined): string {
  if (field.distinct.length === 1) return ''
  if (field === entity) return 'a tag if it names the entity, otherwise a state'
  const where = entity === undefined ? 'in the sample' : `within ${formatFlow(entity.from)}`
  if (!changesWithin(field, entity)) return `a tag, as it never changes ${where}`
  return field.distinct.length > MAX_STATES
    ? `a tag, as it has more than ${MAX_STATES} values`
    : `a state, as it changes ${where}`
}

/** Number of comparisons below which numbers may rise by chance. */
const FEWEST = 15

/**
 * Returns the question about numbers that never fall within an entity, as those of a meter do not. A meter may begin anew once.
 *
 * @param entities fields that may name the entity
 */
function askCounter(field: SampleField, entities: readonly (SampleField | undefined)[]) {
  const { numbers } = field
  const known = listMeasured(field)
  const findFalls = (entity: SampleField | undefined) => {
    const series = [...Map.groupBy(known, index => entity?.values[index]).values()]
    const steps = series.flatMap(own => {
      const [first = 0, ...later] = own.map(index => Number(numbers[index]))
      return later.map((value, at) => ({ rise: value - (later[at - 1] ?? first), isAnew: value <= first }))
    })
    const falls = steps.filter(({ rise }) => rise < 0)
    const isRising = steps.length >= FEWEST && steps.some(({ rise }) => rise > 0)
    // After a restart, a counter is not above its first value.
    return isRising && falls.length <= 1 && falls.every(({ isAnew }) => isAnew) ? [falls.length] : []
  }
  const falls = entities.flatMap(findFalls)
  if (falls.length === 0) return ''
  const rise = falls.includes(0) ? 'it never falls' : 'it falls only once, to its beginning,'
  return `${rise} in ${known.length} records: ${COUNTS_UP}`
}

const COUNTS_UP = 'does it count up (is: counter)?'
