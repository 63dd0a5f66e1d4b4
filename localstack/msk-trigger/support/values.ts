/** A YAML map. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isWholeNumber(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}

/** Formats a value for a message. */
export function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
