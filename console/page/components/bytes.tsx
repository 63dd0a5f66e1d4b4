/** Bytes of a record, as text or as a hex dump. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { decodeBase64, decodeText, formatHexDump, indentJson } from './byte-texts.ts'
import { Text } from './facts.tsx'
import { formatBytes } from './value-texts.ts'

interface Props {
  readonly title: string
  readonly part: {
    /** Full size. */
    readonly bytes: number
    /** Beginning of the content. */
    readonly base64: string
  }
  readonly isOpen: boolean
}

export function Bytes({ title, part, isOpen }: Props): JSX.Element {
  const [isHex, setHex] = useState(false)
  const shown = decodeBase64(part.base64)
  const text = decodeText(shown, shown.length < part.bytes)
  const asHex = isHex || text === undefined
  return (
    <details open={isOpen}>
      <summary>
        {title} ({formatBytes(part.bytes)})
      </summary>
      <label>
        <input
          type="checkbox"
          role="switch"
          aria-checked={asHex}
          checked={asHex}
          disabled={text === undefined}
          onChange={() => setHex(now => !now)}
        />
        Hexadecimal
      </label>
      <Text>{asHex ? formatHexDump(shown) : indentJson(text)}</Text>
      {part.bytes > shown.length && <p>Only the first {formatBytes(shown.length)} are shown.</p>}
    </details>
  )
}
