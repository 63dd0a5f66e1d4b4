/** Compares two versions of a Protobuf schema. Pure. */

/**
 * Returns the fields of a Protobuf schema that do not have the same number in a newer version, or are missing there. Existing data
 * with such fields could no longer be read.
 */
export function lostFields(before: string, after: string): string[] {
  const newFields = listFields(after)
  return [...listFields(before)].filter(field => !newFields.has(field))
}

/** Returns all fields of a schema, each with its message, type and number. */
function listFields(text: string): ReadonlySet<string> {
  const fields = new Set<string>()
  let message = ''
  for (const line of text.split('\n')) {
    message = /^message (\w+)/.exec(line)?.[1] ?? message
    const field = /^ {2}(\w.*);$/.exec(line)?.[1]
    if (field !== undefined) fields.add(`${message}: ${field}`)
  }
  return fields
}
