/** The part of Confluent's REST API of a schema registry that a producer needs. */

/**
 * Registers a schema of Protobuf, unless the subject has it.
 *
 * @param url address of the registry, with the path of its API
 * @returns its id
 * @throws Error with the address, and what the registry says
 */
export async function registered(url, subject, schema) {
  const response = await fetch(`${url}/subjects/${encodeURIComponent(subject)}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schemaType: 'PROTOBUF', schema }),
    signal: AbortSignal.timeout(10_000),
  }).catch(({ message, cause }) => {
    throw new Error(`the schema registry at ${url} does not answer: ${cause?.message || message}`)
  })
  const answer = await response.text()
  const { id, message } = parse(answer)
  if (response.ok && Number.isInteger(id)) return id
  throw new Error(
    message && response.status !== 404
      ? `the schema registry at ${url} refuses ${subject}: ${response.status} ${message}`
      : `${url} is not the API of a schema registry (status ${response.status}). SCHEMA_REGISTRY_URL needs its path, such as http://127.0.0.1:8081/apis/ccompat/v7`,
  )
}

/** Returns the JSON of an answer; an empty object for any other text. */
function parse(text) {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

/** Confluent's wire format: a zero byte, the id, the message's place in the schema (0: the first), and the data. */
export function framed(id, bytes) {
  const head = Buffer.alloc(6)
  head.writeUInt32BE(id, 1)
  return Buffer.concat([head, bytes])
}
