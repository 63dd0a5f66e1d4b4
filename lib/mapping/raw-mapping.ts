/** Content of a mapping file that has been validated against the schema. */
import type { Epoch, Scalar } from './mapping.ts'

export type OneOrMore<T> = T | readonly T[]

export interface RawTime {
  readonly from: OneOrMore<string>
  readonly pattern?: string
  readonly timeZone?: string
  readonly disambiguation?: 'earlier' | 'later'
  readonly epoch?: Epoch
}

export interface RawField {
  readonly from?: OneOrMore<string>
  readonly constant?: string | number
  readonly default?: string | number
  readonly pattern?: string
  readonly values?: Readonly<Record<string, string | number>>
  readonly as?: 'number' | 'decimal-comma' | 'text'
  readonly scale?: number
  readonly offset?: number
  readonly unit?: string
}

export interface RawNamedMetric extends Pick<RawField, 'unit' | 'scale' | 'offset' | 'as'> {
  readonly metric: string
}

export interface RawMapping {
  readonly family: string
  readonly when?: {
    readonly has?: readonly string[]
    readonly lacks?: readonly string[]
    readonly equals?: Readonly<Record<string, Scalar>>
  }
  readonly id?: 'position' | readonly string[]
  readonly time: OneOrMore<'record' | RawTime>
  readonly fields: Readonly<Record<string, string | RawField>>
  readonly metric?: {
    readonly name: string
    readonly value: string
    readonly names?: Readonly<Record<string, string | RawNamedMetric>>
  }
}

/**
 * Returns the description of a field. If the file contains only the name of the record's field, the name is converted to a
 * description.
 */
export function wholeField(field: string | RawField): RawField {
  return typeof field === 'string' ? { from: field } : field
}

export function wholeMetric(metric: string | RawNamedMetric): RawNamedMetric {
  return typeof metric === 'string' ? { metric } : metric
}

export function toList<T>(value: OneOrMore<T> | undefined): readonly T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value as T]
}
