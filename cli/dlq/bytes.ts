/** Formats bytes for a terminal. Pure. */
import { decodeText } from '../../lib/queries/records/bytes-view.ts'
import { escapeTextLines } from '../output/text-width.ts'

/**
 * Returns a description of the bytes, such as `12 bytes of JSON`, and lines that show them as indented JSON, as text, or as a hex
 * dump.
 */
export function formatBytes(bytes: Buffer): { readonly kind: string; readonly lines: readonly string[] } {
  const size = bytes.length === 1 ? '1 byte' : `${bytes.length} bytes`
  if (bytes.length === 0) return { kind: 'empty', lines: [] }
  const text = decodeText(bytes)
  if (text === undefined) return { kind: `${size}, not text`, lines: formatHexDump(bytes) }
  const json = indentJson(text)
  if (json !== undefined) return { kind: `${size} of JSON`, lines: escapeTextLines(json).split('\n') }
  return { kind: `${size} of text`, lines: escapeTextLines(text).split('\n') }
}

function indentJson(text: string): string | undefined {
  try {
    const value = JSON.parse(text)
    // Only objects and arrays are formatted; a single number or word is shown unchanged.
    return typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : undefined
  } catch {
    return undefined
  }
}

const PER_LINE = 16
const MAX_DUMPED = 1024

/** Returns a hex dump with lines such as `00000000  6b 61 66 6b 61 00 …  kafka.`. */
function formatHexDump(bytes: Buffer): string[] {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, MAX_DUMPED); at += PER_LINE) {
    const row = bytes.subarray(at, at + PER_LINE)
    const hex = [...row].map(byte => byte.toString(16).padStart(2, '0')).join(' ')
    const shown = row.toString('latin1').replace(/[^\x20-\x7e]/g, '.')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(PER_LINE * 3 - 1)}  ${shown}`)
  }
  const more = bytes.length - MAX_DUMPED
  return more > 0 ? [...lines, `(${more} more bytes)`] : lines
}
