import type { Log } from './serverless.ts'

/** Matches characters that control a terminal, separate lines or change the direction of text. */
const UNSAFE = /[^\P{Cc}\n\t]|[\u2028\u2029\p{Bidi_Control}]/gu

/**
 * Returns a log in which a line cannot pass for another one, whatever a message quotes from a record: further lines of a message are
 * indented, and control characters are escaped.
 */
export function safeLog(log: Log): Log {
  const clean = (text: string) => text.replace(UNSAFE, escapeCharacter).replace(/\n(?! {2})/g, '\n    ')
  return {
    notice: line => log.notice(clean(line)),
    warning: line => log.warning(clean(line)),
    error: line => log.error(clean(line)),
  }
}

function escapeCharacter(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`
}
