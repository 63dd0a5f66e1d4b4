/** Lists the fields of records that a mapping does not read. Pure. */
import type { ForeignDocument } from '../../../lib/mapping/apply-mapping.ts'
import type { Mapping } from '../../../lib/mapping/mapping.ts'
import { findPayload, formatPath, joinPath, type Path, toObject } from '../../../lib/mapping/record-path.ts'

/**
 * Returns the fields of these records that the mapping does not name, as dotted paths in the order in which they appear. Of a list,
 * the elements after the mapped ones are listed as one, such as `values[1]…`. Of a CloudEvent, only the data is looked at, of a value
 * with its schema, the value, and of a text that holds JSON, the fields in it.
 */
export function listUnusedFields(
  mapping: Mapping,
  records: readonly Pick<ForeignDocument, 'document' | 'isEvent'>[],
): readonly string[] {
  const named = collectNamed(mapping)
  const unused = new Set<string>()
  for (const { document, isEvent } of records)
    for (const [name, value] of Object.entries(findPayload(document) ?? document))
      if (!isEvent || name === 'data') collectUnused(name, value, named, unused)
  return [...unused]
}

interface NamedFields {
  /** Fields that the mapping reads. */
  readonly read: ReadonlySet<string>
  /** Objects of which it reads all members. */
  readonly whole: ReadonlySet<string>
  /** Objects and lists that contain a field that it reads. */
  readonly outer: ReadonlySet<string>
}

function collectNamed({ has, lacks, equals, id, times, fields, metric }: Mapping): NamedFields {
  const ofId = typeof id === 'object' ? id : []
  const ofMetric = metric ? [metric.name, metric.value] : []
  const sources = [...fields, ...ofId, ...ofMetric]
  const ofTimes = times.flatMap(source => (source === 'record' ? [] : source.from))
  const toNames = (paths: readonly Path[]) =>
    paths.flatMap(({ part, name, steps }) => {
      const path = formatPath(steps)
      return part === undefined ? [name, path, path.replace(/(^|[.])payload[.]/g, '$1')] : []
    })
  const read = toNames([
    ...has,
    ...lacks,
    ...equals.map(([path]) => path),
    ...ofTimes,
    ...sources.flatMap(({ from }) => from),
  ])
  const whole = toNames(fields.filter(({ kind }) => kind === 'labels').flatMap(({ from }) => from))
  const outer = read.flatMap(name => [...name.matchAll(/[.[]/g)].map(({ index }) => name.slice(0, index)))
  return { read: new Set(read), whole: new Set(whole), outer: new Set(outer) }
}

function collectUnused(path: string, value: unknown, named: NamedFields, unused: Set<string>): void {
  if (value === null || named.whole.has(path)) return
  const isUsed = named.read.has(path) && !named.outer.has(path)
  const object = typeof value === 'string' && isUsed ? undefined : toObject({}, value)
  if (Array.isArray(object)) collectUnusedElements(path, object, named, unused)
  else if (object !== undefined)
    for (const [name, below] of Object.entries(findPayload(object) ?? object))
      collectUnused(joinPath(path, name), below, named, unused)
  else if (!named.read.has(path)) unused.add(path)
}

function collectUnusedElements(
  path: string,
  list: readonly unknown[],
  named: NamedFields,
  unused: Set<string>,
): void {
  const isNamed = (index: number) => [named.read, named.outer].some(names => names.has(`${path}.${index}`))
  if (!named.outer.has(path)) {
    if (!named.read.has(path) && list.length > 0) unused.add(path)
    return
  }
  list.forEach((element, index) => {
    if (isNamed(index)) collectUnused(`${path}.${index}`, element, named, unused)
  })
  const first = list.findIndex((_, index) => !isNamed(index))
  if (first === -1) return
  const isLast = list.findLastIndex((_, index) => isNamed(index)) < first
  unused.add(`${path}[${first}]${isLast ? '…' : ''}`)
}
