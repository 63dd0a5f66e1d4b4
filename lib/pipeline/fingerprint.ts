import { createHash } from 'node:crypto'
import type { Event } from '../domain/event.ts'
import type { Fingerprint } from './ports.ts'

/**
 * What is remembered of an event: who it is (`source` and `id`, each with its length, so that no two pairs run
 * together) and what it says (type, subject, time and data: never trace context, which differs from attempt to attempt).
 */
export function fingerprint(event: Event): Fingerprint {
  const identity = `${event.source.length}:${event.source}${event.id}`
  const content = [event.type, event.subject ?? null, event.time ?? null, canonicalData(event.data)]
  return { id: hash(identity, 12), digest: hash(JSON.stringify(content), 8) }
}

/** Equal meaning, equal text: the members of an object in the order of their names; arrays keep theirs. */
function canonicalData(data: unknown): unknown {
  if (data === undefined) return ['none']
  if (Buffer.isBuffer(data)) return ['bytes', data.toString('base64')]
  return ['json', sorted(data)]
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]))
}

function hash(text: string, bytes: number): string {
  return createHash('sha256').update(text).digest().toString('latin1', 0, bytes)
}
