/** The part of Confluent's REST API of a schema registry that a producer needs. */

/**
 * Registers a schema of Protobuf, unless the subject has it.
 *
 * @returns its id
 * @throws Error with what the registry says
 */
export async function registered(url, subject, schema) {
  const response = await fetch(`${url}/subjects/${encodeURIComponent(subject)}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schemaType: 'PROTOBUF', schema }),
    signal: AbortSignal.timeout(10_000),
  })
  const answer = await response.text()
  if (!response.ok)
    throw new Error(`the schema registry refuses ${subject}: ${response.status} ${answer.slice(0, 300)}`)
  return JSON.parse(answer).id
}

/** Confluent's wire format: a zero byte, the id, the message's place in the schema (0: the first), and the data. */
export function framed(id, bytes) {
  const head = Buffer.alloc(6)
  head.writeUInt32BE(id, 1)
  return Buffer.concat([head, bytes])
}
