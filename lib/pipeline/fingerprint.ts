import { hash } from 'node:crypto'
import type { Event } from '../domain/event.ts'
import type { Fingerprint } from './ports.ts'

/**
 * What is remembered of an event: who it is (`source` and `id`, each with its length, so that no two pairs run
 * together) and what it says (type, subject, time and data: never trace context, which differs from attempt to attempt).
 */
export function fingerprint(event: Event): Fingerprint {
  const identity = `${event.source.length}:${event.source}${event.id}`
  const content = [event.type, event.subject ?? null, event.time ?? null, canonicalData(event.data)]
  return { id: sha256(identity, 12), digest: sha256(JSON.stringify(content), 8) }
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
  // Without a prototype: a member may be called `__proto__`.
  const members: Record<string, unknown> = Object.create(null)
  for (const name of Object.keys(value).sort()) members[name] = sorted((value as typeof members)[name])
  return members
}

function sha256(text: string, bytes: number): string {
  return hash('sha256', text, 'binary').slice(0, bytes)
}
