/** Returns true for an object that is not an array, such as a YAML map. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isWholeNumber(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}

/** Returns true if a list has 1 to `most` items, and no two with the same content. */
export function hasUpTo(most: number, items: readonly unknown[]): boolean {
  const different = new Set(items.map(item => JSON.stringify(item))).size
  return different === items.length && different >= 1 && different <= most
}

/** Formats a value for a message. */
export function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}

/** Returns the type of a value, for a message that must not show the value itself. */
export function describeType(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (value === '') return 'an empty string'
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'a map'
  return typeof value === 'string' ? 'a string' : `a ${typeof value}`
}

/** Masks credentials in an address, even if the address is invalid. */
export function withoutLogin(text: string): string {
  return text.replace(/[^\s"/]*@/g, '***@')
}
