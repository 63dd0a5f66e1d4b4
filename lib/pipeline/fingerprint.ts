import { hash } from 'node:crypto'
import type { Event } from '../domain/event.ts'
import type { Fingerprint } from './ports.ts'

/**
 * What is remembered of an event: who it is (`source` and `id`, each with its length, so that no two pairs run
 * together) and what it says (type, subject, time and data: never trace context, which differs from attempt to attempt).
 *
 * @throws NestedTooDeeply
 */
export function fingerprint(event: Event): Fingerprint {
  const { source, id, type, subject, time, data } = event
  const content = `${scalar(type)}${scalar(subject)}${scalar(time)}${canonicalData(data)}`
  return { id: sha256(`${source.length}:${source}${id}`, 12), digest: sha256(content, 8) }
}

/**
 * How many objects and arrays may lie inside each other. A limit of our own, far below the one of the call stack: that
 * one depends on how well the running code is optimised, so that the same record could fail once and be applied later.
 */
export const DEEPEST_NESTING = 100

/** Data that is nested more deeply than `DEEPEST_NESTING`. */
export class NestedTooDeeply extends Error {}

/** Equal meaning, equal text, and no two meanings share one; it is for nobody to read back. */
function canonicalData(data: unknown): string {
  if (data === undefined) return 'none'
  return Buffer.isBuffer(data) ? `bytes${data.toString('base64')}` : `json${canonical(data, 1)}`
}

/** The members of an object in the order of their names; arrays keep theirs. */
function canonical(value: unknown, level: number): string {
  if (typeof value !== 'object' || value === null) return scalar(value)
  if (level > DEEPEST_NESTING) throw new NestedTooDeeply()
  if (Array.isArray(value)) return `[${value.map(item => canonical(item, level + 1)).join('')}]`
  let members = ''
  for (const name of Object.keys(value).sort())
    members += scalar(name) + canonical((value as Record<string, unknown>)[name], level + 1)
  return `{${members}}`
}

/** Each tells where it ends: a text by its length, which is before it. What is no Unicode would be lost in the bytes. */
function scalar(value: unknown): string {
  if (typeof value !== 'string') return `${value},`
  return value.isWellFormed() ? `${value.length}:${value}` : JSON.stringify(value)
}

function sha256(text: string, bytes: number): string {
  return hash('sha256', text, 'binary').slice(0, bytes)
}
