/** Formats the bytes of a record as text or as a hex dump. Pure. */

const PER_LINE = 16
const MAX_DUMPED = 4_096

/** Matches control characters that do not occur in text: all except tabs and line breaks. */
const NOT_IN_TEXT = /[^\P{Cc}\t\r\n]/u

export function decodeBase64(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), char => char.charCodeAt(0))
}

/** Decodes bytes as text; undefined if they are not text. @param isCut true if the bytes may end within a character */
export function decodeText(bytes: Uint8Array, isCut: boolean): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut })
    return NOT_IN_TEXT.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** Indents a JSON object or array. Other texts are returned unchanged. */
export function indentJson(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : text
  } catch {
    return text
  }
}

/** Formats a hex dump, such as `00000000  6b 61 66 6b 61 00 …  kafka.` */
export function formatHexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, MAX_DUMPED); at += PER_LINE) {
    const row = [...bytes.subarray(at, at + PER_LINE)]
    const hex = row.map(byte => byte.toString(16).padStart(2, '0')).join(' ')
    const shown = row.map(byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(PER_LINE * 3 - 1)}  ${shown}`)
  }
  const more = bytes.length - MAX_DUMPED
  return [...lines, ...(more > 0 ? [`(${more} more bytes)`] : [])].join('\n')
}
