/** Record keys that are a field of the data. Pure. */

/** Returns the value of a field as a record key; undefined if the value is missing, empty or of a type that cannot be a key. */
export function fieldKey(data: unknown, field: string): string | undefined {
  let found = data
  for (const step of field.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
    found = (found as Record<string, unknown>)[step]
  }
  const isKey = typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean'
  return isKey && found !== '' ? String(found) : undefined
}
