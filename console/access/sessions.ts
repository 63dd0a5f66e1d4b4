/**
 * Sessions of people at a browser. A session is signed with the token that began it, so every instance of the console can check it, and
 * it ends when its token is taken out of the secret. Browsers send it to every port of a host, so it does not hold the token. Pure.
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'

/** A working day; it is not prolonged. */
export const SESSION_MS = 12 * 3_600_000

/** Claims of a session. */
export interface Session {
  readonly id: string
  readonly untilMs: number
  /** Returns whether this token began it, in a time that does not depend on the token. */
  isOf(token: string): boolean
}

/** Begins a session: its text, for the cookie. */
export function newSession(token: string, nowMs: number): string {
  const content = `${nowMs + SESSION_MS}.${randomUUID()}`
  return `${content}.${signature(token, content).toString('base64url')}`
}

/** Parses a session from an untrusted text; undefined if it is not one, or over. */
export function sessionIn(text: string, nowMs: number): Session | undefined {
  const [, content, until, id, signed] = /^((\d{13})\.([\da-f-]{36}))\.([\w-]{43})$/.exec(text) ?? []
  if (content === undefined || id === undefined || signed === undefined) return undefined
  const untilMs = Number(until)
  if (untilMs <= nowMs) return undefined
  const given = Buffer.from(signed, 'base64url')
  return { id, untilMs, isOf: token => timingSafeEqual(signature(token, content), given) }
}

function signature(token: string, content: string): Buffer {
  return createHmac('sha256', token).update(`sluice console session ${content}`).digest()
}
