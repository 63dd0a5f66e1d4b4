/** Bytes as people read them. Pure. */

export function bytesIn(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0))
}

/** As UTF-8, with replacement characters where the bytes are not text. */
export function textIn(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

const PER_LINE = 16

/** `00000010  6b 61 66 6b 61 00 …  kafka.` @param most bytes that are shown */
export function hexDump(bytes: Uint8Array, most = 4_096): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, most); at += PER_LINE) {
    const row = [...bytes.subarray(at, Math.min(at + PER_LINE, most))]
    const hex = row.map(byte => byte.toString(16).padStart(2, '0')).join(' ')
    const shown = row.map(byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(PER_LINE * 3 - 1)}  ${shown}`)
  }
  return lines.join('\n')
}
