/** Texts and hex dumps of bytes, for the terminal and the page of the console. Pure. */
import { count } from './count.ts'

/** Key, value or header of a record, or its beginning: text, or base64 if it is not text. */
export type Content = ({ readonly text: string } | { readonly base64: string }) & {
  /** Full size. */
  readonly bytes: number
}

/** Formats a content in one line, without its line breaks being escaped. Bytes that are not text are hexadecimal digits. */
export function formatContent(content: Content): string {
  return 'text' in content ? content.text : `0x${[...toBytes(content)].map(toHex).join('')}`
}

/**
 * Returns a description of a content, such as `12 bytes of JSON`, and lines that show it as indented JSON, as text, or as a hex
 * dump.
 */
export function describeContent(content: Content): { readonly kind: string; readonly lines: string } {
  const { bytes } = content
  if (bytes === 0) return { kind: 'empty', lines: '' }
  const shown = toBytes(content)
  const describe = (what: string) =>
    `${count(bytes, 'byte')}${what}${shown.length < bytes ? `; the first ${shown.length} are shown` : ''}`
  if (!('text' in content)) return { kind: describe(', not text'), lines: formatHexDump(shown) }
  const json = indentJson(content.text)
  return json === undefined
    ? { kind: describe(' of text'), lines: content.text }
    : { kind: describe(' of JSON'), lines: json }
}

export function toBytes(content: Content): Uint8Array {
  if ('text' in content) return new TextEncoder().encode(content.text)
  return Uint8Array.from(atob(content.base64), character => character.charCodeAt(0))
}

/** Returns indented JSON; undefined if the text is not an object or an array. */
function indentJson(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : undefined
  } catch {
    return undefined
  }
}

const PER_LINE = 16
const MAX_DUMPED = 4_096

/** Returns a hex dump with lines such as `00000000  6b 61 66 6b 61 00 …  kafka.`. */
export function formatHexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, MAX_DUMPED); at += PER_LINE) {
    const row = [...bytes.subarray(at, at + PER_LINE)]
    const hex = row.map(toHex).join(' ')
    const shown = row.map(byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(PER_LINE * 3 - 1)}  ${shown}`)
  }
  const more = bytes.length - MAX_DUMPED
  return [...lines, ...(more > 0 ? [`(${more} more bytes)`] : [])].join('\n')
}

function toHex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
