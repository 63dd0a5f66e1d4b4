/**
 * Browser sessions. A session is signed with the token that was used to sign in. Every instance of the console can therefore verify
 * it, and it becomes invalid when the token is removed from the secret. The cookie does not contain the token, because browsers
 * send cookies to every port of a host. Pure.
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'

/** Duration of a session in milliseconds. Sessions are not renewed. */
export const SESSION_MS = 12 * 3_600_000

/** Claims of a session. */
export interface Session {
  readonly id: string
  readonly untilMs: number
  /** Returns whether the session was signed with this token. The comparison takes constant time. */
  isSignedWith(token: string): boolean
}

/** Starts a session and returns its cookie value. */
export function createSession(token: string, nowMs: number): string {
  const content = `${nowMs + SESSION_MS}.${randomUUID()}`
  return `${content}.${sign(token, content).toString('base64url')}`
}

/** Parses a session from untrusted text; undefined if it is malformed or has expired. */
export function parseSession(text: string, nowMs: number): Session | undefined {
  const [, content, until, id, signed] = /^((\d{13})\.([\da-f-]{36}))\.([\w-]{43})$/.exec(text) ?? []
  if (content === undefined || id === undefined || signed === undefined) return undefined
  const untilMs = Number(until)
  if (untilMs <= nowMs) return undefined
  const sentSignature = Buffer.from(signed, 'base64url')
  return { id, untilMs, isSignedWith: token => timingSafeEqual(sign(token, content), sentSignature) }
}

function sign(token: string, content: string): Buffer {
  return createHmac('sha256', token).update(`sluice console session ${content}`).digest()
}
