/** Converts DuckDB values to JSON values. Pure. */
import type { DuckDBValue } from '@duckdb/node-api'

/** JSON value. Times, and integers and decimals that a double cannot represent, are strings. */
export type SqlValue =
  | null
  | boolean
  | number
  | string
  | readonly SqlValue[]
  | { readonly [name: string]: SqlValue }

/** DuckDB value that consists of other values: a list, struct or map, or a decimal. */
interface Composed {
  readonly items?: readonly DuckDBValue[]
  readonly entries?:
    | readonly { readonly key: DuckDBValue; readonly value: DuckDBValue }[]
    | Readonly<Record<string, DuckDBValue>>
  readonly scale?: number
}

export function toPlainValue(value: DuckDBValue): SqlValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  const { items, entries, scale } = value as Composed
  if (scale !== undefined) return toDecimalValue(String(value))
  if (items) return items.map(toPlainValue)
  if (!entries) return String(value)
  const pairs = Array.isArray(entries)
    ? entries.map(({ key, value }) => [String(key), toPlainValue(value)] as const)
    : Object.entries(entries).map(([name, member]) => [name, toPlainValue(member)] as const)
  return Object.fromEntries(pairs)
}

/** Returns a decimal as a number if a double has all of its digits, otherwise its text. */
export function toDecimalValue(text: string): number | string {
  const value = Number(text)
  const isExact = Number.isSafeInteger(value) || !Number.isInteger(value)
  const digits = listDigits(text)
  return isExact && listDigits(value.toExponential()).padEnd(digits.length, '0') === digits ? value : text
}

/** Returns the digits of a number from the first significant one, without its exponent. */
function listDigits(text: string): string {
  return text.split('e', 1).join('').replaceAll(/[-.]/g, '').replace(/^0+/, '')
}

/** Formats a value as a single line. NULL is `null`; lists, structs and maps are JSON. */
export function formatValue(value: SqlValue): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}
